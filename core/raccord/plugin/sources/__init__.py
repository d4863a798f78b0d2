"""What most sources have in common: tables that arrive as files, and addresses that give their rows page by page."""

from raccord.plugin.sources.rest import RestSource, rest_page
from raccord.plugin.sources.streams import RestStream, map_row, stream_page
from raccord.plugin.sources.tables import TableSource, table_page

__all__ = ["RestSource", "RestStream", "TableSource", "map_row", "rest_page", "stream_page", "table_page"]
