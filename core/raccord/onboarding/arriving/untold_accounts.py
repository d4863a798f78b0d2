"""Accounts in files of which nobody said yet which of the books they are: each asked once, with what its files hold."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pydantic import BaseModel
from sqlalchemy import JSON, cast, func, literal, select, type_coerce, union_all
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.arriving.reading_ahead import LINES_SHOWN, SeenAccount, SeenFile, look_into, take, takes_files
from raccord.onboarding.connecting.card_kinds import card_settings
from raccord.onboarding.connecting.connections import read_settings, update_settings
from raccord.onboarding.deciding.decisions import BEGINNING, choose_in
from raccord.onboarding.gates.each_account import roles_of_accounts
from raccord.onboarding.setting_up.chart_accounts import NewAccount, add_to_chart, read_kind
from raccord.onboarding.sources.account_types import HeldAs
from raccord.onboarding.sources.feeds import MONEY_TYPES
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.store.models import Choice, Company, Connection, DraftRow, Hold, LedgerEntry, RecordState, SourceRecord
from raccord.store.vault import join_secrets
from raccord.sync.life import Step, require_step
from raccord.sync.resolving.resolve import CHOICE_MISSING
from raccord.sync.workshop import Workshop, settings_handle

QUESTIONS_MAX = 50
ACCOUNTS_MAX = 500
NAME_MAX = 100
_CARD = "Credit Card"


@dataclass(frozen=True, slots=True)
class AskedAccount:
    """An account of files that is asked for, with how many of its lines wait and what they say."""

    key: str
    seen: SeenAccount
    role: str
    """Which role says what it is in the books; empty where the connector has none."""
    name: str = ""
    """What somebody called it before."""
    ledger_id: str = ""
    """What was chosen for it before, where its currency alone is missing."""
    waits: bool = True
    """Whether a run has read lines of it, which wait; of an unread file it is known ahead alone."""


@dataclass(frozen=True, slots=True)
class BankAccount:
    """A bank or card account of the books."""

    id: str
    name: str
    type: str
    number: str = ""
    currency: str = ""


def untold_accounts(
    session: Session, connection: Connection, info: ConnectorInfo, looked: Sequence[SeenFile] = ()
) -> list[AskedAccount]:
    """Return the accounts of a connection's files that somebody has to tell; ``looked`` is what its files hold."""
    if not (info.unnamed or info.currencies):
        return []
    roles = [each.name for each in roles_of_accounts(info)]
    chosen = _chosen(session, connection, roles)
    names = {key: said for setting in info.unnamed.values() for key, said in said_of(connection, setting).items()}
    priced = {key for setting in info.currencies.values() for key in said_of(connection, setting)}
    found = _waiting(session, connection, info, roles, _places(session, connection, roles))
    waiting = set(found)
    for file in looked:
        for key, account in file.accounts.items():
            if key not in found:
                found[key] = replace(account, files=[], shown=list(account.shown), moved=dict(account.moved))
            elif key not in waiting:
                _add(found[key], account)
            found[key].bank = found[key].bank or account.bank
            found[key].files.append(file.name)
    asked = []
    for key, account in found.items():
        account.unnamed = account.unnamed and key not in names
        account.no_currency = account.no_currency and key not in priced
        choice = chosen.get(key)
        if account.unnamed or account.no_currency or choice is None or choice.valid_from > account.first:
            role, ledger = roles[0] if roles else "", "" if choice is None else choice.ledger_id
            asked.append(AskedAccount(key, account, role, names.get(key, ""), ledger, key in waiting))
    return sorted(asked, key=lambda each: (each.seen.first, each.key))[:QUESTIONS_MAX]


def _add(to: SeenAccount, account: SeenAccount) -> None:
    """Add what another file tells of an account, where it tells of other days; else both may tell the same lines."""
    if account.first <= to.last and to.first <= account.last:
        return
    shown = sorted([*to.shown, *account.shown], key=lambda line: line.day)
    to.shown[:] = shown[:LINES_SHOWN]
    to.lines += account.lines
    to.first, to.last = min(to.first, account.first), max(to.last, account.last)
    for currency, (came, went) in account.moved.items():
        before = to.moved.get(currency, (Decimal(0), Decimal(0)))
        to.moved[currency] = before[0] + came, before[1] + went


def _chosen(session: Session, connection: Connection, roles: Sequence[str]) -> dict[str, Choice]:
    """Return the first choice for each account."""
    rows = select(Choice).where(Choice.connection_id == connection.id, Choice.role.in_(roles), Choice.of != "")
    return {each.of: each for each in session.scalars(rows.order_by(Choice.valid_from.desc()))}


