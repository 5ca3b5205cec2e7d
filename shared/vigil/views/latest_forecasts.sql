-- The newest forecast of every dataset: median, mean and the 50, 80 and 95 per cent bands, by day and by week.
SELECT
  f.dataset, f.target, f.series, f.period, f.reference_date, f.horizon, f.target_date,
  f.q500 AS median, f.mean,
  f.q250 AS low50, f.q750 AS high50,
  f.q100 AS low80, f.q900 AS high80,
  f.q025 AS low95, f.q975 AS high95,
  f.model, f.version, f.vintage, f.issued_at
FROM `{dataset}.forecasts` AS f
JOIN `{dataset}.heads` AS h
  ON f.dataset = h.dataset
  AND f.run_id = h.forecast_run
  AND CONCAT(f.vintage, ' ', f.model, ' ', f.version) = h.forecast
