# What variables refuse, and what a choice of datasets leaves.

mock_provider "google" {}
mock_provider "archive" {}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}

run "one_dataset" {
  command = plan
  variables {
    datasets = ["owid"]
  }
  assert {
    condition     = toset(keys(google_cloud_scheduler_job.tick)) == toset(["vigil-ingest-owid", "vigil-train-owid", "vigil-predict-owid"])
    error_message = "Only what is chosen runs."
  }
  assert {
    condition     = length(google_billing_budget.month) == 0 && length(google_cloudbuild_trigger.github) == 0
    error_message = "A budget and a trigger need an account and a repository."
  }
}

run "everything" {
  command = plan
  variables {
    budget  = { billing_account = "000000-000000-000000" }
    github  = { owner = "someone", name = "vigil" }
    readers = ["group:people@example.org"]
    senders = { hospital_stay = ["serviceAccount:hospital@example.iam.gserviceaccount.com"] }
  }
  assert {
    condition     = google_cloudbuild_trigger.github["push"].filename == "cloudbuild.yaml" && google_cloudbuild_trigger.github["pull"].github[0].pull_request[0].branch == "^main$"
    error_message = "Pushes deploy, pull requests plan."
  }
  assert {
    condition     = length(google_billing_budget.month) == 1 && length(google_bigquery_dataset_iam_member.reader) == 1
    error_message = "What is given is made."
  }
}

run "refused" {
  command = plan
  variables {
    project        = "Vigil"
    region         = "europe-west1-b"
    location       = "Europe"
    datasets       = ["nobody"]
    warehouse      = "vigil-1"
    retention_days = 3
    alert_email    = "nobody"
    readers        = ["allUsers"]
    senders        = { owid = ["user:someone@example.org"] }

    registry_readers = ["allAuthenticatedUsers"]
    query_tib_a_day  = 0
  }
  expect_failures = [
    var.project, var.region, var.location, var.datasets, var.warehouse, var.retention_days, var.alert_email,
    var.readers, var.senders, var.registry_readers, var.query_tib_a_day,
  ]
}
