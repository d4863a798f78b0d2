"""Bank feed connector."""
