-- The newest forecast of every dataset beside its latest actuals: median, mean and the 50, 80 and 95 per cent bands, by day, by week and as running totals.
SELECT
  dataset, source, target, series, period, reference_date, horizon, date AS target_date, actual,
  q500 AS median, mean,
  q250 AS low50, q750 AS high50,
  q100 AS low80, q900 AS high80,
  q025 AS low95, q975 AS high95,
  phase, model, version, vintage, issued_at
FROM `{dataset}.outlook`
