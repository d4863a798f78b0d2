"""What a person may say of a bank line: accounts, payees, taxes and classes of its company, the usual ones first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.catalog import Catalog
from raccord.overview.lines.bank_lines import BankLine, WantedLines, said_in, some_lines
from raccord.overview.lines.last_time import LastTime, answered, last_time
from raccord.overview.lines.said_by_source import SaidBySource, said_by_source
from raccord.overview.lines.usual_taxes import UsualTax, usual_taxes
from raccord.overview.listing import MOST, Within
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import OWNER_ROLE
from raccord.store.models import Choice, Hold, LedgerEntry
from raccord.sync.books.company import TAXED_BACK, TYPES
from raccord.sync.days import around
from raccord.sync.lines.pairing import SLOW_DAYS_APART
from raccord.sync.lines.transfers import TRANSFER, says_transfer
from raccord.sync.lines.treatment_fit import NO_CATEGORIES, NOBODYS_ACCOUNTS, OWN_ACCOUNTS, OWNERS_ACCOUNTS
from raccord.sync.lines.treatments import Treated
from raccord.sync.party_names import words_of

RECENT = 6
"""Categories that were used last and are offered by number."""
NUMBERED = 9
"""Categories with a number of their own: those of answers since the page was opened come after the others."""
LOOKED_AT = 200
"""Answers among which they are looked for."""
APART = 7
"""How many days the two lines of one transfer mostly lie apart; further ones are offered where they are proposed."""
SIDES = 4
MONEY_ACCOUNTS = frozenset({"Bank", "Credit Card"})
"""What is offered by number for a transfer; loans are found by name."""
DRAWN = ("PartnerDistributions", "PersonalExpense")
CONTRIBUTED = ("PartnerContributions", "PersonalIncome")
OWNED = ("OwnersEquity", "PartnersEquity")
LENT = ("LoansToStockholders", "LoansToOfficers", "ShareholderNotesPayable")
"""QuickBooks' subtypes of what an owner takes, puts in, has, and lends or borrows."""

_CATEGORIES = frozenset({Treated.CATEGORY, Treated.SPLIT})


@dataclass(frozen=True, slots=True)
class LineChoices:
    """What fits a line, each list by name; the usual ones are those of the company's last answers."""

    accounts: Sequence[Candidate]
    """Those that were used last come before the others."""
    usual: Sequence[Candidate]
    usual_transfers: Sequence[Candidate]
    usual_owners: Sequence[Candidate]
    taxes: Sequence[Candidate]
    classes: Sequence[Candidate]
    locations: Sequence[Candidate]
    payees: Sequence[Candidate]
    own: Sequence[Candidate]
    """Own accounts that money moves to or comes from."""
    owners: Sequence[Candidate]
    """Accounts of the owner: drawings, contributions, what is owed to or by the owner."""
    owner: str
    """The one account of the owner that is clearly meant; empty where a person has to choose."""
    owner_set: bool
    """Whether that one was chosen when the account was set up."""
    other_sides: Sequence[BankLine]
    """Lines of other accounts that may tell of the same transfer."""
    says_transfer: bool = False
    """Whether the bank calls the line a transfer and there is an own account that it could go to or come from."""
    last: LastTime | None = None
    """What was said of the last line with the same text."""
    transfer: str = ""
    """The one own account that the line's text names, or the only one there is; empty where a person has to choose."""
    said: SaidBySource | None = None
    """What the program that wrote the source's file filed the line under."""
    usual_taxes: Mapping[str, UsualTax] = field(default_factory=dict)
    """By account, which tax goes with it, where that is known."""

    @property
    def offered(self) -> Sequence[Candidate]:
        """Return the accounts that are proposed while a name is typed: without those that are no category."""
        return [each for each in self.accounts if each.subtype not in NO_CATEGORIES]


