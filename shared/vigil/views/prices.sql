-- List prices in US dollars that costs are estimated by, without free tiers and discounts: see docs/costs.md.
-- listed_on DATE: When they were read
-- vcpu_second FLOAT64: Cloud Run, billed by request, tier 1: one vCPU for a second
-- gib_second FLOAT64: The same: one GiB of memory for a second
-- queried_tib FLOAT64: BigQuery, on demand: one TiB read
-- stored_gib_month FLOAT64: BigQuery, active logical storage: one GiB for a month
SELECT
  DATE '2026-11-21' AS listed_on,
  0.000024 AS vcpu_second,
  0.0000025 AS gib_second,
  6.25 AS queried_tib,
  0.02 AS stored_gib_month
