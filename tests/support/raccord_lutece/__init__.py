"""Lutèce, which bookshops keep their customers and invoices with: its hooks, each in the module that answers it."""

from raccord_lutece.manifest import describe
from raccord_lutece.streams import fetch_records, map_record

__all__ = ["describe", "fetch_records", "map_record"]
