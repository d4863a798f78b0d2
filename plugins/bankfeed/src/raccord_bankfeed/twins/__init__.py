"""Twins of banks and aggregators: what they would send, made on this machine."""
