"""What becomes of a document outside the books: its PDF and its mail."""
