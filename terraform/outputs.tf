output "buckets" {
  description = "What lies where"
  value       = { for name, one in google_storage_bucket.bucket : name => one.url }
}

output "mlflow_url" {
  description = "Where MLflow answers, inside the network, whom its invokers are"
  value       = google_cloud_run_v2_service.mlflow.uri
}

output "looker_url" {
  description = "Makes a Looker Studio report whose sources are the views"
  value = join("&", concat(
    ["https://${var.looker_host}/reporting/create?c.mode=edit&r.reportName=Vigil"],
    flatten([
      for number, name in sort([for key, one in local.views : one.name if one.shelf == "people"]) : [
        "ds.ds${number}.connector=bigQuery", "ds.ds${number}.type=TABLE", "ds.ds${number}.datasourceName=${name}",
        "ds.ds${number}.projectId=${var.project}", "ds.ds${number}.datasetId=${local.shelves.people.views}",
        "ds.ds${number}.tableId=${name}", "ds.ds${number}.billingProjectId=${var.project}",
      ]
    ]),
  ))
}

output "todays_forecasts" {
  description = "A command that shows the newest forecasts"
  value       = "bq query --project_id=${var.project} --location=${var.location} --use_legacy_sql=false --maximum_bytes_billed=1000000000 'SELECT dataset, target, series, target_date, median, low95, high95 FROM `${var.project}.${local.shelves.people.views}.latest_forecasts` ORDER BY issued_at DESC, target_date LIMIT 20'"
}

output "zips" {
  description = "What each function's zip holds: name in it -> file. scripts/staged zips exactly this"
  value       = module.zips.files
}

output "jobs" {
  description = "Scheduler jobs, and when each is due"
  value       = { for name, one in local.ticks : name => "${one.cron} ${one.timezone}" }
}
