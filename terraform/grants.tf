# Who may do what, as it comes out: read from the resources, not from the tables that made them.

locals {
  dataset_words = { WRITER = "roles/bigquery.dataEditor", READER = "roles/bigquery.dataViewer" }

  accounts = { for name, one in google_service_account.identity : one.name => name }

  grants = concat(
    [for one in google_project_iam_member.role : [one.member, one.role, "the project"]],
    [for one in google_project_iam_member.reader : [one.member, one.role, "the project"]],
    [for one in [google_project_iam_member.hands_on] : [one.member, one.role, "the project", one.condition[0].title]],
    [for one in google_storage_bucket_iam_member.role : concat([one.member, one.role, one.bucket], one.condition[*].title)],
    [for one in google_storage_bucket_iam_member.sender : [one.member, one.role, one.bucket, one.condition[0].title]],
    [for one in google_storage_bucket_iam_member.state : [one.member, one.role, one.bucket]],
    [for one in google_bigquery_dataset_access.role : ["serviceAccount:${one.user_by_email}", local.dataset_words[one.role], one.dataset_id]],
    [for one in google_bigquery_dataset_iam_member.staging : [one.member, one.role, one.dataset_id]],
    [for one in google_bigquery_dataset_iam_member.reader : [one.member, one.role, one.dataset_id]],
    [for one in google_bigquery_table_iam_member.writes : [one.member, one.role, "${one.dataset_id}.${one.table_id}"]],
    [for one in google_pubsub_topic_iam_member.publishes : [one.member, one.role, one.topic]],
    [for one in google_pubsub_topic_iam_member.buries : [one.member, one.role, one.topic]],
    [for one in google_pubsub_subscription_iam_member.takes_away : [one.member, one.role, one.subscription]],
    [for one in google_cloud_run_v2_service_iam_member.push : [one.member, one.role, one.name]],
    [for one in google_cloud_run_v2_service_iam_member.mlflow : [one.member, one.role, one.name]],
    [for one in google_secret_manager_secret_iam_member.role : [one.member, one.role, one.secret_id]],
    [for one in [google_artifact_registry_repository_iam_member.build] : [one.member, one.role, one.repository]],
    [for one in google_service_account_iam_member.acts_as : [one.member, one.role, local.accounts[one.service_account_id]]],
    [for one in google_service_account_iam_member.names : [one.member, one.role, local.accounts[one.service_account_id]]],
    [for one in [google_service_account_iam_member.becomes, google_service_account_iam_member.pubsub_signs] : [one.member, one.role, local.accounts[one.service_account_id]]],
  )

  # The same by name, roles without their prefix.
  named = merge(
    { for name, one in google_service_account.identity : one.member => name },
    { (local.pubsub) = "pubsub" },
  )
  of = { for one in local.grants : lookup(local.named, one[0], one[0]) => trimprefix(join(" ", slice(one, 1, length(one))), "roles/")... }
}

output "grants" {
  description = "Who may do what: member, role, on what, under which condition"
  value       = sort([for one in local.grants : join(" ", one)])
}
