# One page: what ran, how long it took, what waits, how fresh and how right it is.

locals {
  charts = [
    { title = "Attempts, by what became of them", filter = "${local.runs}vigil-attempts\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.step", "metric.label.status"] },
    { title = "Errors, by dataset", filter = "${local.runs}vigil-errors\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = ["metric.label.dataset"] },
    { title = "Seconds an attempt (95th percentile)", filter = "${local.runs}vigil-seconds\"", aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["metric.label.dataset", "metric.label.step"] },
    { title = "Dead letters", filter = local.alerts.dead-letters.filter, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
    { title = "Seconds the oldest message has waited", filter = local.alerts.oldest-message.filter, aligner = "ALIGN_MAX", reducer = "REDUCE_MAX", by = ["resource.label.subscription_id"] },
    { title = "Days since the newest date", filter = "${local.runs}vigil-stale-days\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.dataset"] },
    { title = "Days since what the champion knows", filter = "${local.runs}vigil-model-days\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["metric.label.dataset"] },
    { title = "Outcomes inside the 95% band", filter = "${local.runs}vigil-coverage95\"", aligner = "ALIGN_PERCENTILE_50", reducer = "REDUCE_MEAN", by = ["metric.label.dataset"] },
    { title = "Memory of the functions, share of the limit", filter = "resource.type=\"cloud_run_revision\" AND metric.type=\"run.googleapis.com/container/memory/utilizations\"", aligner = "ALIGN_PERCENTILE_99", reducer = "REDUCE_MAX", by = ["resource.label.service_name"] },
    { title = "Bytes that queries were billed for", filter = "resource.type=\"global\" AND metric.type=\"bigquery.googleapis.com/query/statement_scanned_bytes_billed\"", aligner = "ALIGN_DELTA", reducer = "REDUCE_SUM", by = [] },
  ]
}

resource "google_monitoring_dashboard" "vigil" {
  depends_on = [google_logging_metric.counter, google_logging_metric.gauge]
  dashboard_json = jsonencode({
    displayName = "Vigil"
    mosaicLayout = {
      columns = 12
      tiles = [
        for number, chart in local.charts : {
          xPos = number % 2 * 6, yPos = floor(number / 2) * 4, width = 6, height = 4
          widget = {
            title = chart.title
            xyChart = {
              dataSets = [{
                plotType = "LINE"
                timeSeriesQuery = { timeSeriesFilter = {
                  filter = chart.filter
                  aggregation = {
                    alignmentPeriod    = "3600s"
                    perSeriesAligner   = chart.aligner
                    crossSeriesReducer = chart.reducer
                    groupByFields      = chart.by
                  }
                } }
              }]
            }
          }
        }
      ]
    }
  })
}
