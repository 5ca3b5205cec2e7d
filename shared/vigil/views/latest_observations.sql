-- Every value as it is known now, as published, with the moment it became known.
SELECT dataset, source, target, series, date, value, issued_at
FROM `{dataset}.observations`
WHERE TRUE
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY dataset, source, target, series, date ORDER BY issued_at DESC) = 1
  AND value IS NOT NULL
