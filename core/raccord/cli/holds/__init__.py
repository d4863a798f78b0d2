"""``raccord holds``: what waits for a person, and the answers."""
