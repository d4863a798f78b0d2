"""OAuth 2 and OpenID Connect: applications, consent, tokens, identity."""
