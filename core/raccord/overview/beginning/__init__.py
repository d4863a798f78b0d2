"""The first days of a connection: beside what was there before, and after it is switched on."""
