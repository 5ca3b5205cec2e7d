# A Tick for every dataset and stage, when its file says.

resource "google_cloud_scheduler_job" "tick" {
  for_each    = local.ticks
  name        = each.key
  description = "Sends ${each.value.dataset} to ${each.value.stage}"
  region      = var.region
  schedule    = each.value.cron
  time_zone   = each.value.timezone

  # A Tick without a moment: its publication counts. Two at once are one commit.
  pubsub_target {
    topic_name = google_pubsub_topic.stage[each.value.stage].id
    data       = base64encode(jsonencode({ v = 1, dataset = each.value.dataset }))
  }

  retry_config {
    retry_count          = 5
    min_backoff_duration = "10s"
    max_backoff_duration = "600s"
  }

  lifecycle {
    ignore_changes = [paused] # `vigil jobs pause` is a person's word, and a deploy must not undo it
  }
}
