"""What commands say: Rich tables for people, one JSON document for machines."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from raccord.cli.terminal.complaints import Bilingual
from raccord.cli.terminal.language import Language, Phrase
from raccord.cli.terminal.words import State, state_of
from raccord.store.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


SHORT_CELL = 10
"""A day, a short id, a currency: cells that are read as one word."""
FOLDED_MIN = 12
"""Characters that a column of texts keeps, however narrow the terminal is."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; ``right`` for amounts and counts."""

    title: Phrase
    right: bool = False


class Output:
    """Where a command writes; made from the click context by :func:`output`."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def as_json(self) -> bool:
        return self._state.as_json

    @property
    def language(self) -> Language:
        return self._state.language

    def json(self, value: object) -> None:
        """Write one JSON document with sorted keys; decimals become JSON numbers digit for digit."""
        click.echo(canonical(value))

    def say(self, text: Bilingual) -> None:
        """Write a sentence for people; nothing under ``--json``."""
        if not self.as_json:
            click.echo(text.get(self.language))

    def note(self, text: Bilingual) -> None:
        """Write a sentence on standard error, where it is in nobody's way: what goes on meanwhile."""
        click.echo(text.get(self.language), err=True)

    def table(self, title: Phrase, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: Phrase) -> None:
        """Write a table, or the sentence ``empty`` (which says what to do next) when there are no rows."""
        # Rich costs a tenth of a second, so only those who draw with it import it.
        from rich.table import Table
        from rich.text import Text as Plain

        cells = [list(row) for row in rows]
        console = self._console()
        titles = [column.title.get(self.language) for column in columns]
        widths, padding = _widths(columns, titles, cells, console.width)
        table = Table(title=title.get(self.language), title_justify="left", title_style="bold", padding=(0, padding))
        for column, heading, width in zip(columns, titles, widths, strict=True):
            table.add_column(heading, justify="right" if column.right else "left", overflow="fold", width=width)
        for row in cells:
            # Cells are data, which must not be read as Rich's markup.
            table.add_row(*(Plain(cell) for cell in row))
        if table.row_count:
            console.print(table)
        else:
            self.say(empty)

    @contextmanager
    def progress(self, label: Phrase, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """Show a bar on standard error while a person looks; the function yielded sets how far the work is."""
        from rich.progress import Progress

        with Progress(console=self._console(stderr=True), transient=True, disable=self.as_json) as progress:
            task = progress.add_task(label.get(self.language), total=total)
            yield lambda done: progress.update(task, completed=done)

    def _console(self, *, stderr: bool = False) -> Console:
        from rich.console import Console

        return Console(stderr=stderr, highlight=False)


def _widths(
    columns: Sequence[Column], titles: Sequence[str], cells: Sequence[Sequence[str]], room: int
) -> tuple[list[int | None], int]:
    """Return the fixed widths of a table's columns (``None`` gives way) and its padding, so that no amount is broken.

    Where all does not fit, the padding goes first; then texts are folded, but amounts and short words stay whole.
    """
    longest = [
        max((len(line) for row in cells for line in row[at].splitlines()), default=0) for at in range(len(columns))
    ]
    natural = sum(max(wide, len(title)) for wide, title in zip(longest, titles, strict=True))
    lines = len(columns) + 1
    spaces = 2 * len(columns)
    if natural + lines + spaces <= room:
        return [None] * len(columns), 1
    if natural + lines <= room:
        return [None] * len(columns), 0
    whole = [
        max([wide, *map(len, title.split())]) if column.right or wide <= SHORT_CELL else None
        for column, wide, title in zip(columns, longest, titles, strict=True)
    ]
    needed = sum(FOLDED_MIN if width is None else width for width in whole) + lines
    if needed + spaces <= room:
        return whole, 1
    return (whole, 0) if needed <= room else ([None] * len(columns), 1)


def output() -> Output:
    """Return the output of the command that is running."""
    return Output(state_of(click.get_current_context()))


def both(text: Bilingual) -> Mapping[str, str]:
    """Return a text for JSON, which always carries both languages."""
    return {"fr": text.fr, "en": text.en}


def actor() -> str:
    """Return who acts, for the audit chain: the operating system's user."""
    return f"cli:{getpass.getuser()}"
