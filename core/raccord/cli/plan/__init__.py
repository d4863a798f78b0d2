"""``raccord plan`` and ``apply``: what would be posted, and exactly that approved."""
