"""``raccord sandbox``: a local QuickBooks Online, as a program of its own, and what is asked of it while it runs."""

from __future__ import annotations

import importlib.util
import os
import secrets
import sys
from pathlib import Path

import click

from raccord.cli.group import COMMANDS, dependency_missing
from raccord.cli.sandbox.client import TOKEN_VARIABLE, USUAL_PORT, announcement
from raccord.cli.sandbox.companies import companies
from raccord.cli.sandbox.conditions import clock, faults, limits, switch
from raccord.cli.sandbox.person import person
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.words import Option, group

MODULE = "raccord_sandbox"


@group(
    "sandbox",
    "Servir un QuickBooks Online local et le conduire : sociétés, pannes, horloge, limites, gestes d'une personne.",
    "Serve a local QuickBooks Online and drive it: companies, faults, clock, limits, a person's deeds.",
)
def command() -> None:
    pass


@command.command(
    "serve",
    phrase=Phrase(
        "Servir jusqu'à Ctrl-C. Écrit l'adresse, le jeton et les sociétés.",
        "Serve until Ctrl-C. Writes the address, the token and the companies.",
    ),
    params=[
        Option(
            "--port",
            type=click.IntRange(0, 65535),
            default=USUAL_PORT,
            phrase=Phrase(
                f"Port ; {USUAL_PORT} sinon, 0 pour un port libre.",
                f"Port; {USUAL_PORT} if absent, 0 takes a free one.",
            ),
        ),
        Option(
            "--host",
            default="",
            phrase=Phrase("Adresse d'écoute ; 127.0.0.1 sinon.", "Address to listen on; 127.0.0.1 if absent."),
        ),
        Option(
            "--books",
            type=click.Path(file_okay=False, path_type=Path),
            default=None,
            phrase=Phrase(
                "Dossier qui garde les livres ; en mémoire sinon.",
                "Directory that keeps the books; in memory if absent.",
            ),
        ),
        Option(
            "--template",
            multiple=True,
            phrase=Phrase(
                "Modèle d'une société à créer (us, quebec, france, empty) ; plusieurs fois au besoin.",
                "Template of a company to make (us, quebec, france, empty); may be repeated.",
            ),
        ),
        Option("--bare", is_flag=True, phrase=Phrase("Ne créer aucune société.", "Make no company.")),
        Option(
            "--limits",
            is_flag=True,
            phrase=Phrase("Appliquer les limites publiées.", "Apply the published limits."),
        ),
        Option(
            "--remote-lab",
            is_flag=True,
            phrase=Phrase(
                "Laisser d'autres machines conduire le bac à sable, avec son jeton.",
                "Let other machines drive the sandbox, with its token.",
            ),
        ),
    ],
)
def serve(
    port: int, host: str, books: Path | None, template: tuple[str, ...], bare: bool, limits: bool, remote_lab: bool
) -> None:
    # The sandbox shares no code with us, so it is another program; it takes this process's place, Ctrl-C and exit
    # status included.
    for needed in (MODULE, "uvicorn"):
        if importlib.util.find_spec(needed) is None:
            raise dependency_missing("sandbox", COMMANDS["sandbox"], needed)
    arguments = ["--port", str(port), "--announce", str(announcement())]
    arguments += ["--host", host] if host else []
    arguments += ["--data", str(books)] if books is not None else []
    arguments += [word for each in template for word in ("--seed", each)]
    arguments += [flag for flag, on in (("--bare", bare), ("--limits", limits), ("--remote-lab", remote_lab)) if on]
    # Through the environment: what stands on a command line is seen by everybody on the machine.
    os.environ.setdefault(TOKEN_VARIABLE, secrets.token_urlsafe(24))
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", MODULE, *arguments])  # noqa: S606 - our own program, no shell


for _each in (companies, faults, clock, limits, switch, person):
    command.add_command(_each)
