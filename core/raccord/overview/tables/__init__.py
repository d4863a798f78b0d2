"""Lists as tables to take away, written as they are read."""
