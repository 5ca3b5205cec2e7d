# A topic per stage, our own push subscription to its function, and a place for what fails five times.

locals {
  attempts    = 5
  ack_seconds = 600 # the longest there is; a slower handler would be pushed to again while it works
  pubsub      = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "stage" {
  for_each   = toset(local.stages)
  name       = "vigil-${each.key}"
  labels     = { stage = each.key }
  depends_on = [google_project_service.api]
}

resource "google_pubsub_topic" "dead" {
  for_each   = toset(local.stages)
  name       = "vigil-${each.key}-dead"
  labels     = { stage = each.key }
  depends_on = [google_project_service.api]
}

resource "google_pubsub_subscription" "push" {
  for_each                   = toset(local.stages)
  name                       = "vigil-${each.key}"
  topic                      = google_pubsub_topic.stage[each.key].id
  ack_deadline_seconds       = local.ack_seconds
  message_retention_duration = "604800s" # a week of outage loses nothing
  labels                     = { stage = each.key }

  push_config {
    push_endpoint = google_cloudfunctions2_function.stage[each.key].service_config[0].uri
    oidc_token {
      service_account_email = google_service_account.identity["push"].email
      audience              = google_cloudfunctions2_function.stage[each.key].service_config[0].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = local.attempts
  }

  expiration_policy {
    ttl = "" # never: a dataset may rest for a month
  }
}

# Without a subscription a dead letter would be lost. `vigil redrive` reads this one.
resource "google_pubsub_subscription" "dead" {
  for_each                   = toset(local.stages)
  name                       = "vigil-${each.key}-dead"
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s" # 31 days to look at it
  labels                     = { stage = each.key }

  expiration_policy {
    ttl = ""
  }
}

# Pub/Sub itself moves a dead letter: it publishes to one topic, and acknowledges at the other.
resource "google_pubsub_topic_iam_member" "buries" {
  for_each = toset(local.stages)
  topic    = google_pubsub_topic.dead[each.key].name
  role     = "roles/pubsub.publisher"
  member   = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "takes_away" {
  for_each     = toset(local.stages)
  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}
