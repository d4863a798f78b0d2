"""What must be done before a stage of a set-up begins."""
