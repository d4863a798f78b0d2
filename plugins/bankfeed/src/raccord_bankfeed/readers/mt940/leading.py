"""Texts before the lines of a statement, where the standard has none: of the statement, or of the next line."""

from __future__ import annotations

from dataclasses import dataclass, field

from raccord.plugin import Text
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import Question, Reading
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.tally import Tally
from raccord_bankfeed.readers.told import ACCEPT, REVERSED

OF_ALL = Text(
    "C’est un texte sur tout le relevé, pas une opération.",
    "It is a text about the whole statement, not a transaction.",
)
_SHOWN_CHARS = 120


@dataclass(slots=True)
class Leading:
    """What a message has told before its first line, and which of its lines have a text of their own."""

    texts: list[tuple[str, int]] = field(default_factory=list)
    """Each with its row."""
    lines: int = 0
    bare: int = 0
    last_bare: bool = False
    example: tuple[str, str] = ("", "")
    """The first line and the text after it."""

    def take(self, line: str, text: str) -> None:
        """Take a line with the text after it."""
        if not self.lines:
            self.example = line, text
        self.lines += 1
        self.last_bare = not text
        self.bare += self.last_bare

    @property
    def is_open(self) -> bool:
        """Whether each text may be that of the line below it: as many as lines, the first before all, none after."""
        return len(self.texts) == 1 and self.bare == 1 and self.last_bare


def asked_about(leading: Leading, tally: Tally, reference: str, number: str) -> Question:
    """Ask of which line each text is."""
    (first, row), (line, own) = leading.texts[0], leading.example
    shown = [Text(each, each) for each in (_shown(own) or "—", _shown(first))]
    key = tally.account.key or UNNAMED
    return Question(
        f"texts-{digest(key, reference, number, first, str(tally.opening))}",
        "bankfeed.texts_first",
        Text(
            "Dans ce relevé, un texte (:86:) précède la première opération et la dernière n’en a pas : chaque texte "
            "est peut-être celui de l’opération qui le suit. La norme met le texte après son opération.",
            "In this statement a text (:86:) stands before the first transaction, and the last one has none: each text "
            "may be that of the transaction below it. The standard puts a text after its transaction.",
        ),
        (ACCEPT, REVERSED),
        row,
        tally.last_day,
        readings=(
            Reading(ACCEPT, Text("Le texte suit son opération", "A text follows its transaction"), (shown[0],)),
            Reading(REVERSED, Text("Le texte précède son opération", "A text precedes its transaction"), (shown[1],)),
        ),
        examples=(_shown(f":61:{line}"),),
        layout=f"texts-{digest(key)}",
    )


def _shown(text: str) -> str:
    return " ".join(text.split())[:_SHOWN_CHARS]
