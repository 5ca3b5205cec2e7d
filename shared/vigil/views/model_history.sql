-- Every decision about who serves, with its evidence, and from when to when its version served.
-- dataset STRING: Dataset
-- decided_at TIMESTAMP: When it was decided
-- kind STRING: first, refresh, switch, promote or rollback
-- promoted BOOL: Whether the version serves from then on
-- version STRING: Version that was decided about; none: seasonal naive
-- recipe STRING: Its recipe: the name of its model
-- champion STRING: Version that serves after the decision; none: seasonal naive
-- before STRING: Version that served before it; none: seasonal naive
-- reason STRING: Why, in a sentence with its numbers
-- decided_by STRING: The step train, or who gave the command
-- as_of TIMESTAMP: Moment up to which the version knows
-- relative_wis FLOAT64: WIS relative to what it was judged against; below 1 is better
-- relative_low FLOAT64: Lower end of its 90% interval
-- relative_high FLOAT64: Upper end of its 90% interval
-- judged_against STRING: Recipe that it was judged against
-- origins INT64: Weekly origins that were judged
-- vintage_kind STRING: Of those origins: known, pseudo or mixed
-- served_from TIMESTAMP: Since when it serves by this decision; none where it was not promoted
-- served_until TIMESTAMP: When the next one took over; none while it serves
WITH turns AS (
  SELECT
    dataset, run_id, decided_at,
    LEAD(decided_at) OVER (PARTITION BY dataset ORDER BY decided_at) AS served_until
  FROM `{dataset}.promotions`
  WHERE promoted
)
SELECT
  p.dataset, p.decided_at, p.kind, p.promoted, p.version, p.recipe, p.champion, p.before, p.reason,
  p.decided_by, p.as_of, p.relative_wis, p.relative_low, p.relative_high, p.judged_against,
  p.origins, p.vintage_kind,
  IF(p.promoted, p.decided_at, NULL) AS served_from, t.served_until
FROM `{dataset}.promotions` AS p
LEFT JOIN turns AS t
  ON p.promoted AND p.dataset = t.dataset AND p.run_id = t.run_id AND p.decided_at = t.decided_at
