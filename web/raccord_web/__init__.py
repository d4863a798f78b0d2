"""The web pages of Raccord."""
