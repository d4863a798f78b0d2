"""How commands speak and ask: languages, tables, errors, exit statuses, typed settings."""
