"""Companies and connections: joined, paused, switched to another company, brought further back, left."""
