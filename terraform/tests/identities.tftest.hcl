# Every identity has exactly these rights, and nobody else has any.

mock_provider "google" {}
mock_provider "archive" {}

override_data {
  target = data.google_project.this
  values = { number = "1" }
}

override_resource {
  target          = google_service_account.identity["push"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-push@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-push@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-push@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["ingest"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-ingest@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-ingest@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-ingest@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["train"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-train@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-train@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-train@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["predict"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-predict@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-predict@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-predict@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["serve"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-serve@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-serve@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-serve@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["mlflow"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-mlflow@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-mlflow@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-mlflow@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["build"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-build@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-build@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-build@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["deploy"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-deploy@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-deploy@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-deploy@vigil-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = google_service_account.identity["plan"]
  override_during = plan
  values = {
    member = "serviceAccount:vigil-plan@vigil-test.iam.gserviceaccount.com"
    email  = "vigil-plan@vigil-test.iam.gserviceaccount.com"
    name   = "projects/vigil-test/serviceAccounts/vigil-plan@vigil-test.iam.gserviceaccount.com"
  }
}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}

run "everybody_has_exactly_these_rights" {
  command = plan

  assert {
    condition = toset(local.of.push) == toset([
      "run.invoker vigil-ingest",
      "run.invoker vigil-predict",
      "run.invoker vigil-train",
    ])
    error_message = "push has other rights than these: ${jsonencode(local.of.push)}"
  }

  assert {
    condition = toset(local.of.ingest) == toset([
      "bigquery.jobUser the project",
      "bigquery.readSessionUser the project",
      "storage.objectCreator vigil-test-vigil-raw",
      "storage.objectViewer vigil-test-vigil-raw",
      "storage.objectCreator vigil-test-vigil-restricted",
      "storage.objectViewer vigil-test-vigil-restricted",
      "bigquery.dataEditor vigil",
      "bigquery.dataEditor vigil_staging",
      "bigquery.dataEditor vigil_restricted",
      "bigquery.dataEditor vigil_restricted_staging",
      "pubsub.publisher vigil-predict",
      "secretmanager.secretAccessor vigil-hash-key",
    ])
    error_message = "ingest has other rights than these: ${jsonencode(local.of.ingest)}"
  }

  assert {
    condition = toset(local.of.train) == toset(concat([
      "bigquery.jobUser the project",
      "bigquery.readSessionUser the project",
      "storage.objectViewer vigil-test-vigil-raw",
      "storage.objectCreator vigil-test-vigil-raw only quarantine/messages/",
      "storage.objectUser vigil-test-vigil-models",
      "storage.objectUser vigil-test-vigil-mlflow",
      "bigquery.dataViewer vigil",
      "bigquery.dataEditor vigil_staging",
      "bigquery.dataViewer vigil_restricted",
      "bigquery.dataEditor vigil_restricted_staging",
      "pubsub.publisher vigil-predict",
      "run.invoker vigil-mlflow",
      ], [
      # Rows of its own: in each table of these that there is, in both datasets.
      for table in setproduct(["vigil", "vigil_restricted"], setintersection(keys(local.tables), [
        "assessments", "curves", "evaluations", "findings", "heads", "promotions", "runs",
      ])) : "bigquery.dataEditor ${join(".", table)}"
    ]))
    error_message = "train has other rights than these: ${jsonencode(local.of.train)}"
  }

  assert {
    condition = toset(local.of.predict) == toset(concat([
      "bigquery.jobUser the project",
      "bigquery.readSessionUser the project",
      "storage.objectViewer vigil-test-vigil-raw only quarantine/messages/",
      "storage.objectCreator vigil-test-vigil-raw only quarantine/messages/",
      "storage.objectViewer vigil-test-vigil-models",
      "storage.objectUser vigil-test-vigil-reports",
      "bigquery.dataViewer vigil",
      "bigquery.dataEditor vigil_staging",
      "bigquery.dataViewer vigil_restricted",
      "bigquery.dataEditor vigil_restricted_staging",
      ], [
      # Rows of its own: in each table of these that there is, in both datasets.
      for table in setproduct(["vigil", "vigil_restricted"], setintersection(keys(local.tables), [
        "classifications", "contributions", "drift", "findings", "forecasts", "heads", "measures", "members", "outcomes", "outlook", "publications", "runs", "scores",
      ])) : "bigquery.dataEditor ${join(".", table)}"
    ]))
    error_message = "predict has other rights than these: ${jsonencode(local.of.predict)}"
  }

  assert {
    condition = toset(local.of.serve) == toset([
      "bigquery.jobUser the project",
      "bigquery.dataViewer vigil_views",
    ])
    error_message = "serve has other rights than these: ${jsonencode(local.of.serve)}"
  }

  assert {
    condition = toset(local.of.mlflow) == toset([
      "cloudsql.client the project",
      "storage.objectUser vigil-test-vigil-mlflow",
      "secretmanager.secretAccessor vigil-database-password",
    ])
    error_message = "mlflow has other rights than these: ${jsonencode(local.of.mlflow)}"
  }

  assert {
    condition = toset(local.of.build) == toset([
      "logging.logWriter the project",
      "run.developer the project",
      "cloudfunctions.developer the project",
      "artifactregistry.writer vigil",
      "storage.objectViewer vigil-test-vigil-functions",
      "storage.objectCreator vigil-test-vigil-functions only sbom/",
      "iam.serviceAccountUser ingest",
      "iam.serviceAccountUser train",
      "iam.serviceAccountUser predict",
      "iam.serviceAccountUser mlflow",
      "iam.serviceAccountTokenCreator deploy",
    ])
    error_message = "build has other rights than these: ${jsonencode(local.of.build)}"
  }

  # Terraform's own accounts have long lists, in build.tf; here is what they must not be able to do.
  assert {
    condition     = toset(keys(local.of)) == toset(["push", "ingest", "train", "predict", "serve", "mlflow", "build", "deploy", "plan", "pubsub"])
    error_message = "Somebody else has rights: ${jsonencode(keys(local.of))}"
  }
  assert {
    condition     = !anytrue([for one in local.grants : can(regex("^roles/(owner|editor|viewer)$", one[1]))])
    error_message = "A basic role covers all of a project, its tables, too."
  }
  assert {
    condition     = !anytrue([for one in local.grants : can(regex("^all(Authenticated)?Users$", one[0]))])
    error_message = "The public has a right."
  }
  assert {
    condition     = !anytrue([for right in local.of.plan : can(regex("admin|[cC]reator|[eE]ditor|[oO]wner|objectUser|serviceAccountUser|developer", right))])
    error_message = "A pull request's plan could change something: ${jsonencode(local.of.plan)}"
  }
  assert {
    condition     = strcontains(one(google_project_iam_member.hands_on.condition).expression, "hasOnly([") && !strcontains(one(google_project_iam_member.hands_on.condition).expression, "projectIamAdmin")
    error_message = "A deploy could hand on more than the roles that Vigil uses."
  }
  assert {
    condition     = length([for right in local.of.deploy : right if strcontains(right, "serviceAccountUser")]) == 7
    error_message = "A deploy acts as seven accounts, each named, and never as any account of the project."
  }
}
