"""Statements that are made once and asked with other values each time.

SQLAlchemy takes longer to make a statement, and to compare it with those it compiled before, than SQLite to answer it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Executable, bindparam

P = ParamSpec("P")
S = TypeVar("S", bound=Executable)


def made_once(make: Callable[P, S]) -> Callable[P, tuple[S, dict[str, Any]]]:
    """Let a function that makes a statement be called once, with a parameter of the statement for each of its own.

    What it returns then is the statement and the values to ask it with: ``session.scalars(*_of(company_id))``. It may
    compare its arguments with columns and nothing else; a list is one for ``in_``.
    """
    names = tuple(inspect.signature(make).parameters)
    made: list[S] = []

    @wraps(make)
    def ask(*values: P.args, **named: P.kwargs) -> tuple[S, dict[str, Any]]:
        if not made:
            # Not their plain names: an update has parameters of its own, named for what it sets.
            free: Callable[..., S] = make
            made.append(free(**{name: bindparam(f"asked_{name}") for name in names}))
        given = {**dict(zip(names, values, strict=False)), **named}
        return made[0], {f"asked_{name}": value for name, value in given.items()}

    return ask
