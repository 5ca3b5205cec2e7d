-- What every target's numbers are as known now: by day, by week (Sunday to Saturday), as running totals; of aggregates, too.
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- series STRING: Place or thing, or an aggregate of them
-- period STRING: day, week (Sunday to Saturday) or total (the running total)
-- date DATE: The day, or the week's Saturday
-- value FLOAT64: The number of that day or week, or the running total
SELECT dataset, source, target, series, period, date, value
FROM `{dataset}.actuals_asof`(TIMESTAMP '9999-12-31', DATE '1900-01-01')
