"""Forecasters: a panel as known in, sample paths out."""
