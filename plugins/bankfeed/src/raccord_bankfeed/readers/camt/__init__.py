"""CAMT messages of ISO 20022."""
