"""QIF files."""
