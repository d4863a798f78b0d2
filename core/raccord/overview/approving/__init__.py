"""What a person has at hand before a plan is approved: what was checked, and its lines to take away."""
