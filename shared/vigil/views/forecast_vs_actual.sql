-- Every published forecast beside what came: as known when it settled, and as known now.
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- series STRING: Place or thing, or an aggregate of them
-- period STRING: day, week (Sunday to Saturday) or total (the running total)
-- reference_date DATE: Last date with data behind the forecast
-- horizon INT64: Days, or Saturdays, after the reference date
-- target_date DATE: The day, or the week's Saturday
-- median FLOAT64: The middle of what might come
-- mean FLOAT64: Mean of what might come
-- low50 FLOAT64: Lower end of the 50 per cent band
-- high50 FLOAT64: Upper end of the 50 per cent band
-- low80 FLOAT64: Lower end of the 80 per cent band
-- high80 FLOAT64: Upper end of the 80 per cent band
-- low95 FLOAT64: Lower end of the 95 per cent band
-- high95 FLOAT64: Upper end of the 95 per cent band
-- actual FLOAT64: What came, as known at known_at; none before that
-- known_at TIMESTAMP: When it settled, and the forecast was scored
-- flag STRING: Why there are no scores: missing (nothing was known), negative, anomaly
-- actual_now FLOAT64: What came, as known now, whether settled or not
-- error FLOAT64: Median less actual; none where it is not scored
-- wis FLOAT64: Weighted interval score, in the unit of the target; lower is better
-- naive_wis FLOAT64: The same of seasonal naive's forecast
-- phase STRING: growing, flat or falling, as known when it was forecast
-- model STRING: Model that made the forecast
-- version STRING: Version of that model
-- vintage STRING: Newest vintage the forecast knew
-- issued_at TIMESTAMP: Moment up to which the forecast knew
SELECT
  f.dataset, f.source, f.target, f.series, f.period, f.reference_date, f.horizon, f.target_date,
  f.q500 AS median, f.mean,
  f.q250 AS low50, f.q750 AS high50,
  f.q100 AS low80, f.q900 AS high80,
  f.q025 AS low95, f.q975 AS high95,
  s.actual, s.known_at, s.flag, a.value AS actual_now,
  IF(s.flag IS NULL, f.q500 - s.actual, NULL) AS error,
  s.wis, s.naive_wis,
  f.phase, f.model, f.version, f.vintage, f.issued_at
FROM `{dataset}.forecasts` AS f
LEFT JOIN `{dataset}.scores` AS s
  ON f.dataset = s.dataset AND f.source = s.source AND f.target = s.target AND f.series = s.series
  AND f.period = s.period AND f.reference_date = s.reference_date AND f.horizon = s.horizon
  AND f.target_date = s.target_date AND f.publication = s.publication
LEFT JOIN `{dataset}.actuals` AS a
  ON f.dataset = a.dataset AND f.source = a.source AND f.target = a.target AND f.series = a.series
  AND f.period = a.period AND f.target_date = a.date
WHERE IFNULL(f.serves, TRUE)
