"""Every row of the fault matrix, through the real processes."""
