"""Bank lines and questions that wait for a person, and the rules that answer them."""
