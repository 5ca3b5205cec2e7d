-- How good forecasts were, by horizon, by series, by phase and over all, beside seasonal naive's on the same forecasts: see docs/scores.md.
-- Kinds of vintages are never pooled. Aggregates have rows of their own and count in no others.
-- dataset STRING: Dataset
-- vintage_kind STRING: known: published forecasts, once settled; known_backtest, pseudo: what the version that serves would have said on past origins, from what was known then, or from what is thought to have been
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- period STRING: day, week (Sunday to Saturday) or total (the running total)
-- horizon INT64: Days, or Saturdays, ahead; none: all
-- series STRING: Place or thing, or an aggregate; none: all but aggregates
-- phase STRING: growing, flat or falling, as known when it was forecast; none: all
-- n INT64: Forecasts that are scored, and seasonal naive's with them
-- forecasts_unscored INT64: Forecasts that came due and have no score: nothing came, a correction, an anomaly, or none of seasonal naive's to compare
-- wis FLOAT64: Mean WIS, in the unit of the target; lower is better
-- naive_wis FLOAT64: Mean WIS of seasonal naive
-- skill FLOAT64: 1 - wis / naive_wis: 0 is as good as seasonal naive, 1 is perfect
-- skill_low FLOAT64: Lower end of its 90% interval; none with fewer than 3 blocks
-- skill_high FLOAT64: Upper end of its 90% interval; none with fewer than 3 blocks
-- mae FLOAT64: Mean absolute error of the median
-- wape FLOAT64: Sum of absolute errors, divided by the sum of what came
-- rmsle FLOAT64: Root mean squared error of log(1 + median); none where numbers may be negative
-- wis_log FLOAT64: Mean WIS of log(1 + number); none where numbers may be negative
-- coverage50 FLOAT64: Share of outcomes in the 50 per cent band
-- coverage80 FLOAT64: Share in the 80 per cent band
-- coverage95 FLOAT64: Share in the 95 per cent band
-- naive_coverage95 FLOAT64: Share in seasonal naive's 95 per cent band
-- blocks INT64: Stretches of target weeks, each at least as long as the horizon, that the interval counts
WITH aggregates AS (
  SELECT dataset, aggregate AS series FROM `{dataset}.members`
  UNION DISTINCT
  SELECT dataset, series FROM `{dataset}.series` WHERE aggregate
),
scored AS (
  SELECT
    s.dataset, s.source, s.target, s.period, s.horizon, s.series, s.phase,
    a.series IS NOT NULL AS is_aggregate,
    DATE_TRUNC(s.target_date, WEEK(SUNDAY)) AS week,
    IF(s.period = 'week', s.horizon, CAST(CEIL(s.horizon / 7) AS INT64)) AS weeks_ahead,
    s.wis IS NOT NULL AND s.naive_wis IS NOT NULL AS counts,
    s.actual, s.wis, s.naive_wis, s.ae, s.ale, s.wis_log,
    s.covered50, s.covered80, s.covered95, s.naive_covered95
  FROM `{dataset}.scores` AS s
  LEFT JOIN aggregates AS a ON s.dataset = a.dataset AND s.series = a.series
),
weekly AS (
  SELECT
    dataset, source, target, period, horizon, series, phase, is_aggregate, week, weeks_ahead,
    COUNTIF(counts) AS n,
    COUNTIF(NOT counts) AS unscored,
    SUM(IF(counts, wis, 0)) AS wis,
    SUM(IF(counts, naive_wis, 0)) AS naive_wis,
    SUM(IF(counts, ae, 0)) AS ae,
    SUM(IF(counts, ABS(actual), 0)) AS came,
    COUNTIF(counts AND wis_log IS NOT NULL) AS logs,
    SUM(IF(counts AND wis_log IS NOT NULL, ale * ale, 0)) AS squares,
    SUM(IF(counts AND wis_log IS NOT NULL, wis_log, 0)) AS wis_log,
    COUNTIF(counts AND covered50) AS in50,
    COUNTIF(counts AND covered80) AS in80,
    COUNTIF(counts AND covered95) AS in95,
    COUNTIF(counts AND naive_covered95) AS naive_in95
  FROM scored
  GROUP BY dataset, source, target, period, horizon, series, phase, is_aggregate, week, weeks_ahead
),
cuts AS (
  SELECT
    w.dataset, w.source, w.target, w.period, cut,
    IF(cut = 'horizon', w.horizon, NULL) AS horizon,
    IF(cut = 'series', w.series, NULL) AS series,
    IF(cut = 'phase', w.phase, NULL) AS phase,
    w.week, w.weeks_ahead, w.n, w.unscored, w.wis, w.naive_wis, w.ae, w.came, w.logs, w.squares,
    w.wis_log, w.in50, w.in80, w.in95, w.naive_in95
  FROM weekly AS w
  CROSS JOIN UNNEST(['all', 'horizon', 'series', 'phase']) AS cut
  WHERE (cut = 'series' OR NOT w.is_aggregate) AND (cut != 'phase' OR w.phase IS NOT NULL)
),
spans AS (
  SELECT
    c.*,
    7 * MAX(weeks_ahead) OVER own AS days,
    MIN(IF(n > 0, week, NULL)) OVER own AS first_week,
    MAX(IF(n > 0, week, NULL)) OVER own AS last_week
  FROM cuts AS c
  WINDOW own AS (PARTITION BY dataset, source, target, period, cut, horizon, series, phase)
),
blocks AS (
  SELECT
    dataset, source, target, period, cut, horizon, series, phase,
    LEAST(
      DIV(DATE_DIFF(week, first_week, DAY), days),
      DIV(DATE_DIFF(DATE_ADD(last_week, INTERVAL 7 DAY), first_week, DAY), days) - 1
    ) AS block,
    SUM(n) AS n, SUM(unscored) AS unscored, SUM(wis) AS wis, SUM(naive_wis) AS naive_wis,
    SUM(ae) AS ae, SUM(came) AS came, SUM(logs) AS logs, SUM(squares) AS squares,
    SUM(wis_log) AS wis_log, SUM(in50) AS in50, SUM(in80) AS in80, SUM(in95) AS in95,
    SUM(naive_in95) AS naive_in95
  FROM spans
  GROUP BY dataset, source, target, period, cut, horizon, series, phase, block
),
told AS (
  SELECT
    b.*,
    SAFE_DIVIDE(SUM(wis) OVER own, SUM(naive_wis) OVER own) AS ratio
  FROM blocks AS b
  WINDOW own AS (PARTITION BY dataset, source, target, period, cut, horizon, series, phase)
),
sums AS (
  SELECT
    dataset, source, target, period, cut, horizon, series, phase,
    SUM(n) AS n, SUM(unscored) AS unscored, SUM(wis) AS wis, SUM(naive_wis) AS naive_wis,
    SUM(ae) AS ae, SUM(came) AS came, SUM(logs) AS logs, SUM(squares) AS squares,
    SUM(wis_log) AS wis_log, SUM(in50) AS in50, SUM(in80) AS in80, SUM(in95) AS in95,
    SUM(naive_in95) AS naive_in95,
    COUNTIF(n > 0) AS blocks,
    SUM(POW(wis - ratio * naive_wis, 2)) AS spread
  FROM told
  GROUP BY dataset, source, target, period, cut, horizon, series, phase
),
intervals AS (
  SELECT
    s.*,
    SAFE_DIVIDE(wis, naive_wis) AS ratio,
    IF(
      blocks >= 3,
      (1.6449 + 1.5238 / (blocks - 1) + 1.4202 / POW(blocks - 1, 2) + 0.983 / POW(blocks - 1, 3))
      * SAFE_DIVIDE(SQRT(SAFE_DIVIDE(2 * blocks * spread, blocks - 1)), wis),
      NULL
    ) AS half
  FROM sums AS s
)
SELECT
  dataset, 'known' AS vintage_kind, source, target, period, horizon, series, phase,
  n, unscored AS forecasts_unscored,
  SAFE_DIVIDE(wis, n) AS wis,
  SAFE_DIVIDE(naive_wis, n) AS naive_wis,
  1 - ratio AS skill,
  1 - ratio * EXP(half) AS skill_low,
  1 - ratio * EXP(-half) AS skill_high,
  SAFE_DIVIDE(ae, n) AS mae,
  SAFE_DIVIDE(ae, came) AS wape,
  SQRT(SAFE_DIVIDE(squares, logs)) AS rmsle,
  SAFE_DIVIDE(wis_log, logs) AS wis_log,
  SAFE_DIVIDE(in50, n) AS coverage50,
  SAFE_DIVIDE(in80, n) AS coverage80,
  SAFE_DIVIDE(in95, n) AS coverage95,
  SAFE_DIVIDE(naive_in95, n) AS naive_coverage95,
  blocks
FROM intervals
UNION ALL
SELECT
  e.dataset, IF(e.vintage_kind = 'known', 'known_backtest', e.vintage_kind) AS vintage_kind,
  e.source, e.target, m.grain AS period, e.horizon, CAST(NULL AS STRING) AS series,
  CAST(NULL AS STRING) AS phase, e.n, CAST(NULL AS INT64) AS forecasts_unscored,
  e.wis, e.naive_wis, 1 - e.relative_wis AS skill,
  1 - e.relative_high AS skill_low, 1 - e.relative_low AS skill_high,
  CAST(NULL AS FLOAT64) AS mae, CAST(NULL AS FLOAT64) AS wape, CAST(NULL AS FLOAT64) AS rmsle,
  CAST(NULL AS FLOAT64) AS wis_log, e.coverage50, e.coverage80, e.coverage95,
  CAST(NULL AS FLOAT64) AS naive_coverage95, CAST(NULL AS INT64) AS blocks
FROM `{dataset}.evaluations` AS e
JOIN `{dataset}.heads` AS h ON e.dataset = h.dataset AND e.version = h.champion
JOIN `{dataset}.measures` AS m ON e.dataset = m.dataset AND e.source = m.source AND e.target = m.target
