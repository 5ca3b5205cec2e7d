"""A question of yes or no about every record: features, models, calibration, what is said."""
