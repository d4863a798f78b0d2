"""A local QuickBooks Online over real HTTP, with a general ledger behind it."""
