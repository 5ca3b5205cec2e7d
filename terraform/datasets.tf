# What there is to run, from the files that Python reads. A new dataset is one more YAML file.

locals {
  package = "${path.module}/../shared/vigil"
  stages  = ["ingest", "train", "predict"]

  known = {
    for file in fileset("${local.package}/datasets", "*.yaml") :
    trimsuffix(file, ".yaml") => yamldecode(file("${local.package}/datasets/${file}"))
  }
  datasets = { for name, one in local.known : name => one if length(var.datasets) == 0 || contains(var.datasets, name) }
  personal = { for name, one in local.datasets : name => one if try(one.personal, false) }

  # Every dataset x stage, by the name of its Scheduler job, in which a name has no underscores.
  ticks = merge([
    for name, one in local.datasets : {
      for stage in local.stages : "vigil-${stage}-${replace(name, "_", "-")}" => {
        dataset  = name
        stage    = stage
        cron     = one.schedules[stage]
        timezone = try(one.schedules.timezone, "UTC")
      }
    }
  ]...)

  tables = {
    for file in fileset("${local.package}/tables", "*.json") :
    trimsuffix(file, ".json") => jsondecode(file("${local.package}/tables/${file}"))
  }
}
