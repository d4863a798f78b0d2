"""CSV files: rows, columns, and what each bank means by them."""
