"""A window onto the books in the browser, in French and English, without script."""
