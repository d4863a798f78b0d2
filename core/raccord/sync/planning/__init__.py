"""What a run will do, line by line, before it does it, and whether it is still what a person approved."""
