# Buckets. Nothing in `raw` is ever changed, so what is superseded there is an accident to undo.

locals {
  buckets = {
    raw        = { versioned = true }
    restricted = { versioned = false } # what must be forgotten must not linger as an old version
    models     = { versioned = true }
    mlflow     = { versioned = true }
    reports    = { versioned = true } # written over every day, under stable names
    functions  = { versioned = false }
  }

  # What goes by itself: `delete` an object of that age under these prefixes.
  expiries = {
    models = [{ age = 60, prefixes = ["checkpoints/"] }] # of trainings that nobody finished
    restricted = [
      for name, one in local.personal : {
        age      = one.retention_days
        prefixes = [for zone in ["raw", "arrivals", "inbox", "quarantine", "erasures"] : "${zone}/${name}/"]
      }
    ]
  }
}

resource "google_storage_bucket" "bucket" {
  for_each                    = local.buckets
  name                        = "${var.project}-vigil-${each.key}"
  location                    = var.location
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = { content = each.key }
  depends_on                  = [google_project_service.api]

  versioning {
    enabled = each.value.versioned
  }

  soft_delete_policy {
    # None where who asks to be forgotten must be: what is deleted there is gone (docs/privacy.md).
    retention_duration_seconds = each.key == "restricted" ? 0 : 86400 * var.retention_days
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.versioned ? [1] : []
    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = var.retention_days
        with_state                 = "ARCHIVED"
      }
    }
  }

  dynamic "lifecycle_rule" {
    for_each = lookup(local.expiries, each.key, [])
    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value.age
        matches_prefix = lifecycle_rule.value.prefixes
      }
    }
  }

  lifecycle {
    prevent_destroy = true # everything else can be rebuilt from `raw`
  }
}
