"""Who acts and what each may do: accounts, sessions, tokens, sign-in by a provider, members."""
