"""Executing a plan: intent, call, answer; what holds a document, what is closed, what must go."""
