"""Terraform's plan, the functions' zips and the build file, proven without Google and registry."""
