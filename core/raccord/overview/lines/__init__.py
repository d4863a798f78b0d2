"""Bank lines as they are shown: choices, proposals, who decided, and people's rules with their effect."""
