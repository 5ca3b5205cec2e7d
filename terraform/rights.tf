# The rights of iam.tf's tables, one resource for each kind of thing.

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

# Not by dataset_iam_member, which takes the views' right to read away again. These are BigQuery's own
# names of its editor's and its viewer's role.
resource "google_bigquery_dataset_access" "role" {
  for_each = merge([
    for who, grants in local.dataset_roles : { for dataset, role in grants : "${who}/${dataset}" => { who = who, dataset = dataset, role = role } }
  ]...)
  dataset_id    = each.value.dataset
  role          = each.value.role
  user_by_email = google_service_account.identity[each.value.who].email
  depends_on    = [google_bigquery_dataset.home, google_bigquery_dataset.people]
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
  depends_on         = [google_pubsub_topic.dead] # with the first topic Google makes that account
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
