"""Checks of a connection: its connector, its choices and what they point to, its schedule, how fresh its data is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.onboarding.arriving.arrivals import freshness_of
from raccord.onboarding.arriving.freshness import BY_FILES, Lateness
from raccord.onboarding.checking.catalogue import check_catalogue, check_said
from raccord.onboarding.checking.findings import Finding, Level, refused, well
from raccord.onboarding.checking.modes import check_mode
from raccord.onboarding.checking.served_alone import check_alone
from raccord.onboarding.connecting.hours import Hours
from raccord.onboarding.gates.each_account import each_account
from raccord.onboarding.sources.feeds import FedAccount, fed_accounts
from raccord.onboarding.sources.required_roles import must_be_chosen
from raccord.plugin.errors import ConnectorError
from raccord.plugin.info import ConnectorInfo, Contact, RoleInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Company, Connection, ConnectionState, LedgerEntry, Schedule
from raccord.sync.books.company import PEOPLE, fits, kind_of
from raccord.sync.days import today_of
from raccord.sync.workshop import Bench, Workshop

OVERDUE = timedelta(minutes=15)
"""A worker looks every few seconds; a due time this old means that none runs."""

_REAUTHORISE = Text(
    "Reliez-la de nouveau : raccord connect reconnect, ou donnez de nouveaux identifiants : raccord connect settings.",
    "Connect it again: raccord connect reconnect, or give new credentials: raccord connect settings.",
)


def check_connection(workshop: Workshop, connection: Connection) -> Iterator[Finding]:
    """Check one connection that is not disconnected; a connector that may not work ends its checks."""
    label = connection.label
    yield from _state(connection)
    with workshop.database.read() as session:
        company = session.get_one(Company, connection.company_id)
        try:
            bench = workshop.bench_of(session, company, connection)
            fresh = freshness_of(workshop, session, connection)
        except RaccordError as error:
            yield refused(error, label)
            return
        yield from _roles(session, company, connection, bench.scope.info.roles, _today(workshop, connection))
        yield from _accounts(workshop, session, connection, bench.scope.info)
        yield from check_said(session, connection, bench.scope.info)
        yield from _schedule(workshop, session, connection)
        for account in fed_accounts(session, connection, workshop.scopes.catalog, _today(workshop, connection)):
            yield _fed(account, label)
    yield from check_mode(workshop, connection, bench.scope.info)
    yield from check_catalogue(workshop, connection, bench.scope.info.roles)
    yield from _tasks(workshop, bench)
    yield from check_alone(workshop, company, connection, bench.scope.info.roles, _today(workshop, connection))
    if fresh is None:
        return
    code = f"freshness.{fresh.status.state}"
    called = _called(fresh.contacts)
    match fresh.status.state:
        case Lateness.MISSING:
            again = Text(
                f"Reliez de nouveau la source ; sinon {called.fr}.", f"Connect the source again; otherwise {called.en}."
            )
            fix = BY_FILES if fresh.by_files else again
            yield Finding(code, Level.FAILED, fresh.status.text, fix, label)
        case Lateness.LATE:
            fix = Text("Vérifiez de nouveau dans 24 h.", "Check again within 24 hours.")
            yield Finding(code, Level.WARNING, fresh.status.text, fix, label)
        case _:
            yield Finding(code, Level.OK, fresh.status.text, subject=label)
    if fresh.no_deposit is not None:
        yield Finding("freshness.no_deposit", Level.WARNING, fresh.no_deposit, called, label)


def _tasks(workshop: Workshop, bench: Bench) -> Iterator[Finding]:
    """Say how far people are with what they do at the source, as its connector looks at it now."""
    label = bench.connection.label
    if not bench.scope.answers("source_tasks"):
        return
    try:
        tasks = bench.scope.tasks(workshop.report_view(bench))
    except ConnectorError as error:
        again = Text("Corrigez cela et vérifiez de nouveau.", "Mend this and check again.")
        yield Finding("doctor.source", Level.WARNING, error.text, again, label)
        return
    for task in tasks:
        text = Text(f"{task.text.fr} {task.done} de {task.of}.", f"{task.text.en} {task.done} of {task.of}.")
        if task.done == task.of > 0:
            yield well("doctor.source_task", text.fr, text.en, label)
        else:
            yield Finding("doctor.source_task", Level.WARNING, text, task.fix, label)


def _state(connection: Connection) -> Iterator[Finding]:
    label = connection.label
    match ConnectionState(connection.state):
        case ConnectionState.REAUTHORISE:
            text = Text("Elle doit être autorisée de nouveau.", "It must be authorised again.")
            yield Finding("connection.reauthorise", Level.FAILED, text, _REAUTHORISE, label)
        case ConnectionState.FAULTY:
            text = Text(
                "Suspendue après plusieurs fautes de son connecteur.", "Paused after several faults of its connector."
            )
            fix = Text(
                "Mettez le connecteur à jour, puis : raccord connect resume.",
                "Update the connector, then: raccord connect resume.",
            )
            yield Finding("connection.faulty", Level.FAILED, text, fix, label)
        case ConnectionState.PAUSED:
            since = "" if connection.paused_at is None else f"{connection.paused_at:%Y-%m-%d}"
            text = Text(f"En pause depuis le {since}.", f"Paused since {since}.")
            fix = Text(
                "Reprenez-la avant un an : raccord connect resume.", "Resume it within a year: raccord connect resume."
            )
            yield Finding("connection.paused", Level.WARNING, text, fix, label)
        case _:
            return


def _roles(
    session: Session, company: Company, connection: Connection, roles: Sequence[RoleInfo], today: date
) -> Iterator[Finding]:
    chosen = _chosen(session, connection, today)
    filled = {role for role, _ in chosen}
    well_filled = True
    for info in roles:
        found = _missing(company, connection, info) if info.name not in filled else None
        if found is None and info.name not in filled and info.default is not None:
            found = _name_taken(session, company, connection, info)
        if found is not None:
            well_filled = False
            yield found
    for choice in chosen.values():
        found = _inactive(session, company, connection, choice)
        if found is not None:
            well_filled = False
            yield found
    if not well_filled:
        return
    if any(info.told_by_records and info.name not in filled for info in roles):
        yield well(
            "doctor.choices_later",
            "Rien n'est encore rattaché : les comptes de la source sont demandés une fois lus.",
            "Nothing is mapped yet: the source's accounts are asked about once they are read.",
            connection.label,
        )
        return
    own = sum(info.name in filled for info in roles)
    yield well(
        "doctor.choices",
        f"Chaque rôle a sa place dans les livres (rôles choisis : {own} ; rôles comme proposé : {len(roles) - own}).",
        f"Every role has its place in the books (roles chosen: {own}; roles as suggested: {len(roles) - own}).",
        connection.label,
    )


def _accounts(workshop: Workshop, session: Session, connection: Connection, info: ConnectorInfo) -> Iterator[Finding]:
    """Tell which accounts of the source nobody said the type and the account in the books of."""
    for each in each_account(workshop, session, connection, info):
        if not each.told:
            yield Finding(
                "resolve.choice_missing",
                Level.FAILED,
                Text(
                    f"« {each.name} » n'a pas encore de type ni de compte QuickBooks.",
                    f"“{each.name}” has no type and no QuickBooks account yet.",
                ),
                Text(
                    f"raccord connect choose {connection.label!r} {each.role.name} … --of {each.key!r}",
                    f"raccord connect choose {connection.label!r} {each.role.name} … --of {each.key!r}",
                ),
                connection.label,
            )


def _chosen(session: Session, connection: Connection, today: date) -> dict[tuple[str, str], Choice]:
    """Return the choice that counts today for each role, or the next one to come."""
    found: dict[tuple[str, str], Choice] = {}
    for choice in session.scalars(
        select(Choice).where(Choice.connection_id == connection.id).order_by(Choice.valid_from)
    ):
        if choice.valid_from <= today or (choice.role, choice.of) not in found:
            found[choice.role, choice.of] = choice
    return found


def _missing(company: Company, connection: Connection, info: RoleInfo) -> Finding | None:
    # What each account of a bank is has a check of its own.
    if info.told_by_records or not must_be_chosen(info, taxed=company.taxed):
        return None
    return Finding(
        "resolve.choice_missing",
        Level.FAILED,
        Text(f"Personne n'a choisi : {info.label.fr}.", f"Nobody has chosen: {info.label.en}."),
        Text(
            f"raccord connect choose {connection.label!r} {info.name} …",
            f"raccord connect choose {connection.label!r} {info.name} …",
        ),
        connection.label,
    )


def _name_taken(session: Session, company: Company, connection: Connection, info: RoleInfo) -> Finding | None:
    """Tell when the default of a role would meet an object of its name and another kind."""
    if info.default is None:
        return None
    name = info.default.name.get("en" if company.language == "en" else "fr")
    kind = kind_of(info.accepts)
    rivals = PEOPLE if kind in PEOPLE else (kind,)
    for entry in session.scalars(
        select(LedgerEntry).where(
            LedgerEntry.company_id == company.id,
            LedgerEntry.kind.in_(rivals),
            LedgerEntry.name_key == name.casefold(),
        )
    ):
        if not fits(info.accepts, entry):
            return Finding(
                "resolve.name_taken",
                Level.FAILED,
                Text(
                    f"« {name} » existe déjà, mais d'un autre genre ({entry.kind} {entry.type}).",
                    f"“{name}” exists already, but of another kind ({entry.kind} {entry.type}).",
                ),
                Text(
                    f"Choisissez un autre objet pour {info.name}, ou renommez l'existant.",
                    f"Choose another object for {info.name}, or rename the existing one.",
                ),
                connection.label,
            )
    return None


def _inactive(session: Session, company: Company, connection: Connection, choice: Choice) -> Finding | None:
    entry = session.get(LedgerEntry, (company.id, choice.ledger_kind, choice.ledger_id))
    if entry is not None and entry.active:
        return None
    name, kind = choice.ledger_name if entry is None else entry.name, choice.ledger_kind
    gone = entry is None
    return Finding(
        "posting.inactive_reference",
        Level.FAILED,
        Text(
            f"{kind} « {name} », choisi pour {choice.role}, {'a disparu' if gone else 'est inactif'}.",
            f"{kind} “{name}”, chosen for {choice.role}, {'is gone' if gone else 'is inactive'}.",
        ),
        Text(
            f"Rendez-le actif dans QuickBooks, ou choisissez-en un autre : raccord connect choose … {choice.role} …",
            f"Make it active in QuickBooks, or choose another: raccord connect choose … {choice.role} …",
        ),
        connection.label,
    )


def _schedule(workshop: Workshop, session: Session, connection: Connection) -> Iterator[Finding]:
    found = session.get(Schedule, connection.id)
    label = connection.label
    if found is None or not found.enabled:
        yield Finding(
            "doctor.schedule_off",
            Level.WARNING,
            Text("Ne s'exécute pas d'elle-même.", "Does not run by itself."),
            Text("raccord connect schedule --cron …", "raccord connect schedule --cron …"),
            label,
        )
        return
    now = workshop.clock.now()
    waited = now - (found.next_at or connection.set_up_at)
    if waited > OVERDUE and connection.state == ConnectionState.CONNECTED:
        yield Finding(
            "doctor.schedule_overdue",
            Level.WARNING,
            Text("Son heure est passée et rien ne l'a exécutée.", "Its time has passed and nothing executed it."),
            Text("Démarrez « raccord serve » ou « raccord worker ».", "Start “raccord serve” or “raccord worker”."),
            label,
        )
    else:
        said = Hours.of(found.cron).said()
        yield well("doctor.schedule", f"S'exécute {said.fr}.", f"Runs {said.en}.", label)


def _fed(account: FedAccount, label: str) -> Finding:
    text = Text(
        f"La connexion « {label} » écrit dans « {account.name} » : ce que le flux bancaire de QuickBooks y télécharge "
        "s'associe à ce qui est écrit, et ne s'ajoute pas.",
        f"The connection “{label}” posts to “{account.name}”: what QuickBooks' own bank feed downloads there is "
        "matched with what is posted, not added.",
    )
    return Finding("doctor.bank_feed", Level.OK, text, account.advice, label, account.link)


def _called(contacts: Sequence[Contact]) -> Text:
    where = [(each.label, each.phone or each.url) for each in contacts]
    if not where:
        return Text("appelez le soutien de la source", "call the source's support")
    return Text(
        "appelez " + ", ".join(f"{label.fr} ({at})" for label, at in where),
        "call " + ", ".join(f"{label.en} ({at})" for label, at in where),
    )


def _today(workshop: Workshop, connection: Connection) -> date:
    return today_of(connection, workshop.clock.now())
