"""What things come to: what waits, what runs moved, and how often the mapping is used."""
