-- How much and how late each source revises, by target and by the age of the value in days.
-- dataset STRING: Dataset
-- source STRING: Source that published the values, or its succession
-- target STRING: What is counted or measured
-- first_day INT64: Youngest age of a value in this row, in days
-- last_day INT64: Oldest age of a value in this row, in days
-- known INT64: Values that were known at that age
-- published INT64: Values that were first published at that age, after the first vintage
-- revised INT64: Revisions at that age
-- withdrawn INT64: Values that went missing upstream at that age
-- revisions_per_value FLOAT64: Revisions, divided by the values that were known
-- mean_change FLOAT64: Mean of new less old; above zero: values are revised upwards
-- mean_size FLOAT64: Mean size of a revision, up or down
-- relative_size FLOAT64: Sum of the sizes, divided by the sum of what stood before
WITH history AS (
  SELECT
    dataset, source, target, date, value, issued_at,
    GREATEST(DATE_DIFF(DATE(issued_at), date, DAY), 0) AS age,
    ROW_NUMBER() OVER known AS number,
    LAG(value) OVER known AS before
  FROM `{dataset}.observations`
  WINDOW known AS (PARTITION BY dataset, source, target, series, date ORDER BY issued_at)
),
span AS (
  SELECT dataset, source, target, MIN(issued_at) AS first_issue, MAX(issued_at) AS last_issue
  FROM history
  GROUP BY dataset, source, target
),
ages AS (
  SELECT first_day, last_day
  FROM UNNEST([
    STRUCT(0 AS first_day, 6 AS last_day), STRUCT(7, 13), STRUCT(14, 27), STRUCT(28, 55),
    STRUCT(56, 111), STRUCT(112, 99999)
  ])
),
aged AS (
  SELECT
    h.dataset, h.source, h.target, a.first_day, a.last_day, h.value, h.before,
    h.age BETWEEN a.first_day AND a.last_day AS here,
    h.number = 1 AND h.age <= a.last_day
    AND DATE_DIFF(DATE(s.last_issue), h.date, DAY) >= a.first_day AS known,
    h.number = 1 AND h.issued_at > s.first_issue AS late,
    h.number > 1 AND h.value IS NULL AS withdrawn,
    h.number > 1 AND h.value IS NOT NULL AS revised
  FROM history AS h
  JOIN span AS s ON h.dataset = s.dataset AND h.source = s.source AND h.target = s.target
  CROSS JOIN ages AS a
)
SELECT
  dataset, source, target, first_day, last_day,
  COUNTIF(known) AS known,
  COUNTIF(here AND late) AS published,
  COUNTIF(here AND revised) AS revised,
  COUNTIF(here AND withdrawn) AS withdrawn,
  SAFE_DIVIDE(COUNTIF(here AND revised), COUNTIF(known)) AS revisions_per_value,
  AVG(IF(here AND revised, value - before, NULL)) AS mean_change,
  AVG(IF(here AND revised, ABS(value - before), NULL)) AS mean_size,
  SAFE_DIVIDE(
    SUM(IF(here AND revised, ABS(value - before), 0)), SUM(IF(here AND revised, ABS(before), 0))
  ) AS relative_size
FROM aged
GROUP BY dataset, source, target, first_day, last_day