def choices_for(
    session: Session,
    line: BankLine,
    within: Within = None,
    since: datetime | None = None,
    catalog: Catalog | None = None,
) -> LineChoices:
    """Return what a line's panel offers; answers after ``since`` leave the numbers of what was offered before.

    With the ``catalog`` of connectors, also what the line's source says of it.
    """
    places = (Accepts.CATEGORY, Accepts.TAX_CODE, Accepts.CLASS, Accepts.LOCATION, Accepts.VENDOR, Accepts.CUSTOMER)
    found = candidates(session, line.company_id, places)
    own = [each for each, _ in _of_types(session, line.company_id, OWN_ACCOUNTS) if each.id != line.account_id]
    owners = _of_types(session, line.company_id, OWNERS_ACCOUNTS)
    offered, owner = _owners_first(owners, arrives=line.arrives)
    kept = [each for each, _ in owners if each.id == _owner_of(session, line)]
    if kept:
        offered, owner = [*kept, *(each for each in offered if each not in kept)], kept[0].id
    before = _last_answers(session, line.company_id, until=since)
    after = [] if since is None else _last_answers(session, line.company_id, after=since)
    used = _usual(_named([*after, *before]), _CATEGORIES, found[Accepts.CATEGORY])
    said = None if catalog is None else said_by_source(session, catalog, line, found[Accepts.CATEGORY], own)
    moved = None if said is None else said.transferred
    first = [each for each in own if moved is not None and each == moved.account]
    usual_transfers = [*first, *(each for each in own if each.type in MONEY_ACCOUNTS and each not in first)][:NUMBERED]
    taxes = found[Accepts.TAX_CODE] if line.taxed else ()
    # Money received bears the tax of a cost alone, which it gives back.
    received = line.arrives and not line.on_card
    taxable = [each for each in found[Accepts.CATEGORY] if not received or each.type in TAXED_BACK]
    last = last_time(session, line, found[Accepts.CATEGORY])
    payees = sorted([*found[Accepts.VENDOR], *found[Accepts.CUSTOMER]], key=lambda each: each.name.casefold())
    return LineChoices(
        accounts=list(dict.fromkeys([*used, *found[Accepts.CATEGORY]])),
        usual=_numbered(_named(before), _named(after), line, found[Accepts.CATEGORY]),
        usual_transfers=usual_transfers,
        usual_owners=offered[:RECENT],
        taxes=taxes,
        classes=found[Accepts.CLASS],
        locations=found[Accepts.LOCATION],
        payees=payees[:MOST],
        own=own,
        owners=[each for each, _ in owners],
        owner=owner,
        owner_set=bool(kept),
        other_sides=_other_sides(session, line, within),
        last=last,
        says_transfer=bool(usual_transfers) and says_transfer(line.text),
        # Where the source names an account that is none of the company's, no other one is meant.
        transfer=_meant(usual_transfers, line.text) if moved is None else "".join(each.id for each in first),
        said=said,
        usual_taxes=usual_taxes(taxable, taxes, [*after, *before], last) if taxes else {},
    )


def _meant(accounts: Sequence[Candidate], text: str) -> str:
    """Return the id of the one account that a text names by a word of its own, or of the only one there is."""
    told = frozenset(words_of(text))
    names = [(each.id, frozenset(words_of(each.name))) for each in accounts]
    counts = Counter(word for _, words in names for word in words)
    named = [id_ for id_, words in names if any(counts[word] == 1 for word in words & told)]
    if len(named) == 1:
        return named[0]
    return accounts[0].id if len(accounts) == 1 else ""


def _numbered(
    before: Iterable[tuple[str, str]],
    after: Sequence[tuple[str, str]],
    line: BankLine,
    accounts: Sequence[Candidate],
) -> list[Candidate]:
    """Return the usual categories that fit a line's direction, and while they are few, others that fit it.

    Those of answers since the page was opened follow in the order of their first use: no number changes its meaning.
    """
    earned = line.arrives and not line.on_card
    fitting, wrong = (TYPES[each] for each in (Accepts.INCOME, Accepts.EXPENSE)[:: 1 if earned else -1])
    among = [each for each in accounts if each.type not in wrong]
    usual = _usual(before, _CATEGORIES, among)
    first = [*usual, *(each for each in among if each.type in fitting and each not in usual)][:RECENT]
    later = [each for each in _usual(after[::-1], _CATEGORIES, among) if each not in first]
    return [*first, *later][:NUMBERED]


