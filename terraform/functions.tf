# The three functions: HTTP behind our own push subscriptions, called by nobody else.

module "zips" {
  source = "./zips"
}

locals {
  # One delivery an instance at a time: two would need twice the memory. An instance a dataset at
  # most: more would race for the same head. Peaks are measured (docs/benchmarks.md); the tests ask
  # for half as much again.
  sizes = {
    ingest  = { cpu = "1", memory = "1Gi", measured_mib = 460 }
    train   = { cpu = "2", memory = "2Gi", measured_mib = 1156 }
    predict = { cpu = "2", memory = "2Gi", measured_mib = 996 }
  }
  step_seconds    = 480 # a function stops its own work
  timeout_seconds = 590 # its last calls may outlive that by two minutes at most; Pub/Sub waits 600

  environment = {
    VIGIL_PROJECT              = var.project
    VIGIL_REGION               = var.region
    VIGIL_WAREHOUSE            = local.homes.warehouse
    VIGIL_RESTRICTED_WAREHOUSE = local.homes.restricted
    VIGIL_RAW_BUCKET           = google_storage_bucket.bucket["raw"].name
    VIGIL_RESTRICTED_BUCKET    = google_storage_bucket.bucket["restricted"].name
    VIGIL_MODELS_BUCKET        = google_storage_bucket.bucket["models"].name
    VIGIL_REPORTS_BUCKET       = google_storage_bucket.bucket["reports"].name
    VIGIL_REVISION             = var.revision
    VIGIL_STEP_SECONDS         = tostring(local.step_seconds)
    OMP_WAIT_POLICY            = "passive"
  }
  own_environment = {
    train = { MLFLOW_TRACKING_URI = google_cloud_run_v2_service.mlflow.uri }
  }
}

data "archive_file" "function" {
  for_each    = module.zips.files
  type        = "zip"
  output_path = "${path.module}/.build/${each.key}.zip"

  dynamic "source" {
    for_each = each.value
    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket_object" "function" {
  for_each = module.zips.files
  bucket   = google_storage_bucket.bucket["functions"].name
  name     = "${each.key}-${data.archive_file.function[each.key].output_sha256}.zip" # other code, other name
  source   = data.archive_file.function[each.key].output_path
}

resource "google_cloudfunctions2_function" "stage" {
  for_each    = module.zips.files
  name        = "vigil-${each.key}"
  location    = var.region
  description = "Takes a Tick, makes one commit"
  labels      = { stage = each.key }

  # Its build and its first start ask for all of these.
  depends_on = [
    google_project_iam_member.role,
    google_storage_bucket_iam_member.role,
    google_artifact_registry_repository_iam_member.build,
    google_secret_manager_secret_iam_member.role,
  ]

  build_config {
    runtime           = "python313"
    entry_point       = each.key
    service_account   = google_service_account.identity["build"].id
    docker_repository = google_artifact_registry_repository.images.id
    source {
      storage_source {
        bucket = google_storage_bucket_object.function[each.key].bucket
        object = google_storage_bucket_object.function[each.key].name
      }
    }
  }

  service_config {
    service_account_email            = google_service_account.identity[each.key].email
    ingress_settings                 = "ALLOW_INTERNAL_ONLY" # Pub/Sub of the same project is inside
    available_cpu                    = local.sizes[each.key].cpu
    available_memory                 = local.sizes[each.key].memory
    timeout_seconds                  = local.timeout_seconds
    min_instance_count               = 0
    max_instance_count               = max(length(local.datasets), 1)
    max_instance_request_concurrency = 1
    all_traffic_on_latest_revision   = true
    environment_variables            = merge(local.environment, lookup(local.own_environment, each.key, {}))

    # Train alone speaks to a service of ours: through the network, for MLflow lets nobody else in.
    vpc_connector                 = each.key == "train" ? google_vpc_access_connector.train.id : null
    vpc_connector_egress_settings = each.key == "train" ? "ALL_TRAFFIC" : null

    dynamic "secret_environment_variables" {
      for_each = each.key == "ingest" ? [google_secret_manager_secret.secret["hash-key"].secret_id] : []
      content {
        key        = "VIGIL_HASH_KEY"
        project_id = var.project
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }
}

# Trainings that five deliveries cannot finish: the same code, the same account, no function's limits.
#   gcloud run jobs execute vigil-train --region REGION --args=train,NAME
resource "google_cloud_run_v2_job" "train" {
  name                = "vigil-train"
  location            = var.region
  deletion_protection = var.deletion_protection
  labels              = { stage = "train" }
  depends_on          = [google_project_iam_member.role]

  template {
    template {
      service_account = google_service_account.identity["train"].email
      timeout         = "43200s" # as long as the command allows itself
      max_retries     = 2        # it goes on from its checkpoints
      containers {
        image = "${local.images}/train:${var.image_tag}"
        args  = ["train", "--help"] # which dataset is for whoever starts it to say
        resources {
          limits = { cpu = local.sizes.train.cpu, memory = "4Gi" }
        }
        dynamic "env" {
          for_each = merge(local.environment, local.own_environment.train)
          content {
            name  = env.key
            value = env.value
          }
        }
      }
      vpc_access {
        egress = "ALL_TRAFFIC"
        network_interfaces {
          network    = google_compute_network.vigil.id
          subnetwork = google_compute_subnetwork.vigil.id
        }
      }
    }
  }
}
