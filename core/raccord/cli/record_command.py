"""``raccord record``: a recording of a connector's exchanges with its source: no secret in it, replayed offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from pydantic import ValidationError

from raccord.bench import NoSourceError, SourceKind, trials_for
from raccord.bench.looking import Recorded, record
from raccord.cli.check_command import installed
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import output
from raccord.cli.terminal.typed_settings import missing_secrets, plain_values, secret_values
from raccord.cli.terminal.words import command as command_of
from raccord.cli.terminal.words import option
from raccord.clock import SystemClock
from raccord.plugin.contexts import Http
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.testing.recording import RecordingError
from raccord.plugin.testing.recording.shapes import BODY_BYTES_MAX, FILES_MAX
from raccord.plugin.testing.trial import Telling, Trial
from raccord.plugin.texts import Text
from raccord.sync.fetching.source_http import SourceHttp, allowed_hosts


@command_of(
    "record",
    "Enregistrer les échanges d'un connecteur avec sa source, sans secret ni nom, pour les rejouer sans réseau.",
    "Record a connector's exchanges with its source, without secrets or names, to replay them without a network.",
)
@click.argument("connector", metavar="PLUGIN")
@option(
    "--to",
    "target",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    fr="Fichier à écrire (nom.recording.json).",
    en="File to write (name.recording.json).",
)
@option("--twin", is_flag=True, fr="Enregistrer son jumeau.", en="Record its twin.")
@option("--trial", default="", fr="Essai du jumeau ; sinon le premier.", en="Trial of the twin; the first if absent.")
@option("--set", "typed", multiple=True, metavar="KEY=VALUE", fr="Un réglage ; répétable.", en="A setting; repeatable.")
@option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="KEY[=env:NAME|file:PATH|stdin]",
    fr="Un réglage secret, demandé sans l'afficher ; répétable.",
    en="A secret, asked without showing it; repeatable.",
)
@option(
    "--file",
    "paths",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    fr="Un fichier de la source ; répétable.",
    en="A file of the source; repeatable.",
)
@option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2000-01-01",
    fr="Premier jour demandé à la source.",
    en="First day asked of the source.",
)
@option(
    "--time-zone", default="America/Toronto", show_default=True, fr="Fuseau de la source.", en="The source's time zone."
)
@option("--currency", default="CAD", show_default=True, fr="Devise de la société.", en="The company's currency.")
def command(
    connector: str,
    target: Path,
    twin: bool,
    trial: str,
    typed: Sequence[str],
    secrets: Sequence[str],
    paths: Sequence[Path],
    since: datetime,
    time_zone: str,
    currency: str,
) -> Exit:
    module, info = installed(connector)
    if target.exists():
        raise NoSourceError(
            "record.exists",
            Text(f"{target} existe déjà ; rien n'y est changé.", f"{target} exists already; nothing there is changed."),
            Text("Prenez un autre nom.", "Take another name."),
        )
    if twin:
        chosen = trials_for(module, SourceKind.TWIN, trial)[0]
    else:
        chosen = _real(info, typed, secrets, paths, since, time_zone, currency)
    try:
        made = record(module, info, chosen)
    except RecordingError as error:
        raise NoSourceError(error.code, error.text, error.fix) from None
    target.write_bytes(made.recording.written())
    _say(target, made)
    return Exit.FAILED if made.error else Exit.OK


def _real(
    info: ConnectorInfo,
    typed: Sequence[str],
    secrets: Sequence[str],
    paths: Sequence[Path],
    since: datetime,
    time_zone: str,
    currency: str,
) -> Trial:
    """Return a real source with the settings typed: its address is asked, its files are those named."""
    values = plain_values(info, typed)
    values |= secret_values(info, secrets, output())
    values |= secret_values(info, missing_secrets(info, values), output())
    if len(paths) > FILES_MAX:
        raise click.UsageError(f"--file: {FILES_MAX}")
    for path in paths:
        if path.stat().st_size > BODY_BYTES_MAX:
            raise click.UsageError(f"--file {path}: {BODY_BYTES_MAX // 2**20} MiB")
    try:
        settings = info.settings.model_validate(values)
        zone = ZoneInfo(time_zone)
    except ValidationError as error:
        # No value of a setting is quoted: it may be a secret.
        names = ", ".join(sorted({str(each["loc"][0]) for each in error.errors() if each["loc"]})) or "–"
        raise NoSourceError(
            "record.settings",
            Text(
                f"Ces réglages manquent ou ne conviennent pas : {names}.", f"These settings lack or are wrong: {names}."
            ),
            Text(
                "« raccord connect source CONNECTEUR --describe » montre tous les réglages.",
                "“raccord connect source CONNECTOR --describe” shows all settings.",
            ),
        ) from None
    except (ZoneInfoNotFoundError, ValueError):
        raise click.UsageError(f"--time-zone {time_zone}") from None
    clock = SystemClock()

    @contextmanager
    def opened() -> Iterator[Http]:
        http = SourceHttp(allowed_hosts(info.hosts, settings), clock)
        try:
            yield http
        finally:
            http.close()

    return Trial(
        name="source",
        values=values,
        told=Telling(files=[(path.name, path.read_bytes()) for path in paths], http=opened),
        starts_on=since.date(),
        now=clock.now(),
        time_zone=zone,
        home_currency=currency,
    )


def _say(target: Path, made: Recorded) -> None:
    recording, out = made.recording, output()
    if out.as_json:
        out.json(
            {
                "file": str(target),
                "connector": recording.connector,
                "version": recording.version,
                "exchanges": len(recording.exchanges),
                "files": len(recording.files),
                "left_out": [each.model_dump() for each in recording.left_out],
                "records": made.records,
                "error": made.error,
            }
        )
    parts = (
        counted(len(recording.exchanges), ("{n} échange", "{n} exchange"), ("{n} échanges", "{n} exchanges")),
        counted(len(recording.files), ("{n} fichier", "{n} file"), ("{n} fichiers", "{n} files")),
        counted(
            made.records,
            ("{n} opération lue", "{n} record read"),
            ("{n} opérations lues", "{n} records read"),
        ),
    )
    french, english = (", ".join(each) for each in zip(*parts, strict=True))
    out.say(
        Phrase(
            f"{target} : {french}. Relisez-le, puis : raccord bench {recording.connector} --recording {target}",
            f"{target}: {english}. Read it over, then: raccord bench {recording.connector} --recording {target}",
        )
    )
    for left in recording.left_out:
        out.say(
            Phrase(
                f"{left.name} n'y est pas : ce n'est pas du texte, ou c'est trop grand.",
                f"{left.name} is not in it: it is no text, or too large.",
            )
        )
    if made.renewed:
        out.say(
            Phrase(
                "La source a donné de nouveaux secrets, qui ne sont pas gardés : les anciens peuvent ne plus valoir.",
                "The source gave new secrets, which are not kept: the old ones may no longer hold.",
            )
        )
    if made.error:
        said = made.said
        out.say(
            Phrase(
                f"La lecture s'est arrêtée : {made.error}. {'' if said is None else said.fr}",
                f"Reading stopped: {made.error}. {'' if said is None else said.en}",
            )
        )
