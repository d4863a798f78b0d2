"""What a person may say of a bank line: accounts, payees, taxes and classes of its company, the usual ones first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.bank_lines import BankLine, WantedLines, said_in, some_lines
from raccord.overview.listing import MOST, Within
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts
from raccord.store.models import Connection, Hold, LedgerEntry
from raccord.sync.books import TYPES
from raccord.sync.transfers import TRANSFER
from raccord.sync.treatment_fit import OWN_ACCOUNTS, OWNERS_ACCOUNTS
from raccord.sync.treatments import Treated

RECENT = 6
"""Categories that were used last and are offered by number."""
LOOKED_AT = 200
"""Answers among which they are looked for."""
APART = timedelta(days=7)
"""How far the two lines of one transfer may lie apart."""
SIDES = 4


@dataclass(frozen=True, slots=True)
class LineChoices:
    """What fits a line, each list by name; the usual ones are those of the company's last answers."""

    accounts: Sequence[Candidate]
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
    other_sides: Sequence[BankLine]
    """Lines of other accounts that may tell of the same transfer."""


def choices_for(session: Session, line: BankLine, within: Within = None) -> LineChoices:
    """Return what a line's panel offers."""
    places = (Accepts.CATEGORY, Accepts.TAX_CODE, Accepts.CLASS, Accepts.LOCATION, Accepts.VENDOR, Accepts.CUSTOMER)
    found = candidates(session, line.company_id, places)
    own = [each for each in _of_types(session, line.company_id, OWN_ACCOUNTS) if each.id != line.account_id]
    owners = _of_types(session, line.company_id, OWNERS_ACCOUNTS)
    answers = _last_answers(session, line.company_id)
    payees = sorted([*found[Accepts.VENDOR], *found[Accepts.CUSTOMER]], key=lambda each: each.name.casefold())
    return LineChoices(
        accounts=found[Accepts.CATEGORY],
        usual=_filled_up(_usual(answers, {Treated.CATEGORY, Treated.SPLIT}, found[Accepts.CATEGORY]), line, found),
        usual_transfers=_usual(answers, {Treated.TRANSFER}, own),
        usual_owners=_usual(answers, {Treated.PERSONAL}, owners),
        taxes=() if line.arrives and not line.on_card else found[Accepts.TAX_CODE],
        classes=found[Accepts.CLASS],
        locations=found[Accepts.LOCATION],
        payees=payees[:MOST],
        own=own,
        owners=owners,
        other_sides=_other_sides(session, line, within),
    )


def usual_categories(
    session: Session, company_id: str, accounts: Sequence[Candidate] | None = None
) -> Sequence[Candidate]:
    """Return the categories of a company's last answers, the newest first, of its accounts where they are at hand."""
    if accounts is None:
        accounts = candidates(session, company_id, [Accepts.CATEGORY])[Accepts.CATEGORY]
    return _usual(_last_answers(session, company_id), {Treated.CATEGORY, Treated.SPLIT}, accounts)


def _filled_up(
    usual: Sequence[Candidate], line: BankLine, found: Mapping[Accepts, Sequence[Candidate]]
) -> list[Candidate]:
    """Return the usual categories, and while there are few of them, accounts that fit the line's direction."""
    types = TYPES[Accepts.INCOME if line.arrives else Accepts.EXPENSE]
    others = [each for each in found[Accepts.CATEGORY] if each.type in types and each not in usual]
    return [*usual, *others][:RECENT]


def _usual(answers: Iterable[tuple[str, str]], kinds: Collection[str], among: Sequence[Candidate]) -> list[Candidate]:
    known = {each.id: each for each in among}
    ids = dict.fromkeys(account for kind, account in answers if kind in kinds and account in known)
    return [known[each] for each in list(ids)[:RECENT]]


def _last_answers(session: Session, company_id: str) -> list[tuple[str, str]]:
    rows = session.scalars(
        select(Hold.answer)
        .join(Connection, Connection.id == Hold.connection_id)
        .where(Connection.company_id == company_id, Hold.closed_at.is_not(None), Hold.closed_by != "raccord")
        .order_by(Hold.closed_at.desc(), Hold.id.desc())
        .limit(LOOKED_AT)
    )
    return [(kind, account) for answer in rows for kind, accounts in [said_in(answer or {})] for account in accounts]


def _of_types(session: Session, company_id: str, types: Iterable[str]) -> list[Candidate]:
    rows = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.name, LedgerEntry.type, LedgerEntry.number)
        .where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.active.is_(True),
            LedgerEntry.type.in_(sorted(types)),
        )
        .order_by(LedgerEntry.type, LedgerEntry.name_key)
        .limit(MOST)
    )
    return [Candidate(*row) for row in rows]


def _other_sides(session: Session, line: BankLine, within: Within) -> list[BankLine]:
    """Return lines of the same amount and the other direction, near in time, on other accounts of the company."""
    day = line.day
    if day is None or not line.account_id:
        return []
    wanted = WantedLines(
        company_id=line.company_id, arriving=not line.arrives, search=format(abs(line.amount), "f"),
        first=day - APART, last=day + APART,
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
