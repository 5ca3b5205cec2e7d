-- Every value as it is known now, as published, with the moment it became known.
-- dataset STRING: Dataset
-- source STRING: Source that published the value, or its succession
-- target STRING: What is counted or measured
-- series STRING: Place or thing, names joined by /
-- date DATE: The day the value is about
-- value FLOAT64: As published; a running total where the dataset says cumulative
-- issued_at TIMESTAMP: When the value became known
SELECT dataset, source, target, series, date, value, issued_at
FROM `{dataset}.observations`
WHERE TRUE
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY dataset, source, target, series, date ORDER BY issued_at DESC) = 1
  AND value IS NOT NULL
