"""Database revisions of Raccord; history that imports nothing of today."""