def _chosen_for(session: Session, connection: Connection, asked: AskedAccount) -> str:
    """Return the account of the books that stands for one of the files; empty where none does."""
    choice = _chosen(session, connection, [asked.role]).get(asked.key)
    return "" if choice is None else choice.ledger_id


def said_of(connection: Connection, setting: str) -> dict[str, str]:
    """Return what the ``key = answer`` lines of a setting say."""
    found: dict[str, str] = {}
    for line in str(connection.settings.get(setting, "") or "").splitlines():
        key, equals, said = line.partition("=")
        if equals:
            found[key.strip()] = said.strip()
    return found


def _places(session: Session, connection: Connection, roles: Sequence[str]) -> set[str]:
    """Return the accounts of files that have one of the books; an empty one where one stands for all of them."""
    mine = Choice.connection_id == connection.id, Choice.role.in_(roles)
    return set(session.scalars(select(Choice.of).where(*mine).distinct()))


def _waiting(
    session: Session, connection: Connection, info: ConnectorInfo, roles: Sequence[str], placed: Collection[str]
) -> dict[str, SeenAccount]:
    """Return the accounts that lines wait for, as a run read them: for their name, their currency or their account.

    So are those whose lines wait for something else first, a category say, unless they are ``placed`` already.
    """
    raw = SourceRecord.raw
    said = cast(raw, JSON) if session.get_bind().dialect.name == "postgresql" else type_coerce(raw, JSON)
    account = said["account"].as_string().label("account")
    failed = select(SourceRecord.id, account, SourceRecord.reason.label("why"), SourceRecord.day).where(
        SourceRecord.connection_id == connection.id,
        SourceRecord.state == RecordState.FAILED,
        SourceRecord.reason.in_(sorted({*info.unnamed, *info.currencies})),
    )
    of = Hold.params["of"].as_string()
    held = (
        select(SourceRecord.id, of.label("account"), Hold.code.label("why"), SourceRecord.day)
        .join(DraftRow, DraftRow.record_id == SourceRecord.id)
        .join(Hold, Hold.draft_id == DraftRow.id)
        .where(
            Hold.connection_id == connection.id,
            Hold.closed_at.is_(None),
            Hold.code == CHOICE_MISSING,
            Hold.params["role"].as_string().in_(roles),
        )
    )
    left = said_of(connection, info.left_out) if info.left_out else {}
    otherwise = (
        select(SourceRecord.id, account, literal("").label("why"), SourceRecord.day)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.id.in_(
                select(DraftRow.record_id)
                .join(Hold, Hold.draft_id == DraftRow.id)
                .where(
                    Hold.connection_id == connection.id, Hold.closed_at.is_(None), Hold.code != CHOICE_MISSING,
                )
            ),
            account.not_in(sorted({*placed, *left})),
        )
    )  # fmt: skip
    rows = union_all(failed, held, *([otherwise] if roles and "" not in placed else [])).subquery()
    place = func.row_number().over(partition_by=rows.c.account, order_by=(rows.c.day, rows.c.id)).label("place")
    lines = func.count().over(partition_by=rows.c.account).label("lines")
    last = func.max(rows.c.day).over(partition_by=rows.c.account).label("last")
    counted = (
        select(rows.c.id, rows.c.account, rows.c.why, rows.c.day, place, lines, last)
        .where(rows.c.account.is_not(None), rows.c.account != "")
        .subquery()
    )
    first = (
        select(counted, SourceRecord.amount, SourceRecord.raw)
        .join(SourceRecord, SourceRecord.id == counted.c.id)
        .where(counted.c.place <= LINES_SHOWN)
        .order_by(counted.c.account, counted.c.place)
        .limit(QUESTIONS_MAX * LINES_SHOWN)
    )
    found: dict[str, SeenAccount] = {}
    for row in session.execute(first):
        account = found.setdefault(row.account, SeenAccount(row.account))
        take(account, info, row.why, row.day, row.amount or Decimal(0), json.loads(row.raw, parse_float=Decimal))
        account.lines, account.last = row.lines, row.last
    return found


