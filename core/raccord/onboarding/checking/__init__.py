"""The doctor: whether everything is ready, each finding with what to do."""
