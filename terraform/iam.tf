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
    ingest  = { for one in values(local.homes) : one => "WRITER" }
    train   = { for one in values(local.homes) : one => "READER" }
    predict = { for one in values(local.homes) : one => "READER" }
    serve   = { (local.shelves.people.views) = "READER" }
  }
  stagers = ["ingest", "train", "predict"]

  # Tables that a step adds rows to. Both move the head, and say what they did.
  writes = {
    train   = ["assessments", "curves", "evaluations", "findings", "heads", "promotions", "runs"]
    predict = ["classifications", "contributions", "drift", "findings", "forecasts", "heads", "measures", "members", "outcomes", "outlook", "publications", "runs", "scores"]
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
