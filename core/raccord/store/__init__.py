"""SQLAlchemy models, sessions, the vault and the audit chain."""
