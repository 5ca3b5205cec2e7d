"""Forecasters: a view in, quantiles out."""
