-- What every target's numbers were at a moment: by day, by week (Sunday to Saturday), as running totals; of aggregates, too.
-- Corrections stand as the negative numbers that they are. Values before `since` are left out: weeks and daily rises start after it.
-- arguments: moment TIMESTAMP, since DATE
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- series STRING: Place or thing, or an aggregate of them
-- period STRING: day, week (Sunday to Saturday) or total (the running total)
-- date DATE: The day, or the week's Saturday
-- value FLOAT64: The number of that day or week, or the running total
WITH known AS (
  SELECT o.dataset, o.source, o.target, o.series, o.date, o.value, m.cumulative, m.adds_up
  FROM `{dataset}.observations` AS o
  JOIN `{dataset}.measures` AS m
    ON o.dataset = m.dataset AND o.source = m.source AND o.target = m.target
  WHERE o.issued_at <= moment AND o.date >= since
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY o.dataset, o.source, o.target, o.series, o.date ORDER BY o.issued_at DESC) = 1
    AND o.value IS NOT NULL
),
steps AS (
  SELECT
    dataset, source, target, series, date, cumulative, adds_up, value AS total,
    IF(cumulative, value - LAG(value) OVER (PARTITION BY dataset, source, target, series ORDER BY date), value) AS value
  FROM known
),
places AS (
  SELECT dataset, source, target, series, date, cumulative, adds_up, total, value
  FROM steps
  UNION ALL
  SELECT
    s.dataset, s.source, s.target, g.aggregate AS series, s.date, s.cumulative, s.adds_up,
    SUM(s.total) AS total, SUM(s.value) AS value
  FROM steps AS s
  JOIN `{dataset}.members` AS g
    ON s.dataset = g.dataset AND s.source = g.source AND s.target = g.target AND s.series = g.series
  GROUP BY s.dataset, s.source, s.target, g.aggregate, s.date, s.cumulative, s.adds_up
),
spans AS (
  SELECT dataset, source, target, MIN(date) AS first_date, MAX(date) AS last_date
  FROM known
  GROUP BY dataset, source, target
),
weeks AS (
  SELECT
    dataset, source, target, series,
    DATE_ADD(DATE_TRUNC(date, WEEK(SUNDAY)), INTERVAL 6 DAY) AS date,
    IF(adds_up, SUM(value), IF(COUNT(*) = 7, AVG(value), NULL)) AS value
  FROM places
  WHERE value IS NOT NULL
  GROUP BY dataset, source, target, series, adds_up, DATE_ADD(DATE_TRUNC(date, WEEK(SUNDAY)), INTERVAL 6 DAY)
)
SELECT dataset, source, target, series, 'day' AS period, date, value
FROM places
WHERE value IS NOT NULL
UNION ALL
SELECT w.dataset, w.source, w.target, w.series, 'week' AS period, w.date, w.value
FROM weeks AS w
JOIN spans AS s ON w.dataset = s.dataset AND w.source = s.source AND w.target = s.target
WHERE w.value IS NOT NULL AND w.date <= s.last_date AND DATE_SUB(w.date, INTERVAL 6 DAY) >= s.first_date
UNION ALL
SELECT dataset, source, target, series, 'total' AS period, date, total AS value
FROM places
WHERE cumulative
