"""What the review page is asked for, and what its forms say of a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.payees import payee_named
from raccord.onboarding.deciding.paying import pay, proposed_otherwise
from raccord.onboarding.deciding.treating import treat
from raccord.overview.lines.bank_lines import BankLine, WantedLines
from raccord.overview.lines.line_choices import LineChoices
from raccord.overview.lines.line_proposals import Proposed
from raccord.overview.naming import AnswerError, pick
from raccord.overview.questions import Candidate, candidates
from raccord.plugin.drafts import Accepts, PaymentType
from raccord.plugin.texts import Text
from raccord.sync.bodies import digest
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.treatments import Part, Treated, Treatment
from raccord.sync.workshop import Workshop
from raccord_web.parts.line_taxes import BESIDE, tax_beside

SHOWN = 10
"""Lines on one page: as many as a person reads in one sitting."""
ANSWERED_SHOWN = 25
PARTS = 8
"""Parts of a split on the page."""
TICKED = "hold_"
"""What the names of the boxes begin with; the hold's id follows."""
DOCUMENT = "document_"
"""What the names of the boxes of open documents begin with."""
SEEN = "="
"""Before what tells a proposal from another, after the documents that it names."""
_DIGITS = 12
PROPOSED = "proposed"
"""Stands for an account where what is proposed is accepted as it is."""
SIDE = "side:"
"""Before the id of the hold whose line tells of the same transfer."""
REASONS = ("duplicate", "elsewhere", "personal", "not_ours")
"""Why lines are left out most often; whoever has another reason writes it."""

