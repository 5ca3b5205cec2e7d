# Two secrets. Their values are written at the first apply, and are in no plan and no state.

resource "google_secret_manager_secret" "secret" {
  for_each   = toset(["hash-key", "database-password"])
  secret_id  = "vigil-${each.key}"
  depends_on = [google_project_service.api]

  replication {
    auto {}
  }

  lifecycle {
    prevent_destroy = true # with another key everybody becomes another person
  }
}

resource "google_secret_manager_secret_version" "hash_key" {
  secret                 = google_secret_manager_secret.secret["hash-key"].id
  secret_data_wo         = var.hash_key
  secret_data_wo_version = 1
}

resource "google_secret_manager_secret_version" "database_password" {
  secret                 = google_secret_manager_secret.secret["database-password"].id
  secret_data_wo         = var.database_password
  secret_data_wo_version = 1
}
