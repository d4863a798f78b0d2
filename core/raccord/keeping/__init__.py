"""Keeping what Raccord knows: backups in another place, and drills that put one back and look whether it is whole."""
