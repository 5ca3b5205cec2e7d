# MLflow's database: no public address, and nobody gets in with a password alone.

resource "google_sql_database_instance" "mlflow" {
  name                = "vigil-mlflow"
  region              = var.region
  database_version    = "POSTGRES_17"
  deletion_protection = var.deletion_protection
  depends_on          = [google_service_networking_connection.google]

  settings {
    edition                     = "ENTERPRISE"
    tier                        = "db-f1-micro" # the smallest: MLflow writes a few hundred rows a training
    availability_type           = "ZONAL"       # a lost registry is written again from the models bucket
    disk_size                   = 10
    disk_autoresize_limit       = 50
    connector_enforcement       = "REQUIRED" # who has no right to connect gets nowhere with the password
    deletion_protection_enabled = var.deletion_protection
    user_labels                 = merge(local.labels, { stage = "mlflow" })

    ip_configuration {
      ipv4_enabled    = false
      private_network = google_compute_network.vigil.id
      ssl_mode        = "ENCRYPTED_ONLY"
    }
    database_flags {
      name  = "log_checkpoints"
      value = "on"
    }
    database_flags {
      name  = "log_connections"
      value = "on"
    }
    database_flags {
      name  = "log_disconnections"
      value = "on"
    }
    database_flags {
      name  = "log_lock_waits"
      value = "on"
    }
    backup_configuration {
      enabled                        = true
      start_time                     = "02:00"
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      backup_retention_settings {
        retained_backups = 7
      }
    }
    maintenance_window {
      day  = 7
      hour = 4
    }
  }
}

resource "google_sql_database" "mlflow" {
  name     = "mlflow"
  instance = google_sql_database_instance.mlflow.name
}
