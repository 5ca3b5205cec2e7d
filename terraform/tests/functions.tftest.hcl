# Nobody but Pub/Sub calls a function, and a function has room to work.

mock_provider "google" {}
mock_provider "archive" {}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}

run "functions" {
  command = plan

  assert {
    condition     = toset(keys(google_cloudfunctions2_function.stage)) == toset(["ingest", "train", "predict"])
    error_message = "A function is missing."
  }
  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.stage : one.service_config[0].ingress_settings == "ALLOW_INTERNAL_ONLY"])
    error_message = "A function answers the internet."
  }
  assert {
    condition     = google_cloud_run_v2_service.mlflow.ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && google_cloud_run_v2_service.mlflow.invoker_iam_disabled == false
    error_message = "MLflow answers the internet, or asks nobody who they are."
  }
  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.stage : length(one.event_trigger) == 0])
    error_message = "A trigger of the platform has no dead letters: our own subscription pushes."
  }
  assert {
    condition = alltrue([
      for stage, one in google_cloudfunctions2_function.stage :
      tonumber(trimsuffix(one.service_config[0].available_memory, "Gi")) * 1024 >= 1.5 * local.sizes[stage].measured_mib
    ])
    error_message = "Memory has to be half as much again as the measured peak, at least."
  }
  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.stage : one.service_config[0].max_instance_request_concurrency == 1 && one.service_config[0].max_instance_count == length(local.datasets)])
    error_message = "The memory is measured for one delivery at a time; more instances than datasets only race."
  }
  assert {
    condition     = alltrue([for stage, one in google_cloudfunctions2_function.stage : one.build_config[0].runtime == "python313" && one.build_config[0].entry_point == stage])
    error_message = "A function's entry point bears its stage's name, on Python 3.13."
  }
  assert {
    condition     = alltrue([for one in google_cloudfunctions2_function.stage : one.build_config[0].source[0].storage_source[0].object != "" && one.service_config[0].all_traffic_on_latest_revision])
    error_message = "A function would not run what was applied."
  }
  assert {
    condition = alltrue([
      for stage, files in output.zips :
      length(setsubtract(["main.py", "requirements.txt", "vigil/__init__.py", "vigil/steps/${stage}.py", "vigil/datasets/owid.yaml", "vigil/tables/heads.json"], keys(files))) == 0
    ])
    error_message = "A zip lacks what its function imports or reads."
  }
  assert {
    condition     = alltrue([for files in values(output.zips) : !anytrue([for name in keys(files) : startswith(name, "vigil/local/") || strcontains(name, "__pycache__")])])
    error_message = "A zip carries what only one machine needs."
  }
  assert {
    condition     = contains(google_cloud_run_v2_service.mlflow.template[0].containers[0].args, "--allowed-hosts") && contains(google_cloud_run_v2_service.mlflow.template[0].containers[0].args, "--no-serve-artifacts")
    error_message = "MLflow would answer 403 to its own address, or carry every file itself."
  }
  assert {
    condition     = google_cloud_run_v2_service.mlflow.scaling[0].min_instance_count == 0 && alltrue([for one in google_cloudfunctions2_function.stage : one.service_config[0].min_instance_count == 0])
    error_message = "Something is paid for while nothing happens."
  }
  assert {
    condition     = !google_sql_database_instance.mlflow.settings[0].ip_configuration[0].ipv4_enabled && google_sql_database_instance.mlflow.settings[0].backup_configuration[0].enabled
    error_message = "MLflow's database has a public address, or no backup."
  }
}
