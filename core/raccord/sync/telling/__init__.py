"""Telling sources: what became of their records, and the lists of the ledger that they keep."""
