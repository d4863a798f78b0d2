"""``raccord connect``: companies, source accounts and what a person decides of a connection."""
