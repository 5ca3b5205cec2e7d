# Pushes to the main branch test, build, plan and apply; pull requests test and plan, and can change nothing.

locals {
  # What Terraform changes, service by service. None of it is an owner's or an editor's role.
  deploy_roles = [
    "artifactregistry.admin", "bigquery.admin", "cloudbuild.builds.editor", "cloudfunctions.admin", "cloudquotas.admin",
    "cloudscheduler.admin", "cloudsql.admin", "compute.networkAdmin", "compute.securityAdmin", "iam.serviceAccountAdmin",
    "logging.configWriter", "monitoring.admin", "pubsub.admin", "run.admin", "secretmanager.admin",
    "servicenetworking.networksAdmin", "serviceusage.serviceUsageAdmin", "storage.admin", "vpcaccess.admin",
  ]

  # What it looks at to plan: settings and rights, no rows and no people's files. The basic role of a
  # viewer would be shorter, and would read every table.
  plan_roles = [
    "artifactregistry.reader", "bigquery.metadataViewer", "cloudbuild.builds.viewer", "cloudfunctions.viewer", "cloudquotas.viewer",
    "cloudscheduler.viewer", "cloudsql.viewer", "compute.networkViewer", "iam.securityReviewer", "iam.serviceAccountViewer",
    "logging.logWriter", "logging.viewer", "monitoring.viewer", "pubsub.viewer", "run.viewer", "secretmanager.viewer",
    "serviceusage.serviceUsageConsumer", "storage.bucketViewer", "vpcaccess.viewer",
  ]

  # What it may hand on: the project's roles that the tables name, and no others.
  handed_on = distinct([for role in flatten(values(local.project_roles)) : "roles/${role}"])

  triggers = var.github == null ? {} : {
    push    = { file = "cloudbuild.yaml", account = "build", about = "Tests, builds, applies, and tries it" }
    pull    = { file = "cloudbuild.pull.yaml", account = "plan", about = "Tests and plans; changes nothing" }
    release = { file = "cloudbuild.release.yaml", account = "plan", about = "The long tests of a tag; changes nothing" }
  }
  substitutions = {
    push = {
      _REGION       = var.region
      _STATE_BUCKET = var.state_bucket
      _REPOSITORY   = local.images
      _DEPLOY       = google_service_account.identity["deploy"].email
      _DATASET      = local.smoke_dataset
      _VARIABLES    = local.variables
    }
    pull = {
      _STATE_BUCKET = var.state_bucket
      _VARIABLES    = local.variables
    }
    release = {}
  }
  # The build plans with the variables of the last apply by hand; none of them is a secret.
  variables = jsonencode({
    project          = var.project
    region           = var.region
    location         = var.location
    datasets         = var.datasets
    warehouse        = var.warehouse
    retention_days   = var.retention_days
    alert_email      = var.alert_email
    readers          = var.readers
    registry_readers = var.registry_readers
    senders          = var.senders
    query_tib_a_day  = var.query_tib_a_day
    budget           = var.budget
    github           = var.github
    state_bucket     = var.state_bucket
    looker_host      = var.looker_host
  })
  smoke_dataset = try(sort(keys({ for name, one in local.datasets : name => one if !contains(keys(local.personal), name) }))[0], "")
}

resource "google_artifact_registry_repository" "images" {
  repository_id = "vigil"
  location      = var.region
  format        = "DOCKER"
  description   = "Images of MLflow, of the training job, and of the functions"
  depends_on    = [google_project_service.api]

  cleanup_policies {
    id     = "keep-the-last"
    action = "KEEP"
    most_recent_versions {
      keep_count = 10
    }
  }
  cleanup_policies {
    id     = "drop-the-old"
    action = "DELETE"
    condition {
      older_than = "7776000s" # 90 days
    }
  }
}

resource "google_cloudbuild_trigger" "github" {
  for_each           = local.triggers
  name               = "vigil-${each.key}"
  location           = var.region
  description        = each.value.about
  filename           = each.value.file
  service_account    = google_service_account.identity[each.value.account].id
  include_build_logs = "INCLUDE_BUILD_LOGS_WITH_STATUS"
  substitutions      = local.substitutions[each.key]

  github {
    owner = var.github.owner
    name  = var.github.name

    dynamic "push" {
      for_each = each.key == "pull" ? [] : [1]
      content {
        branch = each.key == "push" ? "^${var.github.branch}$" : null
        tag    = each.key == "release" ? "^v[0-9]" : null
      }
    }
    dynamic "pull_request" {
      for_each = each.key == "pull" ? [1] : []
      content {
        branch          = "^${var.github.branch}$"
        comment_control = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY" # a stranger's code waits for a maintainer
      }
    }
  }
}

resource "google_artifact_registry_repository_iam_member" "build" {
  location   = var.region
  repository = google_artifact_registry_repository.images.repository_id
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.identity["build"].member
}

# The build puts code to work as the runtime accounts, and as no other.
resource "google_service_account_iam_member" "acts_as" {
  for_each           = { for one in setproduct(["build", "deploy"], local.runtimes) : join("/", one) => { who = one[0], as = one[1] } }
  service_account_id = google_service_account.identity[each.value.as].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.identity[each.value.who].member
}

# A deploy also names the accounts that push, build and plan: Google asks for the right to act as them.
resource "google_service_account_iam_member" "names" {
  for_each           = toset(["push", "build", "plan"])
  service_account_id = google_service_account.identity[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.identity["deploy"].member
}

# Terraform runs as `deploy`, which the build of the main branch alone can become, for an hour, without a key.
resource "google_service_account_iam_member" "becomes" {
  service_account_id = google_service_account.identity["deploy"].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.identity["build"].member
}

resource "google_project_iam_member" "hands_on" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.identity["deploy"].member

  condition {
    title      = "only the roles that Vigil uses"
    expression = "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(${jsonencode(local.handed_on)})"
  }
}

resource "google_storage_bucket_iam_member" "state" {
  for_each = { deploy = "roles/storage.objectUser", plan = "roles/storage.objectViewer" }
  bucket   = var.state_bucket
  role     = each.value
  member   = google_service_account.identity[each.key].member
}
