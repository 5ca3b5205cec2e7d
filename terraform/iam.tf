# Who may do what. One account for each identity; nobody has a key, an editor's role, or all of a project
# but what is said here. The tables below are all there is: docs/deploy.md shows them with reasons.

locals {
  identities = {
    push    = "Pub/Sub as it calls the functions"
    ingest  = "The function ingest"
    train   = "The function and the job train"
    predict = "The function predict"
    serve   = "Whoever shows the views: Looker Studio, a dashboard"
    mlflow  = "MLflow's server"
    build   = "The build: tests, images, functions' images"
    deploy  = "Terraform, as the build on the main branch lets it act"
    plan    = "Terraform, as the build of a pull request lets it look"
  }

  # In all of the project: what BigQuery and the logs know no smaller place for.
  project_roles = {
    ingest  = ["bigquery.jobUser", "bigquery.readSessionUser"]
    train   = ["bigquery.jobUser", "bigquery.readSessionUser"]
    predict = ["bigquery.jobUser", "bigquery.readSessionUser"]
    serve   = ["bigquery.jobUser"]
    mlflow  = ["cloudsql.client"]
    build   = ["logging.logWriter", "run.developer", "cloudfunctions.developer"]
    deploy  = local.deploy_roles
    plan    = local.plan_roles
  }

  # Objects, where a prefix is named only under it.
  bucket_roles = {
    ingest = [
      { bucket = "raw", role = "storage.objectCreator" }, { bucket = "raw", role = "storage.objectViewer" },
      { bucket = "restricted", role = "storage.objectCreator" }, { bucket = "restricted", role = "storage.objectViewer" },
    ]
    train = [
      { bucket = "raw", role = "storage.objectViewer" }, { bucket = "raw", role = "storage.objectCreator", prefix = local.garbage },
      { bucket = "models", role = "storage.objectUser" }, { bucket = "mlflow", role = "storage.objectUser" },
    ]
    predict = [
      { bucket = "raw", role = "storage.objectViewer", prefix = local.garbage }, { bucket = "raw", role = "storage.objectCreator", prefix = local.garbage },
      { bucket = "models", role = "storage.objectViewer" }, { bucket = "reports", role = "storage.objectUser" },
    ]
    mlflow = [{ bucket = "mlflow", role = "storage.objectUser" }]
    build  = [{ bucket = "functions", role = "storage.objectViewer" }, { bucket = "functions", role = "storage.objectCreator", prefix = "sbom/" }]
    plan   = [{ bucket = "functions", role = "storage.objectViewer" }]
  }
  garbage = "quarantine/messages/" # where every function keeps a message that nobody can read

  # Datasets as a whole. Staged rows are everybody's who commits.
  dataset_roles = {
    ingest  = { for one in values(local.homes) : one => "bigquery.dataEditor" }
    train   = { for one in values(local.homes) : one => "bigquery.dataViewer" }
    predict = { for one in values(local.homes) : one => "bigquery.dataViewer" }
    serve   = { (local.shelves.people.views) = "bigquery.dataViewer" }
  }
  stagers = ["ingest", "train", "predict"]

  # Tables that a step adds rows to. Both move the head, and say what they did.
  writes = {
    train   = ["evaluations", "findings", "heads", "promotions", "runs"]
    predict = ["contributions", "findings", "forecasts", "heads", "measures", "members", "outcomes", "outlook", "publications", "runs", "scores"]
  }

  topic_roles = { ingest = "predict", train = "predict" } # who may publish where
  runtimes    = ["ingest", "train", "predict", "mlflow"]  # whom a deploy may put to work
}

resource "google_service_account" "identity" {
  for_each     = local.identities
  account_id   = "vigil-${each.key}"
  display_name = each.value
  depends_on   = [google_project_service.api]
}

resource "google_project_iam_member" "role" {
  for_each = merge([
    for who, roles in local.project_roles : { for role in roles : "${who}/${role}" => { who = who, role = role } }
  ]...)
  project = var.project
  role    = "roles/${each.value.role}"
  member  = google_service_account.identity[each.value.who].member
}