def bank_accounts(session: Session, company_id: str) -> list[BankAccount]:
    """Return the company's active bank and card accounts, by type and name."""
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type, LedgerEntry.number, LedgerEntry.currency)
        .where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.active.is_(True),
            LedgerEntry.type.in_(MONEY_TYPES),
        )
        .order_by(LedgerEntry.type, LedgerEntry.name_key)
        .limit(ACCOUNTS_MAX)
    )
    return [BankAccount(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class AccountTold:
    """What a person says an account is: one of the books, one to add (a name and its kind), only a name, or none that
    is brought over.
    """

    ledger_id: str = ""
    name: str = ""
    kind: str = ""
    leaves: bool = False
    """Whether its lines are left out instead."""


def name_account(workshop: Workshop, actor: Actor, connection_id: str, key: str, told: AccountTold) -> str:
    """Say which account of the books an account of files is; return the name it is kept under.

    The next run goes on with the lines that waited. A name alone is enough for an
    account that files do not name, whose place in the books is asked afterwards.
    """
    looked, ahead = look_into(workshop, connection_id), unread(workshop, connection_id)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        open_ = untold_accounts(session, connection, info, looked)
    asked = next((each for each in open_ if each.key == key and (each.waits or ahead)), None)
    if asked is None:
        raise refused(
            "files.account_told",
            Text(
                "Rien n'est demandé de ce compte, ou quelqu'un l'a déjà dit.",
                "Nothing is asked about this account, or somebody said it already.",
            ),
            Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
        )
    return keep_told(workshop, actor, connection_id, asked, told, stood=asked.ledger_id)


def unread(workshop: Workshop, connection_id: str) -> bool:
    """Tell whether what files hold is asked before a run has read them: until the first plan is approved."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        return connection.approved_at is None and takes_files(info, connection.settings)


def books_account(session: Session, company_id: str, ledger_id: str) -> BankAccount | None:
    """Return the active bank or card account of the books with an id; nothing where none has it."""
    return next((each for each in bank_accounts(session, company_id) if each.id == ledger_id), None)


def keep_told(
    workshop: Workshop,
    actor: Actor,
    connection_id: str,
    asked: AskedAccount | None,
    told: AccountTold,
    words: Sequence[tuple[str, str, str]] = (),
    *,
    stood: str | None = None,
) -> str:
    """Keep which account of the books an account of files is, adding it there if wanted, with other lines of the
    settings (setting, key and words): all of it in one transaction, or nothing. Refused where somebody chose another
    one meanwhile; ``stood`` is what was chosen when it was asked, where that was before now.

    What the settings refuse is refused before an account is added in QuickBooks, which no transaction takes back.
    Return the account's name. Raises where nothing usable is said.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        company = session.get_one(Company, connection.company_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection_id), missing_ok=True)
        held = join_secrets(info.settings, connection.settings, secret)
        said = (
            None
            if asked is None
            else _said(info, company, books_account(session, company.id, told.ledger_id), asked, told)
        )
        if stood is None and asked is not None:
            stood = _chosen_for(session, connection, asked)
    lines = [*words] if said is None else [*said.lines, *words]

    def changes(standing: BaseModel) -> Mapping[str, object]:
        """Return what of the settings as they stand changes; refused where somebody said it since they were read."""
        found = {} if said is None else card_settings(info, standing, said.cards)
        for setting, key, answer in lines:
            if _lines_of(standing, setting, key) != _lines_of(held, setting, key):
                raise waits_no_more()
            before = str(found.get(setting, getattr(standing, setting, "")))
            found[setting] = f"{before.rstrip()}\n{key} = {answer}".lstrip("\n")
        return found

    changed = changes(held)
    if changed:
        read_settings(info, held.model_dump() | dict(changed))
        require_step(connection, Step.SETTINGS)
    place = None
    if said is not None and asked is not None and said.chooses:
        ledger = said.ledger_id
        if said.adds is not None:
            ledger = add_to_chart(workshop, actor, connection_id, asked.role, said.name, said.adds, asked.key)
        place = (asked.role, ledger, asked.key, said.held_as)

    def choose_too(session: Session) -> None:
        if place is not None and asked is not None:
            role, ledger, of, held_as = place
            connection = session.get_one(Connection, connection_id, with_for_update=True)
            if _chosen_for(session, connection, asked) != stood:
                # Somebody chose another one since: which of the two it is (bank or card) decides its lines' signs.
                raise waits_no_more()
            choose_in(session, workshop, actor, connection_id, role, ledger, of, BEGINNING, held_as)

    if changed:
        update_settings(workshop, actor, connection_id, changes, choose_too)
    else:
        with workshop.database.begin() as session:
            choose_too(session)
    return "" if said is None else said.name


@dataclass(frozen=True, slots=True)
class _Said:
    """What is to be kept of what a person says of an account."""

    name: str
    lines: Sequence[tuple[str, str, str]]
    ledger_id: str = ""
    held_as: str = ""
    adds: NewAccount | None = None
    chooses: bool = False
    cards: Mapping[str, bool] = field(default_factory=dict)


def _said(
    info: ConnectorInfo, company: Company, chosen: BankAccount | None, asked: AskedAccount, told: AccountTold
) -> _Said:
    """Return what is to be kept of what a person says an account is; raises where that is nothing usable."""
    name = " ".join(told.name.split())
    if told.leaves:
        return _left_out(info, asked, name)
    adds, held_as, chooses = None, "", False
    if told.ledger_id or not name:
        if chosen is None or not asked.role:
            raise _nothing_chosen()
        _must_be_kept_in(chosen.currency or company.home_currency, asked.seen, chosen.name)
        held_as = HeldAs.CARD if chosen.type == _CARD else HeldAs.BANK
        chooses = chosen.id != asked.ledger_id or not (asked.seen.unnamed or asked.seen.no_currency)
        name = name or chosen.name
    elif told.kind:
        _must_be_kept_in(company.home_currency, asked.seen, name)
        adds, chooses = read_kind(told.kind), True
        held_as = HeldAs.CARD if adds is NewAccount.CARD else HeldAs.BANK
    elif not asked.seen.unnamed or len(name) > NAME_MAX:
        raise _nothing_chosen()
    lines = [(setting, asked.key, name) for setting in info.unnamed.values() if asked.seen.unnamed]
    if asked.seen.no_currency and (chosen is not None or adds is not None):
        # An account that is added has the company's own currency.
        currency = (chosen.currency if chosen else "") or company.home_currency
        lines += [(setting, asked.key, currency) for setting in info.currencies.values()]
    cards = {asked.key: held_as == HeldAs.CARD} if chooses else {}
    return _Said(name, lines, chosen.id if chosen else "", held_as, adds, chooses, cards)


def _must_be_kept_in(currency: str, seen: SeenAccount, name: str) -> None:
    """Refuse an account of the books that is kept in another currency than the one that all lines state."""
    stated = {each for each in seen.moved if each}
    if len(stated) != 1 or currency in stated:
        return
    (lines,) = stated
    raise refused(
        "files.account_currency",
        Text(
            f"Ses opérations sont en {lines}, et « {name} » est tenu en {currency} dans QuickBooks.",
            f"Its lines are in {lines}, and “{name}” is kept in {currency} in QuickBooks.",
        ),
        Text(
            f"Choisissez un compte tenu en {lines} : ajoutez-le dans QuickBooks, avec ses devises multiples. Sinon, "
            "laissez ce compte de côté.",
            f"Choose an account that is kept in {lines}: add it in QuickBooks, with its multicurrency. Otherwise leave "
            "this account out.",
        ),
    )


def _left_out(info: ConnectorInfo, asked: AskedAccount, name: str) -> _Said:
    """Return what is to be kept of an account that is left out: it alone, with what it is called."""
    if not info.left_out:
        raise _nothing_chosen()
    seen = asked.seen
    called = " ".join(filter(None, (seen.bank, seen.number))) or ", ".join(seen.files)
    name = " ".join((name or asked.name or called or asked.key).split())[:NAME_MAX]
    return _Said(name, [(info.left_out, asked.key, name)])


def _lines_of(settings: BaseModel, setting: str, key: str) -> list[str]:
    """Return what the lines of a setting say under a key."""
    lines = (line.partition("=") for line in str(getattr(settings, setting, "")).splitlines())
    return [said.strip() for of, _, said in lines if of.strip() == key]


def waits_no_more() -> Exception:
    """Return the refusal of an answer to what was answered, or is asked no more."""
    return refused(
        "files.no_question",
        Text("Cette question n'attend plus.", "This question waits no more."),
        Text("Regardez de nouveau la page des fichiers.", "Look at the page of files again."),
    )


def _nothing_chosen() -> Exception:
    return refused(
        "files.account_missing",
        Text(
            "Aucun compte n'est choisi, ou il n'est pas un compte de banque ou de carte actif.",
            "No account is chosen, or it is no active bank or card account.",
        ),
        Text(
            "Choisissez-en un de la liste, ou ajoutez-en un avec son nom et son genre.",
            "Choose one of the list, or add one with its name and kind.",
        ),
    )
