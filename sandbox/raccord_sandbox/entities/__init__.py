"""The entities of QuickBooks Online that this sandbox has."""
