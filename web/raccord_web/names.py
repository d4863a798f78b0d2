"""What things are called on the pages: connectors, streams, roles and document kinds, in the words of who made them."""

from __future__ import annotations

from dataclasses import dataclass

from raccord.catalog import Catalog
from raccord.plugin.info import ConnectorInfo
from raccord_web.wording import Wording

TILES = {"bankfeed": "bank"}
"""Connectors whose tile has another colour than one of their name."""


@dataclass(frozen=True, slots=True)
class Names:
    """Labels in one language; what nobody named is shown as it is stored."""

    catalog: Catalog
    words: Wording

    def connector(self, name: str) -> str:
        info = self._info(name)
        return name if info is None else info.label.get(self.words.language)

    def tile(self, name: str) -> str:
        """Return the two letters that stand for a connector."""
        info = self._info(name)
        return (info.tile if info is not None and info.tile else self.connector(name)[:2].title())[:2]

    def colour(self, name: str) -> str:
        return TILES.get(name, name)

    def stream(self, connector: str, name: str) -> str:
        info = self._info(connector)
        found = {} if info is None else {stream.name: stream.label for stream in info.streams}
        return found[name].get(self.words.language) if name in found else name

    def role(self, connector: str, name: str) -> str:
        info = self._info(connector)
        found = {} if info is None else {role.name: role.label for role in info.roles}
        return found[name].get(self.words.language) if name in found else name

    def kind(self, entity: str) -> str:
        """Return what QuickBooks' entity is called."""
        return self.words(f"kinds.{entity}") if self.words.has(f"kinds.{entity}") else entity

    def account_type(self, name: str) -> str:
        """Return what QuickBooks calls a type of its chart or of its items; one that nobody knows by its own name."""
        return self.words(f"ledger_types.{name}") if self.words.has(f"ledger_types.{name}") else name

    def fact(self, connector: str, name: str) -> str:
        """Return what a field of a record is called: by its connector, else by what such fields usually are."""
        info = self._info(connector)
        if info is not None and name in info.facts:
            return info.facts[name].get(self.words.language)
        return self.words(f"facts.{name}") if self.words.has(f"facts.{name}") else name.replace("_", " ")

    def fact_value(self, name: str, value: str) -> str:
        """Return what a field says: yes or no, a kind of account by its name, and all else as it was said."""
        if value in ("True", "False"):
            return self.words("people.yes" if value == "True" else "people.no")
        if name == "account_kind" and self.words.has(f"account_types.{value}"):
            return self.words(f"account_types.{value}")
        return value

    def environment(self, name: str) -> str:
        return self.words(f"environments.{name if name in ('production', 'sandbox') else 'local'}")

    def _info(self, name: str) -> ConnectorInfo | None:
        admitted = self.catalog.get(name)
        return None if admitted is None else admitted.info
