"""XML of requests and answers."""
