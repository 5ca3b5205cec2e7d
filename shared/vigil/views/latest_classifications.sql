-- The newest classification of every dataset: each record whose outcome was not known then, with its probability, what moved it, and how much at risk that is.
-- Rows are of single people: the restricted dataset alone has any.
-- dataset STRING: Dataset
-- record STRING: The record's own name, such as a case
-- person STRING: Whom it is about: a keyed hash
-- probability FLOAT64: That the answer is yes, calibrated
-- band STRING: low: below half the threshold; moderate: below it; raised: at it or above; high: nearer to one than to it
-- positive BOOL: Whether the probability reaches the threshold that the stated costs set
-- threshold FLOAT64: That threshold
-- answers STRING: Conformal set at 90 per cent: yes, no, or either
-- drivers STRING: JSON: the five features that move it most, each with its name, its value and what it adds to the log odds
-- model STRING: Model that served
-- version STRING: Its version
-- vintage STRING: Newest vintage that it knew
-- issued_at TIMESTAMP: Moment up to which it knew
WITH newest AS (
  SELECT dataset, publication
  FROM `{dataset}.publications`
  WHERE TRUE
  QUALIFY ROW_NUMBER() OVER (PARTITION BY dataset ORDER BY issued_at DESC, vintage DESC, published_at DESC) = 1
)
SELECT
  c.dataset, c.record, c.person, c.probability,
  CASE
    WHEN NOT c.positive THEN IF(c.probability < c.threshold / 2, 'low', 'moderate')
    ELSE IF(c.probability < (1 + c.threshold) / 2, 'raised', 'high')
  END AS band,
  c.positive, c.threshold, c.answers, c.drivers, c.model, c.version, c.vintage, c.issued_at
FROM `{dataset}.classifications` AS c
JOIN newest AS n ON c.dataset = n.dataset AND c.publication = n.publication
