"""The rules of the conformance kit as data: what each says, and what to do about a connector that breaks it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from raccord.plugin.testing.kit.subject import Subject
from raccord.plugin.texts import Text

PAGE = "docs/reference/conformance"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: ``reason`` says what holds and why, ``fix`` what to do where it does not."""

    id: str
    reason: Text
    fix: Text

    @property
    def anchor(self) -> str:
        """Where the rule stands on the page of all rules."""
        return self.id.replace(".", "")


Check = Callable[[Subject], Iterable[str]]
"""Yields the places at which a connector breaks a rule; nothing where it keeps it."""

CHECKS: dict[str, Check] = {}


class NotConcerned(Exception):  # noqa: N818 - no error: what the rule is about is not there
    """Raised where a connector has nothing that the rule is about (no lists to push)."""


def check(rule: str) -> Callable[[Check], Check]:
    """Make a function the check of a rule."""

    def keep(function: Check) -> Check:
        if rule in CHECKS:
            raise ValueError(f"two checks of {rule}")
        CHECKS[rule] = function
        return function

    return keep


@lru_cache(maxsize=1)
def rules() -> Mapping[str, Rule]:
    """Return all rules by id, in the order in which they are judged and told."""
    text = files("raccord.plugin.testing.kit").joinpath("rules.toml").read_text(encoding="utf-8")
    return {
        id_: Rule(id_, Text(row["fr"], row["en"]), Text(row["fix_fr"], row["fix_en"]))
        for id_, row in tomllib.loads(text).items()
    }
