"""The general ledger and what keeps it true."""
