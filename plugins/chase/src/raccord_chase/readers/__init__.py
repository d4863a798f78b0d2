"""Readers of the files Chase sends and of the published contract; each yields facts and problems, line by line."""
