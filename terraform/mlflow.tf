# MLflow: a mirror of what was decided (docs/adr/0007). It scales to zero; its database does not.

locals {
  images          = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
  mlflow_database = "postgresql://mlflow@127.0.0.1:5432/mlflow" # the proxy's end; libpq finds the password itself

  # The image starts Cloud SQL's proxy to that instance, and then what it is told to.
  mlflow_environment = {
    INSTANCE                            = google_sql_database_instance.mlflow.connection_name
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION  = "false" # fewer processes: 457 MiB in place of 1.1 GiB
    MLFLOW_ALLOW_PICKLE_DESERIALIZATION = "false"
    MLFLOW_DISABLE_TELEMETRY            = "true"
  }
  mlflow_serves = [
    "mlflow", "server", "--host", "0.0.0.0", "--port", "8080", "--workers", "1",
    "--backend-store-uri", local.mlflow_database,
    # Clients read and write files in the bucket themselves: no limit of 32 MB a request.
    "--no-serve-artifacts", "--default-artifact-root", "gs://${google_storage_bucket.bucket["mlflow"].name}",
    # Else all is 403 while /health says 200. An address has two spellings, by number and by hash.
    "--allowed-hosts", "vigil-mlflow-*.run.app",
  ]
}

resource "google_cloud_run_v2_service" "mlflow" {
  name                 = "vigil-mlflow"
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_INTERNAL_ONLY"
  invoker_iam_disabled = false
  deletion_protection  = var.deletion_protection
  labels               = { stage = "mlflow" }
  depends_on           = [google_secret_manager_secret_iam_member.role]

  scaling {
    min_instance_count = 0
  }

  template {
    service_account                  = google_service_account.identity["mlflow"].email
    timeout                          = "60s"
    max_instance_request_concurrency = 20

    scaling {
      max_instance_count = 2
    }

    containers {
      image = "${local.images}/mlflow:${var.image_tag}"
      args  = local.mlflow_serves

      ports {
        container_port = 8080
      }
      resources {
        limits            = { cpu = "1", memory = "1Gi" }
        cpu_idle          = true
        startup_cpu_boost = true # it starts in 7 to 16 seconds
      }
      startup_probe {
        period_seconds    = 5
        failure_threshold = 24
        http_get {
          path = "/health"
        }
      }
      dynamic "env" {
        for_each = local.mlflow_environment
        content {
          name  = env.key
          value = env.value
        }
      }
      env {
        name = "PGPASSWORD"
        value_source {
          secret_key_ref {
            secret  = google_secret_manager_secret.secret["database-password"].secret_id
            version = "latest"
          }
        }
      }
    }

    vpc_access {
      egress = "PRIVATE_RANGES_ONLY"
      network_interfaces {
        network    = google_compute_network.vigil.id
        subnetwork = google_compute_subnetwork.vigil.id
      }
    }
  }
}

# Two servers that bring one database up to date crash: a job does it, once, before a new version serves.
resource "google_cloud_run_v2_job" "migrate" {
  name                = "vigil-mlflow-migrate"
  location            = var.region
  deletion_protection = var.deletion_protection
  labels              = { stage = "mlflow" }
  depends_on          = [google_secret_manager_secret_iam_member.role]

  template {
    task_count = 1
    template {
      service_account = google_service_account.identity["mlflow"].email
      timeout         = "600s"
      max_retries     = 0
      containers {
        image = "${local.images}/mlflow:${var.image_tag}"
        args  = ["mlflow", "db", "upgrade", local.mlflow_database]
        resources {
          limits = { cpu = "1", memory = "1Gi" }
        }
        dynamic "env" {
          for_each = local.mlflow_environment
          content {
            name  = env.key
            value = env.value
          }
        }
        env {
          name = "PGPASSWORD"
          value_source {
            secret_key_ref {
              secret  = google_secret_manager_secret.secret["database-password"].secret_id
              version = "latest"
            }
          }
        }
      }
      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = google_compute_network.vigil.id
          subnetwork = google_compute_subnetwork.vigil.id
        }
      }
    }
  }
}
