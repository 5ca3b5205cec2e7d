-- Every value as it was known at a moment, as published.
-- arguments: moment TIMESTAMP
SELECT dataset, source, target, series, date, value, issued_at
FROM `{dataset}.observations`
WHERE issued_at <= moment
QUALIFY
  ROW_NUMBER() OVER (PARTITION BY dataset, source, target, series, date ORDER BY issued_at DESC) = 1
  AND value IS NOT NULL
