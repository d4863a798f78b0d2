"""What the fields of records are called, and the words that they hold."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin import Text

FACTS: Mapping[str, Text] = {
    "job": Text("Export de Pleo", "Pleo's export"),
}
