-- One row per dataset and source: how fresh it is, whether it was refused, and what stands against it.
-- dataset STRING: Dataset
-- source STRING: Source
-- status STRING: ok, warning, stale, ended, refused
-- last_date DATE: Newest date with a value in its newest content
-- issued_at TIMESTAMP: When its newest content became known
-- checked_at TIMESTAMP: When the sources of the dataset were last asked
-- errors INT64: Refusals since the last look that went well
-- warnings INT64: Warnings that stand
-- worst STRING: The worst of them, in words
WITH newest AS (
  SELECT dataset, source, issued_at, last_date
  FROM `{dataset}.vintages`
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset, source ORDER BY issued_at DESC) = 1
),
latest AS (
  SELECT
    dataset, SPLIT(scope, '.')[SAFE_OFFSET(1)] AS source, rule, severity, scope, expected, found,
    since, as_of
  FROM `{dataset}.findings`
  WHERE STARTS_WITH(run_id, 'ingest/')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset, rule, scope ORDER BY as_of DESC) = 1
),
standing AS (
  SELECT
    l.dataset, l.source, l.rule, l.found, l.since,
    CASE
      WHEN l.severity = 'error' THEN 3
      WHEN l.rule = 'stale' THEN 2
      WHEN l.rule = 'ended' THEN 0
      ELSE 1
    END AS weight
  FROM latest AS l
  JOIN `{dataset}.heads` AS h ON l.dataset = h.dataset
  LEFT JOIN newest AS n ON l.dataset = n.dataset AND l.source = n.source
  WHERE
    (l.severity = 'error' AND (h.checked_at IS NULL OR l.as_of > h.checked_at))
    OR l.rule = 'ended'
    OR (l.severity = 'warning' AND l.rule IN ('jump', 'lost_series', 'new_series', 'reverted', 'stale') AND l.as_of >= n.issued_at)
    OR (l.severity = 'warning' AND l.rule NOT IN ('jump', 'lost_series', 'new_series', 'reverted', 'stale'))
),
summed AS (
  SELECT
    dataset, source,
    COUNTIF(weight = 3) AS errors, COUNTIF(weight IN (1, 2)) AS warnings,
    COUNTIF(rule = 'ended') > 0 AS ended, COUNTIF(rule = 'stale') > 0 AS stale,
    ARRAY_AGG(IF(weight > 0, CONCAT(rule, ': ', found), NULL) IGNORE NULLS ORDER BY weight DESC, since DESC)[SAFE_OFFSET(0)] AS worst
  FROM standing
  GROUP BY dataset, source
),
sources AS (
  SELECT dataset, source FROM newest
  UNION DISTINCT
  SELECT dataset, source FROM summed WHERE source IS NOT NULL
)
SELECT
  s.dataset, s.source,
  CASE
    WHEN m.errors > 0 THEN 'refused'
    WHEN m.stale THEN 'stale'
    WHEN m.ended THEN 'ended'
    WHEN m.warnings > 0 THEN 'warning'
    ELSE 'ok'
  END AS status,
  n.last_date, n.issued_at, h.checked_at,
  IFNULL(m.errors, 0) AS errors, IFNULL(m.warnings, 0) AS warnings, m.worst
FROM sources AS s
LEFT JOIN newest AS n ON s.dataset = n.dataset AND s.source = n.source
LEFT JOIN summed AS m ON s.dataset = m.dataset AND s.source = m.source
LEFT JOIN `{dataset}.heads` AS h ON s.dataset = h.dataset
