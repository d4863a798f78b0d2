"""The control API under /sandbox: companies, faults, clocks, limits, switches and a person's deeds."""
