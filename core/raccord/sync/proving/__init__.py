"""Source total = posted total = QuickBooks total, by day; what was certified; what changed there since."""
