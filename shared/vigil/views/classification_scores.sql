-- How classifications did once outcomes were known: of each record the last one issued before its outcome came, by version, in all and by each field that the dataset groups by.
-- No count is below ten, nor can one be worked out: values of too few are counted together as other, and there is no row until it has ten of each kind of answer.
-- dataset STRING: Dataset
-- version STRING: Version of the model
-- field STRING: Field that groups the records; empty: all records
-- value STRING: Its value; other: several together; not known: it is blank
-- n INT64: Records
-- positives INT64: Of them the answer was yes for so many
-- mean_probability FLOAT64: Mean of what was said
-- brier FLOAT64: Mean squared error of the probability; lower is better
-- log_loss FLOAT64: Mean negative log likelihood; lower is better
-- auc FLOAT64: Area under the ROC curve: how often a yes was said to be likelier than a no
-- true_positives INT64: Yes was said at the threshold, and it was yes
-- false_positives INT64: Yes was said, and it was no
-- false_negatives INT64: No was said, and it was yes
-- true_negatives INT64: No was said, and it was no
-- accuracy FLOAT64: Share that was right at the threshold
-- covered FLOAT64: Share of outcomes in the conformal set of 90 per cent; none where fewer than ten were outside it
WITH rules AS (
  SELECT DISTINCT dataset, outcome, above, grouped_by FROM `{dataset}.measures` WHERE outcome IS NOT NULL
),
known AS (
  SELECT
    r.dataset, r.record, r.fields, r.issued_at AS known_at, u.grouped_by,
    CAST(REGEXP_EXTRACT(JSON_VALUE(PARSE_JSON(r.fields)[u.outcome]), r'[0-9]+(?:[.][0-9]+)?') AS FLOAT64) > u.above AS came
  FROM `{dataset}.records` AS r
  JOIN rules AS u ON r.dataset = u.dataset
),
outcomes AS (
  SELECT dataset, record, fields, known_at, grouped_by, came
  FROM known
  WHERE came IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset, record ORDER BY known_at) = 1
),
last_said AS (
  SELECT
    c.dataset, c.version, c.probability, c.positive, o.came, o.fields, o.grouped_by,
    c.answers = 'either' OR (c.answers = 'yes') = o.came AS within
  FROM `{dataset}.classifications` AS c
  JOIN outcomes AS o ON c.dataset = o.dataset AND c.record = o.record AND c.issued_at < o.known_at
  LEFT JOIN `{dataset}.publications` AS p ON c.dataset = p.dataset AND c.publication = p.publication
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY c.dataset, c.record ORDER BY c.issued_at DESC, c.vintage DESC, p.published_at DESC) = 1
),
cut AS (
  SELECT
    s.dataset, s.version, s.probability, s.positive, s.came, s.within, field,
    IF(field = '', '', IFNULL(JSON_VALUE(PARSE_JSON(s.fields)[field]), 'not known')) AS value
  FROM last_said AS s
  CROSS JOIN UNNEST(ARRAY_CONCAT([''], IFNULL(JSON_VALUE_ARRAY(s.grouped_by), []))) AS field
),
counted AS (
  SELECT
    dataset, version, field, value,
    COUNTIF(positive AND came) AS tp, COUNTIF(positive AND NOT came) AS fp,
    COUNTIF(NOT positive AND came) AS fn, COUNTIF(NOT positive AND NOT came) AS tn
  FROM cut
  GROUP BY dataset, version, field, value
),
summed AS (
  SELECT
    dataset, version, field, value,
    COUNTIF(LEAST(tp, fp, fn, tn) < 10) OVER own AS small,
    COUNT(*) OVER own AS parts,
    ROW_NUMBER() OVER turn AS place,
    SUM(tp) OVER turn AS tp, SUM(fp) OVER turn AS fp, SUM(fn) OVER turn AS fn, SUM(tn) OVER turn AS tn
  FROM counted
  WINDOW
    own AS (PARTITION BY dataset, version, field),
    turn AS (PARTITION BY dataset, version, field ORDER BY LEAST(tp, fp, fn, tn), value ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
joined AS (
  SELECT
    dataset, version, field, value, place, parts,
    IF(small = 0, 0, MIN(IF(place >= small AND LEAST(tp, fp, fn, tn) >= 10, place, NULL)) OVER (PARTITION BY dataset, version, field)) AS others
  FROM summed
),
shown AS (
  SELECT
    c.dataset, c.version, c.field, IF(j.place <= j.others, 'other', c.value) AS value,
    c.probability, c.positive, c.came, c.within
  FROM cut AS c
  JOIN joined AS j
    ON c.dataset = j.dataset AND c.version = j.version AND c.field = j.field AND c.value = j.value
  WHERE j.parts - j.others + IF(j.others > 0, 1, 0) >= IF(c.field = '', 1, 2)
),
ranked AS (
  SELECT
    s.*,
    (RANK() OVER up + 1 + COUNT(*) OVER own - RANK() OVER down) / 2 AS place
  FROM shown AS s
  WINDOW
    own AS (PARTITION BY dataset, version, field, value),
    up AS (PARTITION BY dataset, version, field, value ORDER BY probability),
    down AS (PARTITION BY dataset, version, field, value ORDER BY probability DESC)
),
told AS (
  SELECT
    dataset, version, field, value,
    COUNT(*) AS n, COUNTIF(came) AS positives, COUNTIF(NOT within) AS outside,
    AVG(probability) AS mean_probability,
    AVG(POW(probability - IF(came, 1, 0), 2)) AS brier,
    -AVG(LN(GREATEST(IF(came, probability, 1 - probability), 1e-6))) AS log_loss,
    SUM(IF(came, place, 0)) AS places,
    COUNTIF(positive AND came) AS tp, COUNTIF(positive AND NOT came) AS fp,
    COUNTIF(NOT positive AND came) AS fn, COUNTIF(NOT positive AND NOT came) AS tn
  FROM ranked
  GROUP BY dataset, version, field, value
)
SELECT
  dataset, version, field, value, n, positives, mean_probability, brier, log_loss,
  (places - positives * (positives + 1) / 2) / (positives * (n - positives)) AS auc,
  tp AS true_positives, fp AS false_positives, fn AS false_negatives, tn AS true_negatives,
  (tp + tn) / n AS accuracy,
  IF(MIN(outside) OVER (PARTITION BY dataset, version, field) >= 10, (n - outside) / n, NULL) AS covered
FROM told
