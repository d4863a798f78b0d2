"""The top group: commands by name and module, each module imported only when its command is used."""

from __future__ import annotations

import importlib
from dataclasses import dataclass

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.words import Group, state_of


@dataclass(frozen=True, slots=True)
class Lazy:
    """Where a command is, as ``module:attribute``, and its one line in the list of commands."""

    place: str
    phrase: Phrase
    extra: str = ""
    """The extra of the distribution that brings what the command imports."""


COMMANDS: dict[str, Lazy] = {
    "demo": Lazy(
        "raccord.cli.demo.command:command",
        Phrase("Montrer tout, avec une société de démonstration.", "Show everything, with a demonstration company."),
        "web",
    ),
    "serve": Lazy(
        "raccord.cli.serve_command:command",
        Phrase("Servir les pages web et exécuter les synchronisations.", "Serve the web pages and execute runs."),
        "web",
    ),
    "sandbox": Lazy(
        "raccord.cli.sandbox.command:command",
        Phrase("Servir et conduire un QuickBooks Online local.", "Serve and drive a local QuickBooks Online."),
        "sandbox",
    ),
    "worker": Lazy(
        "raccord.cli.worker_command:command",
        Phrase("Exécuter les synchronisations, sans page web.", "Execute runs, without web pages."),
    ),
    "connect": Lazy(
        "raccord.cli.connect.command:command",
        Phrase("Relier une source à une société.", "Join a source account to a company."),
    ),
    "lists": Lazy(
        "raccord.cli.lists_command:command",
        Phrase("Envoyer des listes de QuickBooks à une source.", "Send lists of QuickBooks to a source."),
    ),
    "sync": Lazy(
        "raccord.cli.sync_command:command",
        Phrase("Chercher, préparer et écrire ce qui est nouveau.", "Fetch, plan and post what is new."),
    ),
    "plan": Lazy(
        "raccord.cli.plan.command:command",
        Phrase("Montrer ce qui serait écrit, sans rien écrire.", "Show what would be posted, without posting."),
    ),
    "apply": Lazy(
        "raccord.cli.plan.apply_command:command",
        Phrase("Approuver un plan et l'exécuter.", "Approve a plan and execute it."),
    ),
    "undo": Lazy(
        "raccord.cli.undo_command:command",
        Phrase("Défaire une exécution ou des documents, par un plan.", "Plan the undo of a run or of documents."),
    ),
    "suggestions": Lazy(
        "raccord.cli.suggestions_command:command",
        Phrase("Montrer et régler les catégories suggérées.", "Show and set what is suggested for bank lines."),
    ),
    "statements": Lazy(
        "raccord.cli.statements_command:command",
        Phrase("Dire quels relevés sont rapprochés.", "Say which statements are reconciled."),
    ),
    "proof": Lazy(
        "raccord.cli.proof.command:command",
        Phrase("Comparer la source, ce qui est écrit et QuickBooks.", "Compare source, posted and QuickBooks."),
    ),
    "holds": Lazy(
        "raccord.cli.holds.command:command",
        Phrase("Montrer ce qui attend une personne, et y répondre.", "Show what waits for a person, and answer."),
    ),
    "rules": Lazy(
        "raccord.cli.rules_command:command",
        Phrase("Faire des règles pour les opérations bancaires.", "Make rules for bank lines."),
    ),
    "problems": Lazy(
        "raccord.cli.problems.command:command",
        Phrase("Montrer ce qui a échoué, pourquoi et que faire.", "Show what failed, why and what to do."),
    ),
    "drift": Lazy(
        "raccord.cli.drift_command:command",
        Phrase("Montrer ce que des gens ont changé dans QuickBooks.", "Show what people changed in QuickBooks."),
    ),
    "plugins": Lazy(
        "raccord.cli.plugins_command:command",
        Phrase("Montrer les connecteurs installés, les autoriser.", "Show the installed connectors, allow them."),
    ),
    "new": Lazy(
        "raccord.cli.new_command:command",
        Phrase("Commencer un connecteur.", "Begin a connector."),
        "testing",
    ),
    "check": Lazy(
        "raccord.cli.check_command:command",
        Phrase("Juger un connecteur par les règles de conformité.", "Judge a connector by the rules of conformance."),
    ),
    "bench": Lazy(
        "raccord.cli.bench_command:command",
        Phrase("Montrer ce qu'un connecteur fait de sa source.", "Show what a connector makes of its source."),
    ),
    "record": Lazy(
        "raccord.cli.record_command:command",
        Phrase("Enregistrer les échanges d'un connecteur.", "Record a connector's exchanges with its source."),
    ),
    "people": Lazy(
        "raccord.cli.people_command:command",
        Phrase("Montrer qui peut se connecter aux pages, inviter.", "Show who may sign in to the pages, invite."),
    ),
    "tokens": Lazy(
        "raccord.cli.tokens_command:command",
        Phrase("Montrer et faire les jetons de l'API JSON.", "Show and make tokens of the JSON API."),
    ),
    "status": Lazy(
        "raccord.cli.status_command:command_status",
        Phrase("Montrer l'état de tout, et ce dont on a prévenu.", "Show how all stands, and what people were told."),
    ),
    "doctor": Lazy(
        "raccord.cli.doctor_command:command",
        Phrase("Vérifier que tout est prêt.", "Check that everything is ready."),
    ),
    "export": Lazy(
        "raccord.cli.export_command:command",
        Phrase("Emporter tout ce qui est gardé d'une société.", "Take away all that is kept about a company."),
    ),
    "audit": Lazy(
        "raccord.cli.audit_command:command",
        Phrase(
            "Montrer qui a décidé quoi, et pourquoi.",
            "Show who decided what, and why.",
        ),
    ),
    "backup": Lazy(
        "raccord.cli.backup_command:command",
        Phrase("Sauvegarder la base et les fichiers reçus.", "Back up the database and the received files."),
    ),
    "drill": Lazy(
        "raccord.cli.drill_command:command",
        Phrase("Essayer de restaurer une sauvegarde, à part.", "Try to restore a backup, apart."),
    ),
    "retention": Lazy(
        "raccord.cli.retention_command:command",
        Phrase(
            "Dire combien de temps messages et appareils sont gardés.", "Say how long messages and devices are kept."
        ),
    ),
    "db": Lazy(
        "raccord.cli.db_command:command",
        Phrase("Entretenir la base de données et ses clés.", "Look after the database and its keys."),
    ),
}


