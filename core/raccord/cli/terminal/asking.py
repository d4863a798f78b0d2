"""Asking a person before something that cannot be taken back, and asking for secrets without showing them."""

from __future__ import annotations

import sys

import click

from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Output
from raccord.errors import RaccordError
from raccord.plugin.texts import Text

YES = frozenset({"o", "oui", "y", "yes"})
INSTEAD = Text("Ajoutez --yes si c'est bien voulu.", "Add --yes if this is what you want.")


class NotConfirmedError(RaccordError):
    """Raised when something that needs a person's word was asked for where no person is."""


def typed_word(out: Output, notice: Phrase, word: str, given: str) -> str:
    """Show a notice and return the word that was typed to confirm it; ``given`` stands for it where nobody is asked."""
    if given or out.as_json or not sys.stdin.isatty():
        return given
    click.echo(notice.get(out.language))
    asked = Phrase(f"Pour confirmer, tapez {word}", f"To confirm, type {word}").get(out.language)
    return str(click.prompt(asked, default="", show_default=False))


def confirm(out: Output, consequence: Phrase, *, yes: bool, instead: Text = INSTEAD) -> None:
    """Show what follows and go on only with a person's word; raises ``click.Abort`` without it.

    ``yes`` stands for it where no person is at the keyboard; ``instead`` says what a script gives.
    """
    if yes:
        return
    if out.as_json or not sys.stdin.isatty():
        raise NotConfirmedError(
            "cli.not_confirmed",
            Text(consequence.fr, consequence.en),
            instead,
        )
    click.echo(consequence.get(out.language))
    question = Phrase("Continuer ? [o/N]", "Go on? [y/N]").get(out.language)
    answer = click.prompt(question, default="", show_default=False)
    if answer.strip().lower() not in YES:
        out.say(Phrase("Rien n'a changé.", "Nothing has changed."))
        raise click.Abort
