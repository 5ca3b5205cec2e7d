# A message reaches its function, comes again while it fails, and is kept when it has failed too often.

mock_provider "google" {}
mock_provider "archive" {}

override_resource {
  target          = google_pubsub_topic.dead["ingest"]
  override_during = plan
  values          = { id = "projects/vigil-test/topics/vigil-ingest-dead" }
}

override_resource {
  target          = google_pubsub_topic.dead["train"]
  override_during = plan
  values          = { id = "projects/vigil-test/topics/vigil-train-dead" }
}

override_resource {
  target          = google_pubsub_topic.dead["predict"]
  override_during = plan
  values          = { id = "projects/vigil-test/topics/vigil-predict-dead" }
}

override_resource {
  target          = google_service_account.identity["push"]
  override_during = plan
  values          = { email = "vigil-push@vigil-test.iam.gserviceaccount.com" }
}

variables {
  project      = "vigil-test"
  alert_email  = "vigil@example.org"
  state_bucket = "state"
}

run "messages_and_jobs" {
  command = plan

  assert {
    condition     = toset(keys(google_pubsub_subscription.push)) == toset(["ingest", "train", "predict"])
    error_message = "A stage has no subscription."
  }
  assert {
    condition = alltrue([
      for stage, one in google_pubsub_subscription.push :
      one.dead_letter_policy[0].dead_letter_topic == "projects/vigil-test/topics/vigil-${stage}-dead" && one.dead_letter_policy[0].max_delivery_attempts == 5
    ])
    error_message = "A message that fails five times has nowhere to go."
  }
  assert {
    condition     = alltrue([for stage, one in google_pubsub_topic.dead : google_pubsub_subscription.dead[stage].topic == "projects/vigil-test/topics/vigil-${stage}-dead"])
    error_message = "A dead-letter topic has no subscription: what is published there is lost."
  }
  assert {
    condition = alltrue([
      for stage, one in google_pubsub_subscription.push :
      one.ack_deadline_seconds <= 600 && one.ack_deadline_seconds >= google_cloudfunctions2_function.stage[stage].service_config[0].timeout_seconds
    ])
    error_message = "A function may work longer than Pub/Sub waits: the message comes again meanwhile."
  }
  assert {
    condition = alltrue([
      for one in google_cloudfunctions2_function.stage :
      tonumber(one.service_config[0].environment_variables.VIGIL_STEP_SECONDS) + 60 <= one.service_config[0].timeout_seconds
    ])
    error_message = "A function that stops in time has no time left to say so."
  }
  assert {
    condition     = alltrue([for one in concat(values(google_pubsub_subscription.push), values(google_pubsub_subscription.dead)) : one.expiration_policy[0].ttl == ""])
    error_message = "A subscription that nothing comes through for a month would vanish."
  }
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.retry_policy[0].minimum_backoff == "10s" && one.retry_policy[0].maximum_backoff == "600s"])
    error_message = "Retries wait 10 to 600 seconds."
  }
  assert {
    condition     = alltrue([for one in google_pubsub_subscription.push : one.push_config[0].oidc_token[0].service_account_email == "vigil-push@vigil-test.iam.gserviceaccount.com"])
    error_message = "A push comes without the push account's token."
  }
  assert {
    condition     = toset(keys(google_pubsub_topic_iam_member.buries)) == toset(local.stages) && toset(keys(google_pubsub_subscription_iam_member.takes_away)) == toset(local.stages)
    error_message = "Pub/Sub may not move a message to its dead letters."
  }

  assert {
    condition     = length(google_cloud_scheduler_job.tick) == length(local.known) * 3
    error_message = "Every dataset has a job for every stage."
  }
  assert {
    condition = alltrue([
      for name, one in google_cloud_scheduler_job.tick :
      jsondecode(base64decode(one.pubsub_target[0].data)) == { v = 1, dataset = local.ticks[name].dataset }
    ])
    error_message = "A job sends something else than a Tick of its dataset."
  }
  assert {
    condition     = google_cloud_scheduler_job.tick["vigil-train-france-deaths"].schedule == "0 20 * * 1" && google_cloud_scheduler_job.tick["vigil-train-france-deaths"].time_zone == "Europe/Paris"
    error_message = "A job's time is not the file's."
  }
  assert {
    condition     = alltrue([for one in google_cloud_scheduler_job.tick : one.retry_config[0].retry_count > 0])
    error_message = "A Tick that Pub/Sub did not take is lost."
  }
}
