"""The crash matrix: the real pipeline killed at every moment that matters, against the sandbox, in one process."""
