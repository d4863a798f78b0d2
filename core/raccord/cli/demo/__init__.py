"""``raccord demo``: every source with a twin, brought in and proven."""
