"""Vigil: serverless forecasts for public health, in BigQuery every morning."""
