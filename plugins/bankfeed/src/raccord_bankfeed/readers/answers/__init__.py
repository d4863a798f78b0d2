"""Answers of providers, read like files."""
