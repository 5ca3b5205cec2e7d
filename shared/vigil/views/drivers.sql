-- What moves the newest forecast away from where each series stands: the five strongest groups of features and all else, each with a sentence.
-- dataset STRING: Dataset
-- source STRING: Source that publishes the numbers, or its succession
-- target STRING: What is forecast
-- series STRING: Place or thing
-- horizon INT64: Days ahead, or weeks where the dataset's grain is week
-- target_date DATE: The day, or the week's Saturday
-- rank INT64: 1 is the strongest; all else comes last
-- driver STRING: Group of features
-- contribution FLOAT64: What it adds to the median, on the scale of the model; below zero it takes
-- share FLOAT64: Its part of all there is to and fro; shares of a forecast add up to one
-- sentence STRING: The same in words
SELECT
  dataset, source, target, series, horizon, target_date, `rank`, driver, contribution, share,
  CONCAT(
    CASE driver
      WHEN 'own level' THEN 'Its own level'
      WHEN 'own growth' THEN 'Its own recent growth'
      WHEN 'common growth' THEN 'Growth in all series together'
      WHEN 'reporting' THEN 'How it is reported'
      WHEN 'calendar' THEN 'The calendar'
      WHEN 'base' THEN 'What usually follows'
      WHEN 'all else' THEN 'All else'
      ELSE CONCAT('What is known of ', REPLACE(driver, '_', ' '))
    END,
    IF(contribution < 0, ' pulls the forecast down; ', ' pushes the forecast up; '),
    CAST(CAST(ROUND(100 * share) AS INT64) AS STRING), '% of all that moves it.'
  ) AS sentence
FROM `{dataset}.contributions`
