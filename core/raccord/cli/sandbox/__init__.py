"""``raccord sandbox``: a local QuickBooks Online and the conditions under which it works."""
