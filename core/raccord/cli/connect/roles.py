"""``raccord connect roles`` and ``choose``: what fills each role of a connection, and from which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.connect.repost import PREVIEW, SEEN, account_names, show_survey
from raccord.cli.connect.repost import as_json as survey_as_json
from raccord.cli.connect.source import info_of
from raccord.cli.holds.command import find_candidate
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, both, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.errors import RaccordError
from raccord.onboarding.deciding.decisions import BEGINNING
from raccord.onboarding.deciding.remapping import Effect, effect_of_choice
from raccord.onboarding.deciding.seen_choices import choice_standing, choose_seen
from raccord.onboarding.setting_up.chart_accounts import NewAccount, add_account
from raccord.onboarding.sources.feeds import FedAccount, fed_accounts
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import RoleInfo
from raccord.plugin.texts import Language, Text
from raccord.store.models import Choice, Company, Connection
from raccord.sync.days import today_of
from raccord.sync.workshop import Workshop

NAMES_MAX = 8


class RoleError(RaccordError):
    """Raised when a connector has no role of that name."""


@dataclass(frozen=True, slots=True)
class RoleChoices:
    """A role with its choices in the order of their days; the last one counts now."""

    info: RoleInfo
    of: str
    choices: Sequence[Choice]
    books: Language
    """The language in which the company's own accounts are made."""


@make_command(
    "roles",
    "Montrer chaque rôle d'une connexion : ce qui le remplit, et ce qui conviendrait.",
    "Show each role of a connection: what fills it, and what would fit.",
)
@click.argument("connection")
def roles(connection: str) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        found = the_connection(session, connection)
        infos = info_of(workshop, found.connector).roles
        rows = _read(session, found, infos)
        fitting = candidates(session, found.company_id, {info.accepts for info in infos})
        feeds = _feeds(workshop, session, found)
    if out.as_json:
        out.json(
            {"roles": [_as_json(row, fitting[row.info.accepts]) for row in rows], "feeds": list(map(_feed, feeds))}
        )
    else:
        _show(out, rows, fitting)
        _show_feeds(out, feeds)
    missing = any(not row.choices and _is_missing(row.info) for row in rows)
    return Exit.NEEDS_PERSON if missing else Exit.OK


@make_command(
    "choose",
    "Choisir ce qui remplit un rôle à partir d'un jour, selon la date des documents ; montre d'abord l'effet.",
    "Choose what fills a role from a day on, by the documents' date; shows the effect first.",
    params=[
        Option(
            "--of",
            default="",
            phrase=Phrase("Pour un seul mot ou compte de la source.", "For one word or account of the source."),
        ),
        Option(
            "--from",
            "first",
            type=click.DateTime(["%Y-%m-%d"]),
            phrase=Phrase("Premier jour ; aujourd'hui s'il change.", "First day; today if it changes."),
        ),
        Option(
            "--add",
            type=click.Choice([str(kind) for kind in NewAccount]),
            phrase=Phrase(
                "D'abord ajouter ce compte, de ce genre, au plan comptable : courant, épargne, caisse, carte.",
                "First add this account, of this kind, to the chart of accounts.",
            ),
        ),
        Option(
            "--number",
            default="",
            phrase=Phrase("Avec --add : le numéro du compte.", "With --add: the account's number."),
        ),
        Option(
            "--journal",
            default="",
            phrase=Phrase(
                "Avec --add : l'identifiant de son code journal, où la société en a.",
                "With --add: the id of its journal code, where the company has them.",
            ),
        ),
        SEEN,
        PREVIEW,
    ],
)
@click.argument("connection")
@click.argument("role")
@click.argument("ledger")
def choose_command(
    connection: str, role: str, ledger: str, of: str, first: datetime | None, add: str | None, number: str,
    journal: str, seen: str | None, preview: bool,
) -> int:  # fmt: skip
    out = output()
    if add is not None and not preview:
        return _add(out, connection, role, ledger, NewAccount(add), of, first, number, journal)
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            info = _role(info_of(workshop, found.connector).roles, role)
            candidate = find_candidate(session, found.company_id, info.accepts, ledger)
            # What is shown is the effect over what stands now: it is kept over nothing else.
            seen = choice_standing(session, found.id, info, of).value if seen is None else seen
        day = None if first is None else first.date()
        effect = effect_of_choice(workshop, found.id, role, candidate.id, of, day)
        names = account_names(workshop, found)
        person, asked = operator(actor()), (found.id, role, candidate.id, of, day)
        made = None if preview else choose_seen(workshop, person, *asked, seen=seen)
    if out.as_json:
        since = None if effect.first == BEGINNING else effect.first.isoformat()
        said = {"role": role, "of": of, "ledger": candidate.id, "name": candidate.name, "from": since}
        out.json({**said, "saved": made is not None, "waiting": effect.waiting, **survey_as_json(effect.posted)})
        return Exit.OK
    _show_effect(out, effect, names)
    out.say(_saved(found, role, effect, made))
    return Exit.OK


