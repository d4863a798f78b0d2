"""Boulange Caisse: its hooks, each in the module that answers it."""

from raccord_boulange.manifest import describe
from raccord_boulange.mapping import map_record
from raccord_boulange.reading import fetch_records

__all__ = ["describe", "fetch_records", "map_record"]
