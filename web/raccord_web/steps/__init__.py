"""The steps of connecting a source."""
