"""Refusals, and faults armed on purpose."""
