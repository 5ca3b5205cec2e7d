-- Every attempt of every step: how fresh its result was, what it took, what that costs by list prices.
-- run_id STRING: Step, dataset and moment: the attempts of one message share it
-- dataset STRING: Dataset
-- step STRING: ingest, train or predict
-- status STRING: done, unchanged, paused, refused (bad input), failed (will come again)
-- reason STRING: Why, in a sentence
-- as_of TIMESTAMP: Moment up to which knowledge counts
-- started_at TIMESTAMP: When the attempt began
-- ended_at TIMESTAMP: When it had ended
-- freshness_minutes FLOAT64: From as_of to its end: how old knowledge was when its result stood; of a replay of the past as long as that is past
-- seconds FLOAT64: How long the attempt took
-- vcpu_seconds FLOAT64: Processor time of its process during the attempt
-- peak_mb FLOAT64: Largest resident memory of its process so far, MiB
-- rows_committed INT64: Rows committed
-- bytes_fetched INT64: Bytes read from sources
-- billed_bytes INT64: Bytes that BigQuery billed for its queries
-- estimated_cost FLOAT64: US dollars by the view prices: at least one vCPU while it ran, its peak memory, what BigQuery billed
SELECT
  r.run_id, r.dataset, r.step, r.status, r.reason, r.as_of, r.started_at,
  TIMESTAMP_ADD(r.started_at, INTERVAL CAST(1000 * r.seconds AS INT64) MILLISECOND) AS ended_at,
  TIMESTAMP_DIFF(r.started_at, r.as_of, SECOND) / 60 + r.seconds / 60 AS freshness_minutes,
  r.seconds, r.cpu_seconds AS vcpu_seconds, r.peak_mb, r.`rows` AS rows_committed,
  r.bytes AS bytes_fetched, r.billed_bytes,
  GREATEST(r.seconds, IFNULL(r.cpu_seconds, 0)) * p.vcpu_second
  + r.seconds * IFNULL(r.peak_mb, 0) / 1024 * p.gib_second
  + IFNULL(r.billed_bytes, 0) / POW(1024, 4) * p.queried_tib AS estimated_cost
FROM `{dataset}.runs` AS r
CROSS JOIN `{dataset}.prices` AS p
