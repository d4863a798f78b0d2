"""``raccord proof``: the three totals, the nights, certificates."""
