"""What every request meets first: hosts, signed values, limits, who asks, and what is whose."""
