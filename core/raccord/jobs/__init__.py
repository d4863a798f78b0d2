"""The durable engine's adapter: which run executes where, one at a time for a company, and what resumes it."""