KEYS = (
    ("J", "next"), ("K", "previous"), ("1 … 9", "pick"), ("0", "proposed"), ("A", "accept"), ("M", "match"),
    ("C", "category"), ("S", "split"), ("T", "transfer"), ("P", "personal"), ("E", "exclude"), ("X", "tick"),
    ("L", "all"), ("U", "undo"), ("Enter", "enter"), ("Esc", "escape"), ("?", "help"),
)  # fmt: skip
"""What each key does, as the page says it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Deed = Callable[[Workshop, Actor], object]


class View(StrEnum):
    """The sides of a line's panel."""

    MATCH = "match"
    CATEGORY = "category"
    SPLIT = "split"
    TRANSFER = "transfer"
    PERSONAL = "personal"
    EXCLUDE = "exclude"
    OPEN = "open"
    """What is open in QuickBooks, to choose from."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says: filters, page, line and side of the panel; every form leads back to it."""

    connection: str
    account: str
    direction: str
    q: str
    first: str
    last: str
    state: str
    offset: int
    line: str
    view: View | None
    since: int = 0
    """When the page was opened, in milliseconds since 1970: until it is opened anew, categories keep their numbers."""

    @property
    def opened(self) -> datetime | None:
        return _EPOCH + timedelta(milliseconds=self.since) if self.since else None

    def opened_at(self, now: datetime) -> Asked:
        """Return the same, opened now if it does not say when."""
        return self if self.since else replace(self, since=(now - _EPOCH) // timedelta(milliseconds=1))

    @property
    def wanted(self) -> WantedLines:
        company_id, _, account_id = self.account.partition("|")
        return WantedLines(
            connection_id=self.connection,
            company_id=company_id,
            account=account_id,
            arriving={"in": True, "out": False}.get(self.direction),
            search=self.q,
            first=_day(self.first),
            last=_day(self.last),
        )

    @property
    def filters(self) -> dict[str, str]:
        """Return what narrows the list down, without page and line."""
        kept = {
            "connection": self.connection, "account": self.account, "direction": self.direction, "q": self.q,
            "first": self.first, "last": self.last, "state": self.state,
        }  # fmt: skip
        return {name: value for name, value in kept.items() if value}

    @property
    def narrowed(self) -> bool:
        return bool(set(self.filters) - {"state"})

    @property
    def searched(self) -> bool:
        """Tell whether a person narrowed the list; the page itself keeps the connection that it was opened for."""
        return bool(set(self.filters) - {"state", "connection"})

    @property
    def query(self) -> str:
        """Return the whole address after its question mark, for forms that lead back here."""
        return self.at().partition("?")[2]

    def at(self, **changes: str) -> str:
        """Return the address of the page with some of it changed; what is empty is left out."""
        place = {"offset": str(self.offset or ""), "line": self.line, "view": str(self.view or "")}
        now = {**self.filters, **place, "since": str(self.since or "")}
        kept = {name: value for name, value in {**now, **changes}.items() if value}
        return f"/review?{urlencode(kept)}" if kept else "/review"


def _asked(
    connection: str = "",
    account: Annotated[str, Query(max_length=120)] = "",
    direction: str = "",
    q: Annotated[str, Query(max_length=100)] = "",
    first: str = "",
    last: str = "",
    state: str = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    line: Annotated[str, Query(max_length=40)] = "",
    view: str = "",
    since: Annotated[int, Query(ge=0, le=99_999_999_999_999)] = 0,
) -> Asked:
    return Asked(
        connection=connection,
        account=account,
        direction=direction if direction in ("in", "out") else "",
        q=q.strip(),
        first=first if _day(first) else "",
        last=last if _day(last) else "",
        state="answered" if state == "answered" else "",
        offset=offset,
        line=line,
        view=View(view) if view in set(View) else None,
        since=since,
    )


AskedFor = Annotated[Asked, Depends(_asked)]


def named_lines(fields: Mapping[str, str]) -> list[str]:
    """Return the holds whose boxes were ticked."""
    return [name.removeprefix(TICKED) for name in fields if name.startswith(TICKED)]


def chosen_documents(fields: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the documents of a proposal, or those that were ticked, and what tells the proposal from another."""
    said = fields.get("documents", "").split()
    seen = next((each.removeprefix(SEEN) for each in said if each.startswith(SEEN)), "")
    ticked = [name.removeprefix(DOCUMENT) for name in fields if name.startswith(DOCUMENT)]
    return [each for each in said if not each.startswith(SEEN)] + ticked, seen


def seen_of(line: BankLine, proposed: Proposed | None) -> str:
    """Return what tells that which is proposed for a line, and shown beside it, from anything else."""
    if line.matches:
        return line.matches[0].seen
    return treatment_seen(proposed)


def treatment_seen(proposed: Proposed | None) -> str:
    """Return what tells a proposed treatment from any other."""
    return "" if proposed is None else digest(repr(proposed.treatment))[:_DIGITS]


def beside(proposed: Proposed) -> dict[str, str]:
    """Return what the fields beside a proposal say where it is accepted as it is; what parts differ in, none says."""
    said = proposed.treatment
    taxes, classes = {each.tax_code for each in said.parts}, {each.class_id for each in said.parts}
    return {
        "tax": taxes.pop() if len(taxes) == 1 else "",
        "class": classes.pop() if len(classes) == 1 else "",
        "payee": proposed.party,
        "location": said.location_id,
        "payment": str(PaymentType.CHECK) if said.payment_type is PaymentType.CHECK else "",
    }


def _changed_beside(workshop: Workshop, company_id: str, fields: Mapping[str, str], proposed: Proposed) -> Treatment:
    """Return what is proposed with what somebody chose otherwise in the fields beside it."""
    said, shown = proposed.treatment, beside(proposed)
    changed = {name: fields[name].strip() for name in shown if name in fields and fields[name].strip() != shown[name]}
    if changed.get("tax") == BESIDE:
        del changed["tax"]
    parts = said.parts
    if "tax" in changed:
        parts = tuple(replace(each, tax_code=changed["tax"]) for each in parts)
    if "class" in changed:
        parts = tuple(replace(each, class_id=changed["class"]) for each in parts)
    said = replace(said, parts=parts, location_id=changed.get("location", said.location_id))
    if "payee" in changed:
        party_kind, party_id = payee_named(workshop, company_id, changed["payee"])
        said = replace(said, party_kind=party_kind, party_id=party_id)
    if changed.get("payment", "") in ("", *PaymentType) and "payment" in changed:
        said = replace(said, payment_type=PaymentType(changed["payment"]) if changed["payment"] else None)
    return replace(said, number=_cheque_number(fields))


def _cheque_number(fields: Mapping[str, str]) -> str:
    """Return the number of a cheque, where the form says that it is one."""
    return fields.get("number", "") if fields.get("payment") == PaymentType.CHECK else ""


def line_beside(rows: Sequence[BankLine], line: BankLine | None, step: int) -> str:
    """Return the line that comes before or after one on its page, if there is one."""
    ids = [each.hold_id for each in rows]
    at = ids.index(line.hold_id) + step if line is not None and line.hold_id in ids else -1
    return ids[at] if 0 <= at < len(ids) else ""


def proposed_by_source(line: BankLine, choices: LineChoices) -> Candidate | None:
    """Return the account that the connector proposes for a line, or its file says, if it is one that fits."""
    said = line.suggestion
    if not said and choices.said is not None and choices.said.view is Treated.CATEGORY:
        return choices.said.parts[0].account
    return next((each for each in choices.accounts if said and said in (each.id, each.name)), None)


def other_side_of(choices: LineChoices, fields: Mapping[str, str]) -> BankLine | None:
    """Return the line that a form names as the other side of a transfer."""
    wanted = fields.get("account", "") if not fields.get("other", "") else ""
    return next((each for each in choices.other_sides if wanted == SIDE + each.hold_id), None)


def treatment_of(
    workshop: Workshop, line: BankLine, choices: LineChoices, fields: Mapping[str, str], proposed: Proposed | None
) -> Treatment:
    """Return what a form says of a line; raises ``AnswerError`` where it names what is not there."""
    if as_proposed(fields) and fields.get("seen", "") not in ("", treatment_seen(proposed)):
        raise proposed_otherwise()
    if proposed is not None and as_proposed(fields):
        return _changed_beside(workshop, line.company_id, fields, proposed)
    match fields.get("kind", ""):
        case View.SPLIT:
            kind, parts = Treated.SPLIT, _parts(choices, fields)
        case View.TRANSFER:
            side = other_side_of(choices, fields)
            other = _one(choices.own, fields, "account").id if side is None else side.account_id
            return Treatment(kind=Treated.TRANSFER, other_account=other)
        case View.PERSONAL:
            kind, parts = Treated.PERSONAL, (Part(account=_one(choices.owners, fields, "account").id),)
        case View.EXCLUDE:
            return Treatment(kind=Treated.EXCLUDE, why=fields.get("other", "") or fields.get("why", ""))
        case _:
            kind, parts = Treated.CATEGORY, (Part(account=_one(choices.accounts, fields, "account").id),)
    # What is chosen for the whole counts for each part that says nothing of its own.
    tax, class_ = fields.get("tax", ""), fields.get("class", "")
    if tax == BESIDE:
        tax = tax_beside(fields, parts[0].account) if kind is Treated.CATEGORY else ""
    party_kind, party_id = payee_named(workshop, line.company_id, fields.get("payee", ""))
    return Treatment(
        kind=kind,
        parts=tuple(replace(each, tax_code=each.tax_code or tax, class_id=each.class_id or class_) for each in parts),
        party_kind=party_kind,
        party_id=party_id,
        location_id=fields.get("location", ""),
        payment_type=PaymentType(fields["payment"]) if fields.get("payment") in set(PaymentType) else None,
        number=_cheque_number(fields),
    )


def as_proposed(fields: Mapping[str, str]) -> bool:
    """Tell whether a form accepts what is proposed; whatever was typed or chosen beside it counts more."""
    typed = ("other", *(f"{name}{place}" for name in ("account", "amount") for place in range(1, PARTS + 1)))
    return PROPOSED in (fields.get("account"), fields.get("why")) and not any(fields.get(name) for name in typed)


def together_said(
    session: Session, fields: Mapping[str, str], lines: Sequence[BankLine], proposals: Mapping[str, Proposed]
) -> tuple[list[tuple[BankLine, Deed]], int]:
    """Return what is to be done with each of the ticked lines; one of which nothing is sure is left as it is. And of
    how many something else is proposed than was shown beside them: these are left, too.
    """
    match fields.get("do", ""):
        case "category":
            accounts = {
                company_id: candidates(session, company_id, [Accepts.CATEGORY])[Accepts.CATEGORY]
                for company_id in {line.company_id for line in lines}
            }
            one = {company_id: _one(fitting, fields, "account") for company_id, fitting in accounts.items()}
            return [(line, _category(line, one[line.company_id])) for line in lines], 0
        case "exclude":
            why = Treatment(kind=Treated.EXCLUDE, why=fields.get("why", ""))
            return [(line, partial(_treat, line.hold_id, why)) for line in lines], 0
        case _:
            shown = {line.hold_id: fields.get(TICKED + line.hold_id) for line in lines}
            same = [line for line in lines if shown[line.hold_id] == seen_of(line, proposals.get(line.hold_id))]
            # Matching goes before any category.
            pays = [(line, partial(_pay, line.hold_id, line.matches[0].seen)) for line in same if certain(line)]
            says = [
                (line, partial(_treat, line.hold_id, proposals[line.hold_id].treatment))
                for line in same
                if not line.matches and line.hold_id in proposals
            ]
            return [*pays, *says], len(lines) - len(same)


def certain(line: BankLine) -> bool:
    """Tell whether what a line pays is certain."""
    return bool(line.matches) and line.matches[0].sure is Sure.CERTAIN


def _category(line: BankLine, account: Candidate) -> Deed:
    return partial(_treat, line.hold_id, Treatment(kind=Treated.CATEGORY, parts=(Part(account=account.id),)))


def _treat(hold_id: str, treatment: Treatment, workshop: Workshop, actor: Actor) -> None:
    treat(workshop, actor, hold_id, treatment)


def _pay(hold_id: str, seen: str, workshop: Workshop, actor: Actor) -> None:
    pay(workshop, actor, hold_id, seen=seen)


def _one(fitting: Sequence[Candidate], fields: Mapping[str, str], name: str) -> Candidate:
    """Return the object that was typed, else the one that was chosen from the list."""
    wanted = fields.get("other", "") or fields.get(name, "")
    if not wanted:
        raise AnswerError(
            "review.nothing_chosen",
            Text("Aucun compte n'est choisi.", "No account is chosen."),
            Text("Choisissez-en un de la liste, ou écrivez son nom.", "Choose one of the list, or type its name."),
        )
    return pick(fitting, wanted)


def _parts(choices: LineChoices, fields: Mapping[str, str]) -> tuple[Part, ...]:
    """Return the rows of a split that say something; the one without an amount takes what is left."""
    found = []
    for place in range(1, PARTS + 1):
        account, amount, text, tax, class_ = (
            fields.get(f"{name}{place}", "") for name in ("account", "amount", "text", "tax", "class")
        )
        if account or amount:
            part = _one(choices.accounts, {"account": account}, "account")
            found.append(
                Part(
                    account=part.id,
                    amount=_amount(amount) if amount else None,
                    tax_code=pick(choices.taxes, tax).id if tax else "",
                    class_id=pick(choices.classes, class_).id if class_ else "",
                    description=text,
                )
            )
    return tuple(found)


def _amount(text: str) -> Decimal:
    plain = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "").replace("\u2212", "-")
    if plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    try:
        amount = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount.adjusted()) > 15:
        raise AnswerError(
            "review.not_an_amount",
            Text(f"« {text} » n'est pas un montant.", f"“{text}” is not an amount."),
            Text("Écrivez-le comme 12,50.", "Write it like 12.50."),
        )
    return amount


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None
