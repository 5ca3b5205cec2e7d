-- The newest forecast of every dataset beside its latest actuals: median, mean and the 50, 80 and 95 per cent bands, by day, by week and as running totals.
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- series STRING: Place or thing, or an aggregate of them
-- period STRING: day, week (Sunday to Saturday) or total (the running total)
-- reference_date DATE: Last date with data of the target from its source
-- horizon INT64: Days, or Saturdays, after the reference date; none on the dates of actuals
-- target_date DATE: The day, or the week's Saturday
-- actual FLOAT64: What was reported, as known at issued_at; none on the dates of the forecast
-- median FLOAT64: The middle of what may come: half of it is below
-- mean FLOAT64: Mean of what may come
-- low50 FLOAT64: Lower end of the 50 per cent band
-- high50 FLOAT64: Upper end of the 50 per cent band
-- low80 FLOAT64: Lower end of the 80 per cent band
-- high80 FLOAT64: Upper end of the 80 per cent band
-- low95 FLOAT64: Lower end of the 95 per cent band
-- high95 FLOAT64: Upper end of the 95 per cent band
-- phase STRING: growing, flat or falling, as known: the last 7 days against the 7 before, within 15 per cent
-- model STRING: Model that made the forecast
-- version STRING: Version of that model
-- vintage STRING: Newest vintage the forecast knew
-- issued_at TIMESTAMP: Moment up to which the forecast knew
SELECT
  dataset, source, target, series, period, reference_date, horizon, date AS target_date, actual,
  q500 AS median, mean,
  q250 AS low50, q750 AS high50,
  q100 AS low80, q900 AS high80,
  q025 AS low95, q975 AS high95,
  phase, model, version, vintage, issued_at
FROM `{dataset}.outlook`
