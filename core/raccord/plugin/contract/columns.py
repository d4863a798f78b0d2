"""The columns of an object's table: the same names as in JSON, with a point between a part and what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Union, get_args, get_origin

from raccord.plugin.contract.fields import ContractObject, ContractPart


class Shape(StrEnum):
    """How a column's value stands in the object."""

    VALUE = "value"
    PART = "part"
    """In a part of the object: ``address.city``."""
    ROW = "row"
    """In a list of parts, one for each row of the table: ``lines.amount``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    name: str
    shape: Shape
    required: bool

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(self.name.split("."))


def columns_of(model: type[ContractObject]) -> Mapping[str, Column]:
    """Return the columns of an object's table by their names."""
    found: dict[str, Column] = {}
    for name, info in model.model_fields.items():
        part, listed = _part(info.annotation)
        if part is None:
            found[name] = Column(name, Shape.VALUE, info.is_required())
            continue
        shape = Shape.ROW if listed else Shape.PART
        for inner, inner_info in part.model_fields.items():
            required = inner_info.is_required() and info.is_required()
            found[f"{name}.{inner}"] = Column(f"{name}.{inner}", shape, required)
    return found


def _part(annotation: object) -> tuple[type[ContractPart] | None, bool]:
    """Return the part that a field holds, and whether it holds a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, ContractPart):
        return annotation, False
    origin = get_origin(annotation)
    inner = [each for each in get_args(annotation) if each is not type(None) and each is not Ellipsis]
    if origin in (Union, UnionType) and len(inner) == 1:
        return _part(inner[0])
    if origin in (tuple, list) and inner:
        part, _ = _part(inner[0])
        return part, part is not None
    return None, False
