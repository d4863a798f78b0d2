"""What is proven, and what differs from it."""
