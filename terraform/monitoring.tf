# What is counted and who is told. Each alert has a section in docs/runbook.md.

locals {
  ours    = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^vigil-\""
  runs    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/"
  waiting = "resource.type=\"pubsub_subscription\" AND resource.labels.subscription_id="

  # Lines of the functions' logs: one for every attempt (shared/vigil/ledger.py), whatever became of it.
  counters = {
    vigil-attempts = { filter = "jsonPayload.status!=\"\"", labels = ["dataset", "step", "status"] }
    vigil-errors   = { filter = "severity>=ERROR", labels = ["dataset", "step"] }
  }
  # Numbers that a line carries.
  gauges = {
    vigil-seconds    = { field = "seconds", unit = "s", about = "How long an attempt took" }
    vigil-stale-days = { field = "stale_days", unit = "d", about = "Days since the newest date of a dataset" }
    vigil-model-days = { field = "model_days", unit = "d", about = "Days since what the champion knows" }
    vigil-coverage95 = { field = "coverage95", unit = "1", about = "Share of settled outcomes inside the 95% band" }
  }

  # A source that has ended is stale for ever, and nobody's fault.
  live = {
    for name, one in local.datasets : name => max([
      for source in values(one.sources) : try(source.expect.stale_days, 7) if !can(source.ended)
    ]...) if anytrue([for source in values(one.sources) : !can(source.ended) && can(source.url)])
  }

  alerts = merge(
    {
      failure = {
        title  = "A step failed or refused its input", severity = "WARNING", above = 0, for = "0s"
        filter = "${local.runs}vigil-errors\"", period = 600, aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.dataset", "metric.label.step"]
      }
      dead-letters = {
        title  = "A message failed five times", severity = "CRITICAL", above = 0, for = "0s"
        filter = "${local.waiting}monitoring.regex.full_match(\"vigil-.*-dead\") AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
        period = 300, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"]
      }
      oldest-message = {
        title  = "A message has waited for two hours", severity = "WARNING", above = 7200, for = "0s"
        filter = "${local.waiting}monitoring.regex.full_match(\"vigil-(${join("|", local.stages)})\") AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
        period = 300, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"]
      }
      coverage = {
        title  = "Too few outcomes fall inside the 95% band", severity = "WARNING", below = 0.85, for = "0s"
        filter = "${local.runs}vigil-coverage95\"", period = 86400, aligner = "ALIGN_PERCENTILE_50", reducer = "REDUCE_MIN", by = ["metric.label.dataset"]
      }
    },
    { for name, days in local.live : "stale-${name}" => {
      title  = "${name} has had no new data for more than ${days} days", severity = "WARNING", above = days, for = "0s"
      filter = "${local.runs}vigil-stale-days\" AND metric.labels.dataset=\"${name}\"", period = 86400, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.dataset"]
    } },
    { for name, days in local.live : "model-age-${name}" => {
      title  = "${name} is forecast by a model of more than 45 days", severity = "WARNING", above = 45, for = "0s"
      filter = "${local.runs}vigil-model-days\" AND metric.labels.dataset=\"${name}\"", period = 86400, aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.dataset"]
    } },
  )
  sections = { for name, one in local.alerts : name => startswith(name, "stale-") ? "stale" : startswith(name, "model-age-") ? "model-age" : name }
}

resource "google_logging_metric" "counter" {
  for_each         = local.counters
  name             = each.key
  filter           = "${local.ours} AND ${each.value.filter}"
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }
  depends_on       = [google_project_service.api]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    dynamic "labels" {
      for_each = each.value.labels
      content {
        key = labels.value
      }
    }
  }
}

resource "google_logging_metric" "gauge" {
  for_each         = local.gauges
  name             = each.key
  description      = each.value.about
  filter           = "${local.ours} AND jsonPayload.${each.value.field}>=0"
  value_extractor  = "EXTRACT(jsonPayload.${each.value.field})"
  label_extractors = { for label in ["dataset", "step"] : label => "EXTRACT(jsonPayload.${label})" }
  depends_on       = [google_project_service.api]

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit
    dynamic "labels" {
      for_each = ["dataset", "step"]
      content {
        key = labels.value
      }
    }
  }
}

resource "google_monitoring_notification_channel" "mail" {
  display_name = "Vigil"
  type         = "email"
  labels       = { email_address = var.alert_email }
  depends_on   = [google_project_service.api]
}

resource "google_monitoring_alert_policy" "alert" {
  for_each              = local.alerts
  display_name          = "Vigil: ${each.value.title}"
  combiner              = "OR"
  severity              = each.value.severity
  notification_channels = [google_monitoring_notification_channel.mail.id]
  user_labels           = merge(local.labels, { alert = each.key })
  depends_on            = [google_logging_metric.counter, google_logging_metric.gauge]

  conditions {
    display_name = each.value.title
    condition_threshold {
      filter          = each.value.filter
      comparison      = can(each.value.above) ? "COMPARISON_GT" : "COMPARISON_LT"
      threshold_value = try(each.value.above, each.value.below)
      duration        = each.value.for
      aggregations {
        alignment_period     = "${each.value.period}s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.by
      }
    }
  }

  documentation {
    subject = "Vigil: ${each.value.title}"
    content = "docs/runbook.md, section \"${local.sections[each.key]}\", says what it means, what to look at and what to do."
  }
  alert_strategy {
    auto_close = "86400s"
  }
}

# No line of any attempt for nearly a day: nobody ticks, or nobody listens.
resource "google_monitoring_alert_policy" "silence" {
  display_name          = "Vigil: nothing has run for a day"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = [google_monitoring_notification_channel.mail.id]
  user_labels           = merge(local.labels, { alert = "silence" })
  depends_on            = [google_logging_metric.counter]

  conditions {
    display_name = "No attempt of any step"
    condition_absent {
      filter   = "${local.runs}vigil-attempts\""
      duration = "84600s" # 23.5 hours, the longest there is
      aggregations {
        alignment_period     = "3600s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  documentation {
    subject = "Vigil: nothing has run for a day"
    content = "docs/runbook.md, section \"silence\", says what it means, what to look at and what to do."
  }
}

resource "google_billing_budget" "month" {
  count           = var.budget == null ? 0 : 1
  billing_account = var.budget.billing_account
  display_name    = "Vigil"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }
  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(var.budget.amount)
    }
  }
  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]
    content {
      threshold_percent = threshold_rules.value
    }
  }
  all_updates_rule {
    monitoring_notification_channels = [google_monitoring_notification_channel.mail.id]
  }
}
