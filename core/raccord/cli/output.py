"""What commands say: Rich tables for people, one JSON document for machines."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from raccord.cli.complaints import Bilingual
from raccord.cli.language import Language, Phrase
from raccord.cli.words import State, state_of
from raccord.store.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


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

    def table(self, title: Phrase, columns: Sequence[Column], rows: Iterable[Sequence[str]], *, empty: Phrase) -> None:
        """Write a table, or the sentence ``empty`` (which says what to do next) when there are no rows."""
        # Rich costs a tenth of a second, so only those who draw with it import it.
        from rich.table import Table
        from rich.text import Text as Plain

        table = Table(title=title.get(self.language), title_justify="left", title_style="bold")
        for column in columns:
            table.add_column(
                column.title.get(self.language), justify="right" if column.right else "left", overflow="fold"
            )
        for row in rows:
            # Cells are data, which must not be read as Rich's markup.
            table.add_row(*(Plain(cell) for cell in row))
        if table.row_count:
            self._console().print(table)
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


def output() -> Output:
    """Return the output of the command that is running."""
    return Output(state_of(click.get_current_context()))


def both(text: Bilingual) -> Mapping[str, str]:
    """Return a text for JSON, which always carries both languages."""
    return {"fr": text.fr, "en": text.en}


def actor() -> str:
    """Return who acts, for the audit chain: the operating system's user."""
    return f"cli:{getpass.getuser()}"
