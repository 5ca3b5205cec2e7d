-- The newest forecast of every dataset in the hubverse's long format, a row per quantile: see docs/tables.md for a submission.
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- period STRING: day or week, the unit of the horizon
-- model_id STRING: Team and model: whoever serves forecasts under one name
-- reference_date DATE: The date that the horizon counts from: the last day with data; for weeks the Saturday on or before it
-- target STRING: wk or day, inc (a sum) or mean, and the target's name
-- horizon INT64: Weeks or days after the reference date
-- target_end_date DATE: The week's Saturday, or the day
-- location STRING: The series, by its name
-- output_type STRING: quantile
-- output_type_id FLOAT64: The quantile's level
-- value FLOAT64: The quantile
WITH levels AS (
  SELECT dataset, source, target, series, period, date, horizon, level, value
  FROM `{dataset}.outlook` UNPIVOT (
    value FOR level IN (
      q010 AS '0.01', q025 AS '0.025', q050 AS '0.05', q100 AS '0.1', q150 AS '0.15', q200 AS '0.2',
      q250 AS '0.25', q300 AS '0.3', q350 AS '0.35', q400 AS '0.4', q450 AS '0.45', q500 AS '0.5',
      q550 AS '0.55', q600 AS '0.6', q650 AS '0.65', q700 AS '0.7', q750 AS '0.75', q800 AS '0.8',
      q850 AS '0.85', q900 AS '0.9', q950 AS '0.95', q975 AS '0.975', q990 AS '0.99'
    )
  )
  WHERE period IN ('day', 'week') AND horizon IS NOT NULL
)
SELECT
  l.dataset, l.source, l.period, 'vigil-champion' AS model_id,
  DATE_SUB(l.date, INTERVAL l.horizon * IF(l.period = 'week', 7, 1) DAY) AS reference_date,
  CONCAT(IF(l.period = 'week', 'wk ', 'day '), IF(m.adds_up, 'inc ', 'mean '), l.target) AS target,
  l.horizon, l.date AS target_end_date, l.series AS location,
  'quantile' AS output_type, CAST(l.level AS FLOAT64) AS output_type_id, l.value
FROM levels AS l
JOIN `{dataset}.measures` AS m ON l.dataset = m.dataset AND l.source = m.source AND l.target = m.target
