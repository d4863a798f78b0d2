"""Letting a person in at a source, step by step: questions of its own, answers, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from raccord.plugin.texts import Text


class AskKind(StrEnum):
    """How a question is answered."""

    TEXT = "text"
    SECRET = "secret"  # noqa: S105 - a word, not a secret
    PICK = "pick"
    """Ticked or not: the answer is ``on``, or there is none."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a source; ``key`` names its answer."""

    key: str
    text: Text
    kind: AskKind = AskKind.TEXT
    preset: str = ""
    """What stands in the form before anybody answers; ``on`` for a ticked one."""


@dataclass(frozen=True, slots=True)
class Subscribed:
    """That a source sends its messages where it was asked to; ``secret`` is what it signs them with.

    ``keep`` holds settings that change, such as what there is to give back later.
    """

    secret: str = field(repr=False)
    keep: Mapping[str, str | bool] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of one step of signing in; without a question and a page, the person is in.

    ``keep`` holds settings that change: secrets among them are kept in the vault like any other. A person who goes to
    ``page`` comes back and takes the step again.
    """

    keep: Mapping[str, str | bool] = field(default_factory=dict)
    asks: Sequence[Asked] = ()
    told: Text | None = None
    """What stands above the questions: why they are asked, or asked again."""
    page: str = ""
    """An address of the source where the person goes on."""

    @property
    def done(self) -> bool:
        return not self.asks and not self.page
