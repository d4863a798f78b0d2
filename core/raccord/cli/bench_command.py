"""``raccord bench``: what an installed connector makes of a source, from page to ledger."""

from __future__ import annotations

from pathlib import Path

import click

from raccord.bench import NoSourceError, SourceKind, look, recorded_trial, trials_for
from raccord.bench.shown import ROWS_MAX
from raccord.cli.bench_view import as_json, show, show_record
from raccord.cli.check_command import installed
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import command as command_of
from raccord.cli.terminal.words import option
from raccord.plugin.testing.recording.shapes import BYTES_MAX
from raccord.plugin.texts import Text


@command_of(
    "bench",
    "Montrer ce qu'un connecteur fait d'une source, de la page au grand livre, sans société ni réseau.",
    "Show what a connector makes of a source, from page to ledger, without a company or a network.",
)
@click.argument("connector", metavar="PLUGIN")
@option(
    "--twin", is_flag=True, fr="Son jumeau ; c'est le cas si rien n'est dit.", en="Its twin; so if nothing is said."
)
@option("--samples", is_flag=True, fr="Ses échantillons.", en="Its samples.")
@option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    fr="Un enregistrement (raccord record).",
    en="A recording (raccord record).",
)
@option("--trial", default="", fr="Nom d'un essai ; sinon tous.", en="Name of one trial; all of them if absent.")
@option(
    "--record",
    "key",
    default="",
    metavar="KEY",
    fr="Suivre une opération jusqu'au grand livre.",
    en="Follow one record to the ledger.",
)
@option(
    "--limit",
    type=click.IntRange(1, ROWS_MAX),
    default=50,
    show_default=True,
    fr="Lignes montrées par tableau.",
    en="Rows shown of each table.",
)
def command(
    connector: str, twin: bool, samples: bool, recording: Path | None, trial: str, key: str, limit: int
) -> Exit:
    if twin + samples + (recording is not None) > 1:
        raise click.UsageError("--twin, --samples, --recording")
    module, info = installed(connector)
    if recording is not None:
        with recording.open("rb") as file:
            chosen = [recorded_trial(info, file.read(BYTES_MAX + 1), recording.name)]
    else:
        chosen = list(trials_for(module, SourceKind.SAMPLES if samples else SourceKind.TWIN, trial))
    found = [look(module, info, each) for each in chosen]
    if key:
        followed = [(each, made) for each in found for made in each.made if made.record.key() == key]
        if not followed:
            raise NoSourceError(
                "bench.no_record",
                Text(f"Aucune opération « {key} » n'est venue.", f"No record “{key}” came."),
                Text("Sans --record, ils sont tous montrés.", "Without --record all are shown."),
            )
        for each, made in followed[:1]:
            show_record(output(), each, made)
        return Exit.OK
    if output().as_json:
        output().json({"trials": [as_json(each) for each in found]})
    else:
        for each in found:
            show(output(), each, limit)
    return Exit.FAILED if any(each.error for each in found) else Exit.OK