resource "google_storage_bucket_iam_member" "role" {
  for_each = merge([
    for who, grants in local.bucket_roles : { for one in grants : "${who}/${one.bucket}/${one.role}" => merge(one, { who = who }) }
  ]...)
  bucket = google_storage_bucket.bucket[each.value.bucket].name
  role   = "roles/${each.value.role}"
  member = google_service_account.identity[each.value.who].member

  dynamic "condition" {
    for_each = can(each.value.prefix) ? [each.value.prefix] : []
    content {
      title      = "only ${condition.value}"
      expression = "resource.name.startsWith('projects/_/buckets/${google_storage_bucket.bucket[each.value.bucket].name}/objects/${condition.value}')"
    }
  }
}

# Hospitals put files into their inbox, and see nothing.
resource "google_storage_bucket_iam_member" "sender" {
  for_each = merge([
    for dataset, members in var.senders : { for member in members : "${dataset}/${member}" => { dataset = dataset, member = member } }
  ]...)
  bucket = google_storage_bucket.bucket["restricted"].name
  role   = "roles/storage.objectCreator"
  member = each.value.member

  condition {
    title      = "only inbox/${each.value.dataset}/"
    expression = "resource.name.startsWith('projects/_/buckets/${google_storage_bucket.bucket["restricted"].name}/objects/inbox/${each.value.dataset}/')"
  }
}

resource "google_bigquery_dataset_iam_member" "role" {
  for_each = merge([
    for who, grants in local.dataset_roles : { for dataset, role in grants : "${who}/${dataset}" => { who = who, dataset = dataset, role = role } }
  ]...)
  dataset_id = each.value.dataset
  role       = "roles/${each.value.role}"
  member     = google_service_account.identity[each.value.who].member
  depends_on = [google_bigquery_dataset.home, google_bigquery_dataset.people]
}

resource "google_bigquery_dataset_iam_member" "staging" {
  for_each   = { for one in setproduct(local.stagers, keys(local.homes)) : join("/", one) => { who = one[0], home = one[1] } }
  dataset_id = google_bigquery_dataset.staging[each.value.home].dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.identity[each.value.who].member
}

resource "google_bigquery_table_iam_member" "writes" {
  for_each = merge([
    for who, tables in local.writes : {
      for key, one in local.placed_tables : "${who}/${key}" => merge(one, { who = who }) if contains(tables, one.name)
    }
  ]...)
  dataset_id = google_bigquery_table.table["${local.homes[each.value.home]}.${each.value.name}"].dataset_id
  table_id   = google_bigquery_table.table["${local.homes[each.value.home]}.${each.value.name}"].table_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.identity[each.value.who].member
}

resource "google_pubsub_topic_iam_member" "publishes" {
  for_each = local.topic_roles
  topic    = google_pubsub_topic.stage[each.value].name
  role     = "roles/pubsub.publisher"
  member   = google_service_account.identity[each.key].member
}

resource "google_cloud_run_v2_service_iam_member" "push" {
  for_each = toset(local.stages)
  location = var.region
  name     = google_cloudfunctions2_function.stage[each.key].name
  role     = "roles/run.invoker"
  member   = google_service_account.identity["push"].member
}

resource "google_cloud_run_v2_service_iam_member" "mlflow" {
  for_each = merge({ train = google_service_account.identity["train"].member }, { for one in var.registry_readers : one => one })
  location = var.region
  name     = google_cloud_run_v2_service.mlflow.name
  role     = "roles/run.invoker"
  member   = each.value
}

resource "google_secret_manager_secret_iam_member" "role" {
  for_each  = { ingest = "hash-key", mlflow = "database-password" }
  secret_id = google_secret_manager_secret.secret[each.value].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.identity[each.key].member
}

resource "google_project_iam_member" "reader" {
  for_each = var.readers
  project  = var.project
  role     = "roles/bigquery.jobUser"
  member   = each.key
}

resource "google_bigquery_dataset_iam_member" "reader" {
  for_each   = var.readers
  dataset_id = google_bigquery_dataset.people.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = each.key
}

# Pub/Sub signs the tokens of its pushes as the push account.
resource "google_service_account_iam_member" "pubsub_signs" {
  service_account_id = google_service_account.identity["push"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub
}

# Who read and wrote which object, personal data among them. BigQuery's own log says it of tables.
resource "google_project_iam_audit_config" "storage" {
  project = var.project
  service = "storage.googleapis.com"

  dynamic "audit_log_config" {
    for_each = toset(["DATA_READ", "DATA_WRITE"])
    content {
      log_type = audit_log_config.value
    }
  }
}
