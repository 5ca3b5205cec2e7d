terraform {
  required_version = ">= 1.11" # its tests give planned values

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
  }

  # The bucket is named when Terraform is initialised: docs/deploy.md, "State".
  backend "gcs" {}
}

provider "google" {
  project               = var.project
  region                = var.region
  default_labels        = local.labels
  billing_project       = var.project # budgets and quotas ask whom to charge for the question
  user_project_override = true
}

data "google_project" "this" {
  project_id = var.project
}

locals {
  labels = { app = "vigil" } # what a bill can be split by; stages and datasets add their own

  services = [
    "artifactregistry", "bigquery", "billingbudgets", "cloudbuild", "cloudfunctions", "cloudquotas",
    "cloudresourcemanager", "cloudscheduler", "compute", "iam", "iamcredentials", "logging",
    "monitoring", "pubsub", "run", "secretmanager", "servicenetworking", "serviceusage", "sqladmin",
    "storage", "vpcaccess",
  ]
}

resource "google_project_service" "api" {
  for_each           = toset(local.services)
  service            = "${each.key}.googleapis.com"
  disable_on_destroy = false # another system of the project may live on it
}
