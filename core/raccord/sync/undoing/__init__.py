"""Taking documents out of the books again, as a plan of its own."""
