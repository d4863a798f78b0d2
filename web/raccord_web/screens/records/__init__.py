"""Records, their problems, runs and plans."""
