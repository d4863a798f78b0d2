"""The one printer of errors: code, what happened and what to do, in the language spoken or as JSON."""

from __future__ import annotations

import difflib
import json
from typing import Protocol

import click

from raccord.cli.group import CommandMissingError
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Language, Phrase
from raccord.cli.terminal.words import State


class Bilingual(Protocol):
    """A ``Phrase`` of the command line or a ``Text`` of core."""

    @property
    def fr(self) -> str: ...
    @property
    def en(self) -> str: ...
    def get(self, language: Language) -> str: ...


def complain(code: str, text: Bilingual, fix: Bilingual, state: State, status: Exit = Exit.FAILED) -> Exit:
    """Print an error and return the exit status; JSON goes to standard output, sentences to standard error."""
    if state.as_json:
        body = {
            "code": code,
            "text": {"fr": text.fr, "en": text.en},
            "fix": {"fr": fix.fr, "en": fix.en},
        }
        click.echo(json.dumps({"error": body}, ensure_ascii=False, sort_keys=True))
        return status
    error = click.style(_ERROR.get(state.language), fg="red", bold=True)
    todo = click.style(_TODO.get(state.language), bold=True)
    click.echo(f"{error} {text.get(state.language)} [{code}]", err=True)
    click.echo(f"{todo} {fix.get(state.language)}", err=True)
    return status


def complain_of_click(error: click.ClickException, state: State) -> Exit:
    """Print an error of the command line itself."""
    if isinstance(error, CommandMissingError):
        return complain(error.code, error.text, error.fix, state)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message())
        return Exit.USAGE
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "raccord"
    fix = Phrase(f"Voyez « {path} --help ».", f"See “{path} --help”.")
    if isinstance(error, click.FileError):
        return complain("cli.file", _file(error), fix, state)
    return complain("cli.usage", _usage(error), fix, state, Exit.USAGE)


def _file(error: click.FileError) -> Phrase:
    return Phrase(
        f"Le fichier « {error.ui_filename} » ne peut pas être ouvert : {error.message}.",
        f"The file “{error.ui_filename}” cannot be opened: {error.message}.",
    )


def _usage(error: click.ClickException) -> Phrase:
    """Say click's own refusals in French too; the rarer ones keep click's English inside a French sentence."""
    english = " ".join(error.format_message().split())
    match error:
        case click.NoSuchOption():
            near = ", ".join(error.possibilities or ())
            guess = f" Vouliez-vous dire {near} ?" if near else ""
            return Phrase(f"L'option {error.option_name} n'existe pas.{guess}", english)
        case click.exceptions.NoSuchCommand(command_name=str(name)):
            near = _near(name, error.ctx)
            return Phrase(
                f"La commande « {name} » n'existe pas." + (f" Vouliez-vous dire {near} ?" if near else ""),
                f"There is no command “{name}”." + (f" Did you mean {near}?" if near else ""),
            )
        case click.MissingParameter():
            name = error.param.make_metavar(error.ctx) if error.param and error.ctx else str(error.param_hint)
            if error.param is not None and error.param.param_type_name == "option":
                name = error.param.opts[0]
            return Phrase(f"Il manque {name}.", english)
        case click.BadParameter():
            name = error.param.opts[0] if error.param else str(error.param_hint)
            return Phrase(f"La valeur de {name} ne convient pas : {error.message}", english)
        case _:
            return Phrase(f"La ligne de commande ne convient pas : {english}", english)


def _near(name: str, context: click.Context | None) -> str:
    known = context.command.list_commands(context) if context and isinstance(context.command, click.Group) else []
    return next(iter(difflib.get_close_matches(name, known, n=1)), "")


_ERROR = Phrase("Erreur :", "Error:")
_TODO = Phrase("À faire :", "What to do:")
