-- What every target's numbers are as known now: by day, by week (Sunday to Saturday), as running totals; of aggregates, too.
SELECT dataset, source, target, series, period, date, value
FROM `{dataset}.actuals_asof`(TIMESTAMP '9999-12-31', DATE '1900-01-01')
