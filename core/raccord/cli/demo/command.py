"""``raccord demo``: a sandbox company, every source with a twin, brought in, proven and shown."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from raccord.catalog import Catalog
from raccord.cli.demo.books import (
    PERSON,
    Connected,
    DemoFailedError,
    bring_in,
    connect_company,
    connect_sources,
    summary,
)
from raccord.cli.sandbox.client import Lab
from raccord.cli.sandbox.process import SPARE, running_sandbox
from raccord.cli.serving import listen
from raccord.cli.terminal.engine import inline_engine
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened, opened_workshop, read_settings
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, both, output
from raccord.cli.terminal.showing import money
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.clock import SystemClock
from raccord.errors import RaccordError
from raccord.onboarding.access.accounts import renew_owner
from raccord.overview.explain import explain
from raccord.plugin.texts import Language, Text
from raccord.quickbooks.kinds import kind_named
from raccord.settings import PREFIX, Settings, load
from raccord.store import schema
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zone_of

# The sandbox hands these out to everybody; they open nothing but made-up books on this machine.
CLIENT_ID = "raccord-sandbox"
CLIENT_SECRET = "raccord-sandbox-secret"  # noqa: S105 - see above


PERSON_EMAIL = "demo@raccord.example"


class DemoError(RaccordError):
    """Raised when the demonstration did not come to its end."""


@make_command(
    "demo",
    "Démarrer une société de démonstration, y apporter toutes les sources et montrer la preuve.",
    "Start a demonstration company, bring all sources in and show the proof.",
    params=[
        Option(
            "--once",
            is_flag=True,
            phrase=Phrase(
                "S'arrêter après la preuve ; statut 0 si tout est égal.",
                "Stop after the proof; status 0 if all is equal.",
            ),
        ),
        Option("--port", type=int, phrase=Phrase("Port où servir les pages.", "Port to serve the pages at.")),
    ],
)
def command(once: bool, port: int | None) -> int:
    out = output()
    clock = SystemClock()
    settings = own_settings(port, out.language)
    folder = settings.data_dir
    if not once:
        # Whoever has to choose another port should hear of it now, not after minutes.
        listen(settings).close()
    with running_sandbox(folder / "sandbox", clock) as local, ExitStack() as served:
        settings = settings.model_copy(
            update={
                "quickbooks_environment": local.url,
                "quickbooks_client_id": CLIENT_ID,
                "quickbooks_client_secret": SecretStr(CLIENT_SECRET),
                # A twin that answers calls does so on this machine.
                "private_hosts": "127.0.0.1",
            }
        )
        with opened(settings, ready=False) as database:
            schema.upgrade(database)
        with opened_workshop(settings) as workshop:
            catalog = workshop.scopes.catalog
            tell_left_out(catalog, out)
            table = _bring_everything_in(workshop, local.realm, folder / "sources", out, served)
            table["left_out"] = left_out(catalog)
            _show(out, table, f"{local.url}/company/{local.realm}")
            if not once:
                # The pages' packages are an extra, which a demonstration that does not stay up can do without.
                from raccord.cli.serve_command import serve

                _spare(Lab(local.url, local.token))
                _let_in(workshop, out)
                serve(workshop, out)
        return Exit.OK if table["all_equal"] else Exit.UNEQUAL


def own_settings(port: int | None = None, spoken: Language = "fr") -> Settings:
    """Return the settings of an installation that is the demonstration's alone, below the usual data directory.

    Of the usual settings only those of the web pages and the language count, ``port`` before theirs: made-up books must
    never reach a real database or a real company. Where no language is set the pages speak the command's, ``spoken``,
    with a browser that asks for none.
    """
    usual = read_settings()
    kept = {f"{PREFIX}{name.upper()}": str(getattr(usual, name)) for name in ("language", "web_host", "web_port")}
    if "language" not in usual.model_fields_set:
        kept[f"{PREFIX}LANGUAGE"] = spoken
    if port is not None:
        kept[f"{PREFIX}WEB_PORT"] = str(port)
    return load(kept, data_dir=usual.data_dir / "demo")


def _spare(lab: Lab) -> None:
    """Put an empty company beside the filled one, once: a source of the demonstration may go to one company only."""
    if all(each["name"] != SPARE for each in lab.get("/companies")):
        made = lab.post("/companies", {"template": "quebec", "name": SPARE})
        # The sandbox gives its maker access at once; this one waits for a person's consent.
        lab.post(f"/companies/{made['realm']}/person/disconnect")


def _let_in(workshop: Workshop, out: Output) -> None:
    """Say how to sign in: an account with a password that is new at each start, so that nobody can know it before."""
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    renew_owner(workshop, PERSON_EMAIL, "Démo", password, PERSON.name)
    out.say(
        Phrase(
            f"Pour entrer dans les pages : {PERSON_EMAIL}, mot de passe {password}",
            f"To sign in to the pages: {PERSON_EMAIL}, password {password}",
        )
    )


def left_out(catalog: Catalog) -> list[dict[str, object]]:
    """Return the connectors that the demonstration goes without, each with its reason and what to do."""
    return [
        {"name": one.name, "code": str(one.code), "reason": both(one.reason), "fix": both(one.fix)}
        for one in catalog.quarantined
    ]


def tell_left_out(catalog: Catalog, out: Output) -> None:
    """Say which connectors the demonstration goes without, and why: their rows are missing from its table."""
    for one in catalog.quarantined:
        out.say(
            Phrase(
                f"Laissé de côté : {one.name} ({one.distribution} {one.version}). {one.reason.fr} {one.fix.fr}",
                f"Left out: {one.name} ({one.distribution} {one.version}). {one.reason.en} {one.fix.en}",
            )
        )


def _bring_everything_in(
    workshop: Workshop, realm: str, folder: Path, out: Output, served: ExitStack
) -> dict[str, Any]:
    company = connect_company(workshop, realm)
    with workshop.database.read() as session:
        zone = ZoneInfo(zone_of(session, company.id))
    today = workshop.clock.now().astimezone(zone).date()
    connected = connect_sources(workshop, company, folder, today, out.language, served)
    posted = 0
    for each in connected:
        posted += _bring_one_in(workshop, each, out)
    table = summary(workshop, company, connected, posted)
    return {**table, "source_pages": {each.label: each.source.page for each in connected if each.source.page}}


def _bring_one_in(workshop: Workshop, each: Connected, out: Output) -> int:
    with out.progress(Phrase(each.label, each.label)) as progress:
        steps = 0

        def step(_run_id: str) -> None:
            nonlocal steps
            steps += 1
            progress(steps)

        try:
            return bring_in(workshop, inline_engine(workshop, step), each, lambda _label: None)
        except DemoFailedError as error:
            said = {language: explain(error.code, error.params, language) for language in ("fr", "en")}
            raise DemoError(
                error.code or "demo.failed",
                Text(f"{each.label} : {said['fr'].what}", f"{each.label}: {said['en'].what}"),
                Text(said["fr"].fix or "Voyez « raccord problems ».", said["en"].fix or "See “raccord problems”."),
            ) from None


def _show(out: Output, table: dict[str, Any], address: str) -> None:
    if out.as_json:
        out.json({**table, "company_page": address})
        return
    out.table(
        Phrase("Documents dans QuickBooks", "Documents in QuickBooks"),
        [Column(Phrase("Genre", "Kind")), Column(Phrase("Nombre", "Count"), right=True)],
        [[kind_named(kind, out.language), str(count)] for kind, count in table["documents"].items()],
        empty=Phrase("Aucun document.", "No document."),
    )
    out.table(
        Phrase("Fonds non déposés à chaque fin de mois", "Undeposited funds at each month end"),
        [
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Grand livre", "Ledger"), right=True),
            Column(Phrase("Non versé selon la source", "Unpaid at the source"), right=True),
            Column(Phrase("Égal", "Equal")),
        ],
        [
            [row["day"], money(row["ledger"], out.language), money(row["expected"], out.language), _tick(row["equal"])]
            for row in table["clearing"]
        ],
        empty=Phrase("Aucune source ne passe par ce compte.", "No source goes through this account."),
    )
    out.table(
        Phrase(
            "Preuve : source moins ce qui est laissé de côté = écrit = QuickBooks",
            "Proof: source less what is left out = posted = QuickBooks",
        ),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("Flux", "Stream")),
            Column(Phrase("Source", "Source"), right=True),
            Column(Phrase("Laissé de côté", "Left out"), right=True),
            Column(Phrase("Écrit", "Posted"), right=True),
            Column(Phrase("QuickBooks", "QuickBooks"), right=True),
        ],
        [
            [
                each["connection"],
                stream["name"][out.language],
                *(money(stream[name], out.language) for name in ("source", "left_out", "posted", "quickbooks")),
            ]
            for each in table["proof"]
            for stream in each["streams"]
        ],
        empty=Phrase("Rien à prouver.", "Nothing to prove."),
    )
    moved = {language: _moved(table["moved"], language) for language in ("fr", "en")}
    cells = sum(each["cells"] for each in table["proof"])
    equal = sum(each["equal"] for each in table["proof"])
    posted = counted(
        table["posted_now"],
        ("{n} document écrit cette fois", "{n} document posted this time"),
        ("{n} documents écrits cette fois", "{n} documents posted this time"),
    )
    out.say(
        Phrase(
            f"À la banque : {moved['fr']} ; {posted.fr} ; {table['waiting']} en attente d'une personne.",
            f"At the bank: {moved['en']}; {posted.en}; {table['waiting']} waiting for a person.",
        )
    )
    same = counted(equal, ("{n} égale", "{n} equal"), ("{n} égales", "{n} equal"))
    out.say(Phrase(f"Preuve par jour : {same.fr} sur {cells}.", f"Proof per day: {same.en} of {cells}."))
    out.say(Phrase(f"Les livres de la société : {address}", f"The company's books: {address}"))
    for label, page in table["source_pages"].items():
        out.say(Phrase(f"{label}, la page de ses employés : {page}", f"{label}, its employees' page: {page}"))


def _moved(moved: Sequence[Mapping[str, Any]], language: Language) -> str:
    """Say what came in and went out, one currency after another, and what only changed accounts."""
    said = {
        "fr": "entrées {}, sorties {} {}, virements entre vos comptes {}",
        "en": "money in {}, money out {} {}, transfers between your own accounts {}",
    }[language]
    return "; ".join(
        said.format(
            money(each["in"], language), money(each["out"], language), each["currency"],
            money(each["between"], language),
        )
        for each in moved
    )  # fmt: skip


def _tick(equal: bool) -> str:
    return "=" if equal else "≠"
