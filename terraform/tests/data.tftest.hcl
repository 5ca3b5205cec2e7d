# Tables, views and buckets are those of the files that Python reads, and nobody deletes them by mistake.

mock_provider "google" {}
mock_provider "archive" {}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}

run "tables_views_and_buckets" {
  command = plan

  assert {
    condition     = toset(keys(google_bigquery_table.table)) == toset([for one in setproduct(["vigil", "vigil_restricted"], [for file in fileset("../shared/vigil/tables", "*.json") : trimsuffix(file, ".json")]) : join(".", one)])
    error_message = "Tables and files differ."
  }
  assert {
    condition     = alltrue(flatten([for one in google_bigquery_table.table : [for column in jsondecode(one.schema) : length(column.description) > 0]]))
    error_message = "A column says nothing about itself."
  }
  assert {
    condition     = alltrue([for one in google_bigquery_table.table : one.deletion_protection && one.description != "" && (length(one.time_partitioning) == 1 || contains(["heads", "series"], one.table_id) || !can(local.tables[one.table_id].partition))])
    error_message = "A table may be deleted, says nothing about itself, or is not partitioned as its file says."
  }
  assert {
    condition     = alltrue([for one in google_bigquery_table.table : jsonencode(one.clustering) == jsonencode(local.tables[one.table_id].cluster) if can(local.tables[one.table_id].cluster)])
    error_message = "A table is not clustered as its file says."
  }
  assert {
    condition     = alltrue(flatten([for one in google_bigquery_table.table : [for part in one.time_partitioning : part.expiration_ms == 730 * 86400000] if one.dataset_id == "vigil_restricted"]))
    error_message = "Personal data never expire."
  }
  assert {
    condition     = length([for name, one in local.tables : name if contains(one.schema[*].name, "person")]) == 2 && alltrue([for name, one in local.tables : length(google_bigquery_table.table["vigil_restricted.${name}"].time_partitioning) == 1 if contains(one.schema[*].name, "person")])
    error_message = "A table of people has no partitions that could expire."
  }
  assert {
    condition     = google_bigquery_dataset.home["restricted"].max_time_travel_hours == "48" && alltrue([for one in google_bigquery_dataset.staging : one.max_time_travel_hours == "48"])
    error_message = "Deleted rows of people can be brought back for longer than need be."
  }
  assert {
    condition     = alltrue([for one in google_bigquery_dataset.staging : one.default_table_expiration_ms == 86400000])
    error_message = "Staged rows stay."
  }

  assert {
    condition = toset(concat(keys(google_bigquery_table.view_first), keys(google_bigquery_table.view_second), keys(google_bigquery_table.view_third), keys(google_bigquery_routine.function))) == toset([
      for one in setproduct(["vigil", "vigil_restricted", "vigil_views"], [for file in fileset("../shared/vigil/views", "*.sql") : trimsuffix(file, ".sql")]) : join(".", one)
    ])
    error_message = "Views and files differ."
  }
  assert {
    condition     = alltrue([for one in merge(google_bigquery_table.view_first, google_bigquery_table.view_second, google_bigquery_table.view_third) : one.description != "" && length(jsondecode(one.schema)) > 0])
    error_message = "A view or its columns are not described."
  }
  assert {
    condition     = !anytrue([for one in local.placed_views : strcontains(one.sql, "{dataset}")])
    error_message = "A view names no dataset."
  }
  assert {
    condition     = strcontains(google_bigquery_table.view_first["vigil_views.latest_observations"].view[0].query, "`vigil-test.vigil.observations`")
    error_message = "People's views have to read the tables where they are."
  }
  assert {
    condition     = !anytrue([for key, one in local.placed_views : strcontains(one.sql, "vigil_restricted.") if one.shelf != "restricted"])
    error_message = "A view outside shows personal data."
  }
  assert {
    condition     = one(google_bigquery_dataset_access.views_may_read.dataset).dataset[0].dataset_id == "vigil_views" && google_bigquery_dataset_access.views_may_read.dataset_id == "vigil"
    error_message = "People's views may not read the tables."
  }
  assert {
    condition = length(setsubtract(
      split(", ", regex("SELECT (.*) FROM", output.todays_forecasts)[0]), local.columns["latest_forecasts"][*].name,
    )) == 0
    error_message = "The query that is shown asks for columns that the view has not."
  }
  assert {
    condition     = google_bigquery_routine.function["vigil.observations_asof"].routine_type == "TABLE_VALUED_FUNCTION" && google_bigquery_routine.function["vigil.observations_asof"].arguments[0].name == "moment"
    error_message = "The table function has lost its argument."
  }

  assert {
    condition     = toset(keys(google_storage_bucket.bucket)) == toset(["raw", "restricted", "models", "mlflow", "reports", "functions"])
    error_message = "A bucket is missing."
  }
  assert {
    condition     = alltrue([for one in google_storage_bucket.bucket : one.uniform_bucket_level_access && one.public_access_prevention == "enforced"])
    error_message = "A bucket could become public."
  }
  assert {
    condition     = alltrue([for name in ["raw", "models", "reports"] : google_storage_bucket.bucket[name].versioning[0].enabled])
    error_message = "What is written over there is lost."
  }
  assert {
    condition     = anytrue([for rule in google_storage_bucket.bucket["restricted"].lifecycle_rule : one(rule.condition).age == 730 && length(setsubtract([for zone in ["raw", "arrivals", "inbox", "quarantine", "erasures"] : "${zone}/hospital_stay/"], one(rule.condition).matches_prefix)) == 0])
    error_message = "Personal data stay longer than their file says."
  }
  assert {
    condition     = google_storage_bucket.bucket["restricted"].soft_delete_policy[0].retention_duration_seconds == 0 && !google_storage_bucket.bucket["restricted"].versioning[0].enabled
    error_message = "What must be forgotten lingers."
  }
}
