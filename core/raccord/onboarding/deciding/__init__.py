"""What a person decides of drafts, bank lines, failures, drift and mappings."""
