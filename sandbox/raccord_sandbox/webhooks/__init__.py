"""Webhooks: what changed, told to the addresses that applications registered."""
