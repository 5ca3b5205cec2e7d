# What each function's zip holds. Of its own, so that scripts/staged.py can ask for the list without a
# provider and without a state: it zips exactly this, as Terraform does.

locals {
  root    = "${path.module}/../.."
  package = "${local.root}/shared/vigil"

  # The command line and the local cloud stay at home; what Python left there goes nowhere.
  stays_home = "^local/|^cli[.]py$|^screen[.]py$|__pycache__"
  carried = [
    for file in fileset(local.package, "**") : file
    if length(regexall(local.stays_home, file)) == 0
  ]
  files = {
    for stage in ["ingest", "train", "predict"] : stage => merge(
      { for file in ["main.py", "requirements.txt"] : file => "${local.root}/functions/${stage}/${file}" },
      { for file in local.carried : "vigil/${file}" => "${local.package}/${file}" },
    )
  }
}

output "files" {
  description = "Function -> name in its zip -> file"
  value       = local.files
}
