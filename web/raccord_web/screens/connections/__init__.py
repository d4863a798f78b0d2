"""One connection and what it is set up with; the connectors there are."""
