# Tables from the JSON files that Python reads, in two datasets: one for all, one for personal data.

locals {
  homes = {
    warehouse  = var.warehouse
    restricted = "${var.warehouse}_restricted"
  }
  about = {
    warehouse  = "Vigil's tables, and views for its functions"
    restricted = "The same tables, for personal data alone"
  }
  forget_days = max(1, [for one in local.personal : one.retention_days]...)

  placed_tables = merge([
    for home, dataset in local.homes : {
      for name, one in local.tables : "${dataset}.${name}" => merge(one, { home = home, name = name })
    }
  ]...)
}

resource "google_bigquery_dataset" "home" {
  for_each              = local.homes
  dataset_id            = each.value
  description           = local.about[each.key]
  location              = var.location
  max_time_travel_hours = each.key == "restricted" ? "48" : "168"
  labels                = { content = each.key }
  depends_on            = [google_project_service.api]
}

# Rows on their way. What a process that died left there is gone after a day.
resource "google_bigquery_dataset" "staging" {
  for_each                    = local.homes
  dataset_id                  = "${each.value}_staging"
  description                 = "Rows on their way to ${each.value}"
  location                    = var.location
  default_table_expiration_ms = 24 * 3600 * 1000
  max_time_travel_hours       = "48"
  labels                      = { content = "staging" }
  depends_on                  = [google_project_service.api]
}

resource "google_bigquery_table" "table" {
  for_each            = local.placed_tables
  dataset_id          = google_bigquery_dataset.home[each.value.home].dataset_id
  table_id            = each.value.name
  description         = each.value.description
  schema              = jsonencode(each.value.schema)
  clustering          = try(each.value.cluster, null)
  deletion_protection = var.deletion_protection

  dynamic "time_partitioning" {
    for_each = can(each.value.partition) ? [each.value.partition] : []
    content {
      type  = time_partitioning.value.type
      field = time_partitioning.value.field
      # History never expires, but what tells of people does.
      expiration_ms = each.value.home == "restricted" ? local.forget_days * 86400000 : null
    }
  }
}

# A mistaken query costs at most a day's quota. In MiB, as the quota counts.
resource "google_cloud_quotas_quota_preference" "query" {
  parent        = "projects/${var.project}"
  service       = "bigquery.googleapis.com"
  quota_id      = "QueryUsagePerDay"
  name          = "bigquery-query-usage-per-day"
  contact_email = var.alert_email
  # Far below the default: Google asks whether that is meant.
  ignore_safety_checks = "QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"
  depends_on           = [google_project_service.api]

  quota_config {
    preferred_value = tostring(ceil(var.query_tib_a_day * 1024 * 1024))
  }
}
