"""Coming in, who may, and what people set for themselves."""
