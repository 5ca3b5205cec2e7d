variable "project" {
  description = "The Google Cloud project that all of it is made in"
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project))
    error_message = "Expected a project id: 6 to 30 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "region" {
  description = "Where functions, topics, jobs and MLflow run"
  type        = string
  default     = "europe-west1"
  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "Expected a region such as europe-west1; a zone such as europe-west1-b is too narrow."
  }
}

variable "location" {
  description = "Where data lie, in BigQuery and Cloud Storage: EU, US, or a region"
  type        = string
  default     = "EU"
  validation {
    condition     = can(regex("^(EU|US|[a-z]+-[a-z]+[0-9]+)$", var.location))
    error_message = "Expected EU, US, or a region such as europe-west1."
  }
}

variable "datasets" {
  description = "The datasets to run; none named means all under shared/vigil/datasets"
  type        = set(string)
  default     = []
  validation {
    condition     = length(setsubtract(var.datasets, keys(local.known))) == 0
    error_message = "No such dataset; there are ${join(", ", keys(local.known))}."
  }
}

variable "warehouse" {
  description = "The BigQuery dataset; others are named after it"
  type        = string
  default     = "vigil"
  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,39}$", var.warehouse))
    error_message = "Expected a lower-case letter, then at most 39 letters, digits and underscores."
  }
}

variable "retention_days" {
  description = "How long a superseded or deleted object can be brought back"
  type        = number
  default     = 30
  validation {
    condition     = var.retention_days >= 7 && var.retention_days <= 90
    error_message = "Expected 7 to 90 days: the bounds of Cloud Storage's soft delete."
  }
}

variable "alert_email" {
  description = "Who is told when something is wrong"
  type        = string
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+[.][^@ ]+$", var.alert_email))
    error_message = "Expected an address such as vigil@example.org."
  }
}

variable "readers" {
  description = "Who may query the views, such as group:epidemiologists@example.org"
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for one in var.readers : can(regex("^(user|group|serviceAccount|domain):", one))])
    error_message = "Expected user:, group:, serviceAccount: or domain: before each; the public is nobody's reader."
  }
}

variable "registry_readers" {
  description = "Who may open MLflow"
  type        = set(string)
  default     = []
  validation {
    condition     = alltrue([for one in var.registry_readers : can(regex("^(user|group|serviceAccount):", one))])
    error_message = "Expected user:, group: or serviceAccount: before each."
  }
}

variable "query_tib_a_day" {
  description = "How much all queries of the project may read a day, in TiB: a bound on the bill"
  type        = number
  default     = 1
  validation {
    condition     = var.query_tib_a_day > 0 && var.query_tib_a_day <= 100
    error_message = "Expected more than 0 and at most 100 TiB."
  }
}

variable "budget" {
  description = "A month's budget that alerts; none without a billing account"
  type = object({
    billing_account = string
    currency        = optional(string, "EUR")
    amount          = optional(number, 100)
  })
  default = null
}

variable "github" {
  description = "The repository whose pushes deploy; none: builds are started by hand"
  type = object({
    owner  = string
    name   = string
    branch = optional(string, "main")
  })
  default = null
}

variable "state_bucket" {
  description = "The bucket of Terraform's state, for the build account's rights to it"
  type        = string
}

variable "revision" {
  description = "The code's revision, as git names it; noted with every training"
  type        = string
  default     = "unknown"
}

variable "image_tag" {
  description = "Which images run; the build names those that it made"
  type        = string
  default     = "latest"
}

variable "looker_host" {
  description = "Where Looker Studio answers"
  type        = string
  default     = "lookerstudio.google.com"
}

variable "deletion_protection" {
  description = "Whether tables, database and services refuse to be destroyed"
  type        = bool
  default     = true
}

variable "senders" {
  description = "Dataset -> who may put files into its inbox in the restricted bucket"
  type        = map(set(string))
  default     = {}
  validation {
    condition     = alltrue([for name in keys(var.senders) : try(local.known[name].personal, false)])
    error_message = "Expected datasets whose file says `personal: true`."
  }
}
