"""``raccord problems``: what failed, by cause, and what a person decides of it."""