def _owners_first(owners: Sequence[tuple[Candidate, str]], *, arrives: bool) -> tuple[list[Candidate], str]:
    """Return the owner's accounts, what fits the direction first, and the id of the one that is clearly meant."""
    mine, others = (CONTRIBUTED, DRAWN) if arrives else (DRAWN, CONTRIBUTED)
    ranks = [[each for each, subtype in owners if subtype in some] for some in (mine, OWNED, others, LENT)]
    best = next((rank for rank in ranks[:2] if rank), [])
    return [each for rank in ranks for each in rank], best[0].id if len(best) == 1 else ""


def _owner_of(session: Session, line: BankLine) -> str:
    """Return the id of the owner's account that was chosen for a line's connection and day; empty where none was."""
    asked = select(Choice.ledger_id).where(
        Choice.connection_id == line.connection_id, Choice.role == OWNER_ROLE, Choice.of == ""
    )
    if line.day is not None:
        asked = asked.where(Choice.valid_from <= line.day)
    return session.scalar(asked.order_by(Choice.valid_from.desc()).limit(1)) or ""


def _usual(answers: Iterable[tuple[str, str]], kinds: Collection[str], among: Sequence[Candidate]) -> list[Candidate]:
    known = {each.id: each for each in among}
    ids = dict.fromkeys(account for kind, account in answers if kind in kinds and account in known)
    return [known[each] for each in list(ids)[:RECENT]]


def _last_answers(
    session: Session, company_id: str, *, until: datetime | None = None, after: datetime | None = None
) -> Sequence[Mapping[str, Any]]:
    """Return what people answered of the company's lines, the newest first."""
    asked = answered(company_id)
    if until is not None:
        asked = asked.where(Hold.closed_at <= until)
    if after is not None:
        asked = asked.where(Hold.closed_at > after)
    last = asked.with_only_columns(Hold.id.label("id"), Hold.closed_at.label("at")).limit(LOOKED_AT).subquery()
    answers = select(Hold.answer).join(last, last.c.id == Hold.id).order_by(last.c.at.desc(), last.c.id.desc())
    return [answer or {} for answer in session.scalars(answers)]


def _named(answers: Iterable[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Return the accounts that answers name, each with what the line was said to be."""
    return [(kind, account) for answer in answers for kind, accounts in [said_in(answer)] for account in accounts]


def _of_types(session: Session, company_id: str, types: Iterable[str]) -> list[tuple[Candidate, str]]:
    """Return a company's accounts of some types, each with its subtype, without what is never meant."""
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type, LedgerEntry.number, LedgerEntry.subtype)
        .where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.active.is_(True),
            LedgerEntry.type.in_(sorted(types)),
            LedgerEntry.subtype.not_in(sorted(NOBODYS_ACCOUNTS)),
        )
        .order_by(LedgerEntry.type, LedgerEntry.name_key)
        .limit(MOST)
    )
    return [(Candidate(*row[:4]), row.subtype) for row in rows]


def _other_sides(session: Session, line: BankLine, within: Within) -> list[BankLine]:
    """Return lines of the same amount and the other direction, near in time, on other accounts of the company."""
    day = line.day
    if day is None or not line.account_id:
        return []
    first, last = around(day, day, SLOW_DAYS_APART)
    wanted = WantedLines(
        company_id=line.company_id, arriving=not line.arrives, search=format(abs(line.amount), "f"),
        first=first, last=last,
    )  # fmt: skip
    found = some_lines(session, wanted, within)
    sides = [
        each
        for each in found
        if each.amount == -line.amount
        and each.currency == line.currency
        and each.account_id not in ("", line.account_id)
    ]
    paired = _paired(session, [line.hold_id, *(each.hold_id for each in sides)])
    mine = paired[line.hold_id]
    sides = [each for each in sides if each.hold_id == mine or abs((each.day or day) - day).days <= APART]
    # What stands beside the question comes first, and what tells of another line's transfer last.
    sides.sort(
        key=lambda each: (
            each.hold_id != mine, bool(paired[each.hold_id]), abs((each.day or day) - day), each.hold_id,
        )
    )  # fmt: skip
    return sides[:SIDES]


def _paired(session: Session, hold_ids: Sequence[str]) -> Mapping[str, str]:
    """Return by question the other one that is proposed as its line's other side; empty where none is."""
    rows = session.execute(select(Hold.id, Hold.params).where(Hold.id.in_(hold_ids)))
    return {id_: str((params.get(TRANSFER) or {}).get("hold", "")) for id_, params in rows}
