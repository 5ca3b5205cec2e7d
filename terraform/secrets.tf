# Two secrets. Their values are put there by a person, once (docs/deploy.md): in no plan and no state.

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
