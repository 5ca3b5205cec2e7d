"""The engine: a panel as known in, forecasts out. No cloud, no clock."""
