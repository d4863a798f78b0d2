"""Months that end: certificates, reconciled statements, closed periods, holes, and all of it to take away."""