def _add(
    out: Output, connection: str, role: str, name: str, kind: NewAccount, of: str, first: datetime | None,
    number: str, journal: str,
) -> int:  # fmt: skip
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection).id
        day = None if first is None else first.date()
        made = add_account(
            workshop, operator(actor()), found, role, name, kind, of, day, number=number, journal=journal
        )
    if out.as_json:
        out.json({"role": role, "of": of, "ledger": made.ledger_id, "name": made.ledger_name, "added": str(kind)})
    out.say(
        Phrase(
            f"« {made.ledger_name} » est ajouté au plan comptable et remplit le rôle {role}.",
            f"“{made.ledger_name}” is added to the chart of accounts and fills the role {role}.",
        )
    )
    return Exit.OK


def _show_effect(out: Output, effect: Effect, names: Mapping[str, str]) -> None:
    """Show what the choice makes of posted documents from its day on, and how many others follow it."""
    if effect.posted.looked_at:
        show_survey(out, effect.posted, names)
    waiting = effect.waiting
    out.say(
        counted(
            waiting,
            (
                "{n} écriture qui attend, et celles à venir, suivent ce choix.",
                "{n} draft that waits, and those to come, follow this choice.",
            ),
            (
                "{n} écritures qui attendent, et celles à venir, suivent ce choix.",
                "{n} drafts that wait, and those to come, follow this choice.",
            ),
        )
    )


def _saved(connection: Connection, role: str, effect: Effect, made: Choice | None) -> Phrase:
    if made is None:
        return Phrase("Rien n'a changé.", "Nothing has changed.")
    since = Phrase("depuis toujours", "from the beginning")
    if effect.first != BEGINNING:
        since = Phrase(f"à partir du {effect.first}", f"from {effect.first}")
    said = Phrase(f"{role} : {made.ledger_name}, {since.fr}.", f"{role}: {made.ledger_name}, {since.en}.")
    if not effect.posted.rewrites:
        return said
    step = f"raccord connect repost {connection.label!r} --from … --to …"
    return Phrase(
        f"{said.fr} Ce qui est déjà écrit reste tel quel ; pour le réécrire : {step}",
        f"{said.en} What is posted already stays as it is; to rewrite it: {step}",
    )


def _role(infos: Sequence[RoleInfo], name: str) -> RoleInfo:
    for info in infos:
        if info.name == name:
            return info
    known = ", ".join(info.name for info in infos) or "–"
    raise RoleError(
        "choice.unknown_role",
        Text(f"Rôle inconnu : {name}.", f"Unknown role: {name}."),
        Text(f"Rôles de ce connecteur : {known}.", f"Roles of this connector: {known}."),
    )


def _read(session: Session, connection: Connection, infos: Sequence[RoleInfo]) -> list[RoleChoices]:
    made: dict[tuple[str, str], list[Choice]] = {}
    for choice in session.scalars(
        select(Choice).where(Choice.connection_id == connection.id).order_by(Choice.valid_from)
    ):
        made.setdefault((choice.role, choice.of), []).append(choice)
    books: Language = "en" if session.get_one(Company, connection.company_id).language == "en" else "fr"
    rows: list[RoleChoices] = []
    for info in infos:
        rows.append(RoleChoices(info, "", made.get((info.name, ""), []), books))
        rows += [
            RoleChoices(info, of, choices, books) for (name, of), choices in made.items() if name == info.name and of
        ]
    return rows


def _is_missing(info: RoleInfo) -> bool:
    return info.required and not info.same_as and not info.subtype and info.default is None