class CommandMissingError(click.ClickException):
    """Raised when a command's module, or something it needs, is not installed."""

    exit_code = Exit.FAILED

    def __init__(self, code: str, text: Phrase, fix: Phrase) -> None:
        super().__init__(text.en)
        self.code = code
        self.text = text
        self.fix = fix


class LazyGroup(Group):
    """A group that knows its commands by name and imports none of them to list them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = COMMANDS.get(cmd_name)
        return None if lazy is None else load(cmd_name, lazy)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        language = state_of(ctx).language
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.phrase.get(language)) for name, lazy in COMMANDS.items()])


def load(name: str, lazy: Lazy) -> click.Command:
    """Import a command; what is missing is said as a plain error with the way to install it."""
    module, _, attribute = lazy.place.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        raise _missing(name, lazy, module, str(error.name)) from error
    if not isinstance(found, click.Command):
        raise TypeError(f"{lazy.place} is no command")
    return found


def _missing(name: str, lazy: Lazy, module: str, missing: str) -> CommandMissingError:
    if missing == module:
        return CommandMissingError(
            "cli.command_missing",
            Phrase(
                f"La commande « {name} » n'est pas dans cette installation.",
                f"The command “{name}” is not in this installation.",
            ),
            Phrase("Installez une version de Raccord qui l'apporte.", "Install a version of Raccord that brings it."),
        )
    return dependency_missing(name, lazy, missing)


def dependency_missing(name: str, lazy: Lazy, missing: str) -> CommandMissingError:
    """Return the error of a command that lacks a module, with the extra that brings it."""
    distribution = f'"raccord[{lazy.extra}]"' if lazy.extra else "raccord"
    return CommandMissingError(
        "cli.dependency_missing",
        Phrase(
            f"La commande « {name} » a besoin du module Python « {missing} », qui manque.",
            f"The command “{name}” needs the Python module “{missing}”, which is missing.",
        ),
        Phrase(f"Installez-le : pip install {distribution}", f"Install it: pip install {distribution}"),
    )
