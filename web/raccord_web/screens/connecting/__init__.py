"""Connecting a company and a source, step by step."""
