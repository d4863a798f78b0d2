"""HTTP: connections, paths, limits."""
