"""A contract: its objects, the stream each one belongs to, and the other words by which people's tables name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from raccord.plugin.contract.fields import ContractObject
from raccord.plugin.texts import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectInfo:
    """One kind of object; ``path`` is its name where it is pulled, ``words`` begin the names of its tables' files."""

    name: str
    label: Text
    stream: str
    model: type[ContractObject]
    path: str
    words: Sequence[str] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    """Headings of tables made by others, in small letters, with the column of the contract they stand for."""


@dataclass(frozen=True, slots=True)
class Contract:
    """The objects a source delivers, in the order they depend on each other."""

    name: str
    objects: Sequence[ObjectInfo]

    def named(self, name: str) -> ObjectInfo | None:
        """Return the object of a name or path, whatever its capitals."""
        plain = name.strip().casefold()
        return next((each for each in self.objects if plain in (each.name, each.path)), None)

    def of_stream(self, stream: str) -> list[ObjectInfo]:
        """Return the objects that become records of a stream."""
        return [each for each in self.objects if each.stream == stream]
