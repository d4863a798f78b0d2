"""Click in two languages: commands, groups and options whose help is a :class:`Phrase`, with the common options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from raccord.cli.terminal.language import Language, Phrase


@dataclass(slots=True)
class State:
    """What the common options say; one for each invocation, found on the click context."""

    language: Language = "fr"
    as_json: bool = False
    data_dir: Path | None = None


def state_of(context: click.Context) -> State:
    """Return the state of this invocation."""
    return context.ensure_object(State)


class Formatter(click.HelpFormatter):
    """Help with its headings in the language spoken."""

    def __init__(self, *, language: Language = "en", width: int | None = None, max_width: int | None = None) -> None:
        super().__init__(width=width, max_width=max_width)
        self.language: Language = language

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, _USAGE.get(self.language) if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(_HEADINGS.get(heading, Phrase(heading, heading)).get(self.language))


class Context(click.Context):
    """A click context that writes help in the language spoken."""

    def make_formatter(self) -> Formatter:
        return Formatter(
            language=state_of(self).language, width=self.terminal_width, max_width=self.max_content_width or 100
        )


class Option(click.Option):
    """An option whose help is a phrase."""

    def __init__(self, *declarations: str, phrase: Phrase, **attributes: Any) -> None:
        super().__init__(declarations, **attributes)
        self.phrase = phrase

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        self.help = self.phrase.get(state_of(ctx).language)
        return super().get_help_record(ctx)


class Command(click.Command):
    """A command whose help is a phrase and which knows the common options."""

    context_class = Context

    def __init__(self, *arguments: Any, phrase: Phrase, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.phrase = phrase
        self.params.extend(_common_options())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _in_language(super().get_help_option(ctx), ctx)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = self.phrase.get(state_of(ctx).language)
        super().format_help_text(ctx, formatter)


class Group(click.Group):
    """A group whose help is a phrase and which knows the common options; so do its commands."""

    context_class = Context
    command_class = Command

    def __init__(self, *arguments: Any, phrase: Phrase, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.phrase = phrase
        self.params.extend(_common_options())

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        return _in_language(super().get_help_option(ctx), ctx)

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self.help = self.phrase.get(state_of(ctx).language)
        super().format_help_text(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        language = state_of(ctx).language
        rows = [(name, _brief(self.get_command(ctx, name), language)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class DefaultGroup(Group):
    """A group that runs its ``default`` command when none of its commands is named."""

    def __init__(self, *arguments: Any, default: str, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = any(argument in self.commands or argument == "--help" for argument in args)
        return super().parse_args(ctx, args if named else [self.default, *args])


_Function = TypeVar("_Function", bound=Callable[..., Any])


def command(name: str, fr: str, en: str, **attributes: Any) -> Callable[[Callable[..., Any]], Command]:
    """Make a function a command; every command knows ``--lang``, ``--json`` and ``--data-dir``."""

    def decorate(function: Callable[..., Any]) -> Command:
        return click.command(name, cls=Command, phrase=Phrase(fr, en), **attributes)(function)

    return decorate


def group(name: str, fr: str, en: str, **attributes: Any) -> Callable[[Callable[..., Any]], Group]:
    """Make a function a group of commands; see :func:`command`."""

    def decorate(function: Callable[..., Any]) -> Group:
        return click.group(name, cls=Group, phrase=Phrase(fr, en), **attributes)(function)

    return decorate


def default_group(name: str, default: str, fr: str, en: str) -> Callable[[Callable[..., Any]], DefaultGroup]:
    """Make a function a group with a default command; see :func:`group`."""

    def decorate(function: Callable[..., Any]) -> DefaultGroup:
        return click.group(name, cls=DefaultGroup, phrase=Phrase(fr, en), default=default)(function)

    return decorate


def option(*declarations: str, fr: str, en: str, **attributes: Any) -> Callable[[_Function], _Function]:
    """Add an option with its help in both languages; the other arguments are click's own."""

    def decorate(function: _Function) -> _Function:
        parameters: list[click.Parameter] = function.__dict__.setdefault("__click_params__", [])
        parameters.append(Option(*declarations, phrase=Phrase(fr, en), **attributes))
        return function

    return decorate


def _common_options() -> list[click.Parameter]:
    return [
        Option(
            "--lang",
            phrase=Phrase(
                "Langue des textes ; par défaut celle du système.", "Language of texts; the system's if absent."
            ),
            type=click.Choice(["fr", "en"]),
            expose_value=False,
            is_eager=True,
            callback=_take_language,
        ),
        Option(
            "--json",
            phrase=Phrase("Écrire du JSON, pour une machine.", "Write JSON, for a machine."),
            is_flag=True,
            expose_value=False,
            is_eager=True,
            callback=_take_json,
        ),
        Option(
            "--data-dir",
            phrase=Phrase(
                "Dossier des bases, fichiers reçus et clés (ou RACCORD_DATA_DIR).",
                "Directory of databases, received files and keys (or RACCORD_DATA_DIR).",
            ),
            type=click.Path(file_okay=False, path_type=Path),
            expose_value=False,
            is_eager=True,
            callback=_take_data_dir,
        ),
    ]


def _take_language(ctx: click.Context, _parameter: click.Parameter, value: Language | None) -> None:
    if value is not None:
        state_of(ctx).language = value


def _take_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        state_of(ctx).as_json = True


def _take_data_dir(ctx: click.Context, _parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        state_of(ctx).data_dir = value


def _in_language(found: click.Option | None, ctx: click.Context) -> click.Option | None:
    if found is not None:
        found.help = Phrase("Afficher cette aide.", "Show this help.").get(state_of(ctx).language)
    return found


def _brief(found: click.Command | None, language: Language) -> str:
    return found.phrase.get(language) if isinstance(found, (Command, Group)) else ""


_USAGE = Phrase("Usage : ", "Usage: ")
_HEADINGS = {"Options": Phrase("Options", "Options"), "Commands": Phrase("Commandes", "Commands")}
