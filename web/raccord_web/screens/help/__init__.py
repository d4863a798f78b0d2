"""Help and the documentation."""
