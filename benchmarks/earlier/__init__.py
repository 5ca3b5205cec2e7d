"""The earlier systems' protocols: their methods and ours, on the same days, in the same run."""
