mock_provider "google" {}
mock_provider "archive" {}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "vigil-test-state"
}

run "whole" {
  command = plan
  assert {
    condition     = length(google_cloud_scheduler_job.tick) == length(local.datasets) * length(local.stages)
    error_message = "jobs"
  }
}
