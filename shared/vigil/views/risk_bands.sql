-- How many of the newest classification are how much at risk, in all and by each field that the dataset groups by. No count is below ten, nor can one be worked out.
-- Values of too few are counted together as other; where that leaves none apart, bands are joined (flagged, not flagged), then dropped (all).
-- dataset STRING: Dataset
-- field STRING: Field that groups the records; empty: all records
-- value STRING: Its value; other: several together; not known: it is blank
-- band STRING: low: below half the threshold; moderate: below it; raised: at it or above; high: nearer to one than to it. Joined: not flagged, flagged, or all
-- lower FLOAT64: Probability at which the band begins
-- upper FLOAT64: Probability at which it ends
-- n INT64: Records
-- mean_probability FLOAT64: Mean of their probabilities
-- threshold FLOAT64: From which probability on a record is flagged
-- version STRING: Version of the model
-- issued_at TIMESTAMP: Moment up to which it knew
WITH rules AS (
  SELECT DISTINCT dataset, grouped_by FROM `{dataset}.measures` WHERE outcome IS NOT NULL
),
scored AS (
  SELECT
    c.dataset, c.probability, c.band, c.positive, c.threshold, c.version, c.issued_at, field,
    IF(field = '', '', IFNULL(JSON_VALUE(PARSE_JSON(r.fields)[field]), 'not known')) AS value
  FROM `{dataset}.latest_classifications` AS c
  JOIN `{dataset}.latest_records` AS r ON c.dataset = r.dataset AND c.record = r.record
  JOIN rules AS u ON c.dataset = u.dataset
  CROSS JOIN UNNEST(ARRAY_CONCAT([''], IFNULL(JSON_VALUE_ARRAY(u.grouped_by), []))) AS field
),
counted AS (
  SELECT
    dataset, field, value,
    COUNTIF(band = 'low') AS low, COUNTIF(band = 'moderate') AS moderate,
    COUNTIF(band = 'raised') AS raised, COUNTIF(band = 'high') AS high
  FROM scored
  GROUP BY dataset, field, value
),
leveled AS (
  SELECT
    c.*, level,
    CASE level
      WHEN 1 THEN LEAST(low, moderate, raised, high)
      WHEN 2 THEN LEAST(low + moderate, raised + high)
      ELSE low + moderate + raised + high
    END AS least
  FROM counted AS c
  CROSS JOIN UNNEST([1, 2, 3]) AS level
),
summed AS (
  SELECT
    dataset, field, value, level,
    COUNTIF(least < 10) OVER own AS small,
    COUNT(*) OVER own AS parts,
    ROW_NUMBER() OVER turn AS place,
    SUM(low) OVER turn AS low, SUM(moderate) OVER turn AS moderate,
    SUM(raised) OVER turn AS raised, SUM(high) OVER turn AS high
  FROM leveled
  WINDOW
    own AS (PARTITION BY dataset, field, level),
    turn AS (PARTITION BY dataset, field, level ORDER BY least, value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
joined AS (
  SELECT
    dataset, field, value, level, place, parts,
    IF(small = 0, 0, MIN(IF(
      place >= small
      AND CASE level
        WHEN 1 THEN LEAST(low, moderate, raised, high)
        WHEN 2 THEN LEAST(low + moderate, raised + high)
        ELSE low + moderate + raised + high
      END >= 10,
      place, NULL)) OVER (PARTITION BY dataset, field, level)) AS others
  FROM summed
),
chosen AS (
  SELECT dataset, field, value, level, IF(place <= others, 'other', value) AS shown
  FROM joined
  WHERE parts - others + IF(others > 0, 1, 0) >= IF(field = '', 1, 2)
  QUALIFY level = MIN(level) OVER (PARTITION BY dataset, field)
),
told AS (
  SELECT
    s.dataset, s.field, h.shown AS value,
    CASE h.level WHEN 1 THEN s.band WHEN 2 THEN IF(s.positive, 'flagged', 'not flagged') ELSE 'all' END AS band,
    s.probability, s.threshold, s.version, s.issued_at
  FROM scored AS s
  JOIN chosen AS h ON s.dataset = h.dataset AND s.field = h.field AND s.value = h.value
)
SELECT
  dataset, field, value, band,
  CASE band WHEN 'moderate' THEN threshold / 2 WHEN 'raised' THEN threshold WHEN 'flagged' THEN threshold WHEN 'high' THEN (1 + threshold) / 2 ELSE 0.0 END AS lower,
  CASE band WHEN 'low' THEN threshold / 2 WHEN 'moderate' THEN threshold WHEN 'not flagged' THEN threshold WHEN 'raised' THEN (1 + threshold) / 2 ELSE 1.0 END AS upper,
  COUNT(*) AS n, AVG(probability) AS mean_probability, threshold, version, issued_at
FROM told
GROUP BY dataset, field, value, band, threshold, version, issued_at
