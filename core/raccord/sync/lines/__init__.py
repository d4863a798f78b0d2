"""Bank lines: what they are said to be, what they may pay or be the other side of, and what is suggested of them."""
