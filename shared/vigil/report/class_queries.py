"""What the report of a classified dataset reads: small tables, two views, and a publication.

All take @dataset, those of a model the @version; DRIVERS a publication's name, moment and rows.
"""

PUBLICATION = """
SELECT publication, issued_at, model, version, `rows`
FROM publications
WHERE dataset = @dataset
ORDER BY issued_at DESC, vintage DESC, published_at DESC
LIMIT 1
"""

BANDS = """
SELECT field, value, band, lower, upper, n, mean_probability
FROM risk_bands
WHERE dataset = @dataset
ORDER BY field, value, lower
"""

SCORES = """
SELECT version, field, value, n, positives, mean_probability, brier, auc, true_positives,
  false_positives, false_negatives, true_negatives, accuracy, covered
FROM classification_scores
WHERE dataset = @dataset AND (field = '' OR version = @version)
"""

ASSESSMENTS = """
SELECT model, split, field, value, n, positives, mean_probability, auc, average_precision, brier,
  log_loss, true_positives, false_positives, false_negatives, true_negatives, accuracy, covered
FROM assessments
WHERE dataset = @dataset AND version = @version
"""

CURVES = """
SELECT model, curve, position, x, y, n
FROM curves
WHERE dataset = @dataset AND version = @version
"""

# A feature that moves fewer than ten records tells of them.
DRIVERS = """
SELECT
  JSON_VALUE(one, '$.feature') AS feature,
  SUM(ABS(CAST(JSON_VALUE(one, '$.adds') AS FLOAT64))) / @rows AS size
FROM classifications AS c
CROSS JOIN UNNEST(JSON_QUERY_ARRAY(c.drivers)) AS one
WHERE c.dataset = @dataset AND c.publication = @publication AND c.issued_at = @issued_at
GROUP BY feature
HAVING COUNT(*) >= 10
ORDER BY size DESC
"""

DRIFT = """
SELECT feature, psi, unseen, missing, `rows`
FROM drift
WHERE dataset = @dataset
ORDER BY psi DESC
"""
