"""From what the tables say to a page, and from a form to what a person said."""
