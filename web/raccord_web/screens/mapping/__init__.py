"""What words and roles mean, and what a change of it makes of the past."""