def _show(out: Output, rows: Sequence[RoleChoices], fitting: Mapping[Accepts, Sequence[Candidate]]) -> None:
    out.table(
        Phrase("Rôles", "Roles"),
        [
            Column(Phrase("Rôle", "Role")),
            Column(Phrase("Ce que c'est", "What it is")),
            Column(Phrase("Rempli par", "Filled by")),
            Column(Phrase("Conviendraient", "Would fit")),
        ],
        [
            [
                row.info.name + (f" ({row.of})" if row.of else ""),
                row.info.label.get(out.language),
                _filled(row).get(out.language),
                _names(fitting[row.info.accepts]),
            ]
            for row in rows
        ],
        empty=Phrase("Ce connecteur n'a pas de rôle.", "This connector has no role."),
    )


def _feeds(workshop: Workshop, session: Session, connection: Connection) -> Sequence[FedAccount]:
    today = today_of(connection, workshop.clock.now())
    return fed_accounts(session, connection, workshop.scopes.catalog, today)


def _show_feeds(out: Output, feeds: Sequence[FedAccount]) -> None:
    """Say of each bank and card account that it is fed, and what to do with QuickBooks' own feed of it."""
    if feeds:
        out.say(
            Phrase(
                "Comptes bancaires et cartes que la connexion alimente, et le flux bancaire de QuickBooks :",
                "Bank and card accounts that the connection feeds, and QuickBooks' own bank feed:",
            )
        )
    for each in feeds:
        out.say(Phrase(f"{each.name} : {each.advice.fr}", f"{each.name}: {each.advice.en}"))


def _feed(each: FedAccount) -> dict[str, object]:
    return {
        "account": each.id,
        "name": each.name,
        "type": each.type,
        "what": "exclude" if each.lines else "match",
        "advice": both(each.advice),
        "link": each.link,
    }


def _filled(row: RoleChoices) -> Phrase:
    if row.choices:
        said = [
            f"{each.ledger_name}" + ("" if each.valid_from == BEGINNING else f" ({each.valid_from} →)")
            for each in row.choices
        ]
        return Phrase("\n".join(said), "\n".join(said))
    info = row.info
    if info.same_as:
        return Phrase(f"comme {info.same_as}", f"same as {info.same_as}")
    if info.subtype:
        return Phrase(f"le compte {info.subtype} de la société", f"the company's {info.subtype} account")
    if info.found_as:
        name = " / ".join(info.found_as)
        else_ = Phrase("rien", "nothing") if info.stays_empty else Phrase("à choisir", "to be chosen")
        return Phrase(
            f"« {name} » si QuickBooks l'a, sinon {else_.fr}", f"“{name}” if QuickBooks has it, else {else_.en}"
        )
    if info.default is not None:
        # It is made in the language of the books, whoever reads this.
        called = info.default.name
        made = called.get(row.books)
        fr, en = ("" if each == made else f" ({each})" for each in (called.fr, called.en))
        return Phrase(f"« {made} »{fr}, créé au besoin", f"“{made}”{en}, created if needed")
    return Phrase("À CHOISIR", "TO BE CHOSEN") if info.required else Phrase("rien (facultatif)", "nothing (optional)")


def _names(fitting: Sequence[Candidate]) -> str:
    shown = ", ".join(f"{each.name} ({each.id})" for each in fitting[:NAMES_MAX])
    return shown if len(fitting) <= NAMES_MAX else f"{shown}, … ({len(fitting)})"


def _from(choice: Choice) -> str | None:
    return None if choice.valid_from == BEGINNING else choice.valid_from.isoformat()


def _as_json(row: RoleChoices, fitting: Sequence[Candidate]) -> dict[str, object]:
    return {
        "role": row.info.name,
        "of": row.of,
        "label": both(row.info.label),
        "accepts": str(row.info.accepts),
        "required": row.info.required,
        "missing": not row.choices and _is_missing(row.info),
        "otherwise": both(_filled(RoleChoices(row.info, row.of, [], row.books))),
        "choices": [
            {"ledger": each.ledger_id, "name": each.ledger_name, "from": _from(each), "by": each.chosen_by}
            for each in row.choices
        ],
        "candidates": [
            {"id": each.id, "name": each.name, "type": each.type, "number": each.number} for each in fitting
        ],
    }
