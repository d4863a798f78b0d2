"""Providers that bring lines over the network: each keeps the source's own answers as files, which a reader reads."""
