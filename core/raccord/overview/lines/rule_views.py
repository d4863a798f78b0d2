"""Rules for bank lines as they are shown: in their order, with the names of what they say, and what they propose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.listing import Within, among
from raccord.plugin.drafts import PaymentType
from raccord.store.models import BankRule, Company, Connection, DraftRow, Hold, LedgerEntry
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.bank_rules import BODY, Outcome, RuleBody, RuleMode
from raccord.sync.lines.treatments import Part, Treatment
from raccord.sync.planning.ruling import Judge, Ruling, days_of, read_places, read_rules

Names = Mapping[tuple[str, str], str]
"""Names of the entries of a company's lists, by kind and id."""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what is said of a line, by name."""

    account: str
    amount: Decimal | None
    percent: Decimal | None = None
    tax: str = ""
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class RuleAnswer:
    """What is said of a line, by name."""

    kind: str
    shares: Sequence[Share] = ()
    party: str = ""
    other_account: str = ""
    location: str = ""
    why: str = ""
    payment_type: PaymentType | None = None


@dataclass(frozen=True, slots=True)
class RuleView:
    """A rule as it is shown."""

    id: str
    company_id: str
    company: str
    place: int
    version: int
    name: str
    mode: RuleMode
    enabled: bool
    valid_from: date | None
    body: RuleBody
    answer: RuleAnswer
    accounts: Sequence[str]
    """Names of what it is limited to."""
    connections: Sequence[str]
    changed_by: str
    changed_at: datetime


def list_rules(session: Session, company_id: str) -> list[RuleView]:
    """Return a company's rules in their order."""
    rows = session.scalars(
        select(BankRule)
        .where(BankRule.company_id == company_id, BankRule.removed_at.is_(None))
        .order_by(BankRule.place, BankRule.id)
    ).all()
    return _views(session, rows)


def rule_view(session: Session, rule_id: str) -> RuleView | None:
    """Return one rule that stands."""
    row = session.get(BankRule, rule_id)
    return None if row is None or row.removed_at is not None else _views(session, [row])[0]


def companies_with_rules(session: Session, within: Within = None) -> list[Company]:
    """Return the companies whose rules somebody may look at, by name."""
    return list(session.scalars(select(Company).where(*among(Company.id, within)).order_by(Company.name, Company.id)))


def rulings_on(session: Session, hold_ids: Collection[str]) -> dict[str, Ruling]:
    """Return what the first rule that fits says of lines that wait, by their holds: what it proposes, or cannot."""
    companies: dict[str, list[int]] = {}
    for some in chunks(sorted(set(hold_ids)), CHUNK):
        for company_id, draft_id in session.execute(
            select(Connection.company_id, Hold.draft_id)
            .join(Connection, Connection.id == Hold.connection_id)
            .where(Hold.id.in_(some), Hold.closed_at.is_(None))
        ):
            companies.setdefault(company_id, []).append(draft_id)
    found: dict[str, Ruling] = {}
    for company_id, drafts in companies.items():
        rules = read_rules(session, company_id)
        if not any(rule.enabled for rule in rules):
            continue
        places = [
            place
            for ids in chunks(drafts, CHUNK)
            for place in read_places(session, company_id, rules, [DraftRow.id.in_(ids)])
        ]
        judge = Judge(session, company_id, rules, days_of(places))
        for place in places:
            ruling = judge.of(place)
            if ruling is not None and place.waits:
                found[place.hold_id] = ruling
    return found


def names_of(session: Session, company_id: str, said: Iterable[Treatment | Outcome]) -> Names:
    """Return the names of all that some treatments, or what rules make of lines, say by id."""
    wanted: set[tuple[str, str]] = set()
    for each in said:
        for part in each.parts:
            wanted.update({("Account", part.account), ("TaxCode", part.tax_code), ("Class", part.class_id)})
        wanted.update({("Account", each.other_account), (each.party_kind, each.party_id)})
        wanted.add(("Department", each.location_id))
    wanted = {(kind, object_id) for kind, object_id in wanted if object_id}
    return _names(session, company_id, wanted)


def answer_of(said: Treatment | Outcome | None, names: Names) -> RuleAnswer | None:
    """Return what is said of a line with names in the place of ids."""
    if said is None:
        return None
    return RuleAnswer(
        kind=str(said.kind),
        shares=[
            Share(
                names.get(("Account", part.account), part.account),
                part.amount,
                None if isinstance(part, Part) else part.percent,
                names.get(("TaxCode", part.tax_code), part.tax_code),
                names.get(("Class", part.class_id), part.class_id),
            )
            for part in said.parts
        ],
        party=names.get((said.party_kind, said.party_id), said.party_id),
        other_account=names.get(("Account", said.other_account), said.other_account),
        location=names.get(("Department", said.location_id), said.location_id),
        why=said.why,
        payment_type=said.payment_type,
    )


def _views(session: Session, rows: Sequence[BankRule]) -> list[RuleView]:
    if not rows:
        return []
    company = session.get_one(Company, rows[0].company_id)
    bodies = [BODY.validate_python(row.body) for row in rows]
    limits = {("Account", each) for body in bodies for each in body.accounts}
    names = {
        **names_of(session, company.id, [body.outcome for body in bodies]), **_names(session, company.id, limits)
    }  # fmt: skip
    wanted = {each for body in bodies for each in body.connections}
    labels = dict(session.execute(select(Connection.id, Connection.label).where(Connection.id.in_(wanted))).all())
    return [
        RuleView(
            id=row.id,
            company_id=company.id,
            company=company.name,
            place=row.place,
            version=row.version,
            name=row.name,
            mode=RuleMode(row.mode),
            enabled=row.enabled,
            valid_from=row.valid_from,
            body=body,
            answer=answer_of(body.outcome, names) or RuleAnswer(""),
            accounts=[names.get(("Account", each), each) for each in body.accounts],
            connections=[labels.get(each, each) for each in body.connections],
            changed_by=row.changed_by,
            changed_at=row.changed_at,
        )
        for row, body in zip(rows, bodies, strict=True)
    ]


def _names(session: Session, company_id: str, wanted: Collection[tuple[str, str]]) -> Names:
    found: dict[tuple[str, str], str] = {}
    for some in chunks(sorted({object_id for _, object_id in wanted}), CHUNK):
        for entry in session.scalars(
            select(LedgerEntry).where(LedgerEntry.company_id == company_id, LedgerEntry.object_id.in_(some))
        ):
            found[entry.kind, entry.object_id] = entry.name
    return found
