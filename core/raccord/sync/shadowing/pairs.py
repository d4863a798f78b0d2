"""Which document of a plan is which one of the books, and in what the two differ; pure.

What the plan itself found to be there stays with its document. What is left is laid beside what is left of the books
by the same pairing (``lines.pairing``), each time with one thing not looked at: that is in what the two differ.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from raccord.store.models import ShadowCause, ShadowOutcome
from raccord.sync.lines.pairing import Found, Line, Named, agreement, pair, plain_number
from raccord.sync.resolving.newcomers import comparison_key

RECENT_DAYS = 2
"""How long whoever keeps the books may take to enter a day."""
_ORDER = (
    ShadowCause.PARTS,
    ShadowCause.AMOUNT,
    ShadowCause.TAX,
    ShadowCause.CATEGORY,
    ShadowCause.ACCOUNT,
    ShadowCause.KIND,
    ShadowCause.DAY,
    ShadowCause.PARTY,
)
"""The gravest first: two documents are listed under the first in which they differ."""
_ANY_DAY = date(2000, 1, 1)

Differences = Mapping[ShadowCause, tuple[Sequence[str], Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Ours:
    """A document of the plan; ``accounts`` is empty of what it is for where that is not known yet."""

    line: Line
    key: str
    currency: str
    accounts: Mapping[str, Decimal] | None = None
    tax: Decimal = Decimal(0)
    there: tuple[str, str] | None = None
    """Kind and id of the document of the books that the plan says it to be."""
    part: bool = False
    """Whether several of ours are that one."""
    held: str = ""
    blocked: str = ""
    refused: Collection[Named] = ()


@dataclass(frozen=True, slots=True)
class Theirs:
    """A document of the books that is none of ours, on one of the accounts that it moves."""

    found: Found
    currency: str
    accounts: Mapping[str, Decimal] | None = None
    tax: Decimal = Decimal(0)
    elsewhere: bool = False
    """Whether it moves none of the plan's accounts: looked at only to find that ours goes to another one."""

    @property
    def place(self) -> tuple[str, str]:
        """Kind and id."""
        return (self.found.kind, self.found.id)


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of the comparison."""

    outcome: ShadowOutcome
    cause: ShadowCause = ShadowCause.SAME
    ours: Ours | None = None
    theirs: Theirs | None = None
    reason: str = ""
    fields: Differences = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Look:
    """One pairing of what is left: by what lines and documents are told, in the place of the account that both move;
    where that is nothing, they are not looked at.
    """

    told_by: Callable[[Line | Found], str]
    amount: bool = True
    """Whether amounts must be equal; else only the way the money goes."""
    day: bool = True
    anywhere: bool = False
    """Whether documents on other accounts are looked at too."""
    kind: bool = False
    """Whether a sale or what is owed is one of its like alone, whoever it is for, as the plan itself takes it."""

    def line(self, line: Line) -> Line:
        amount, day = line.amount if self.amount else _way(line.amount), line.day if self.day else _ANY_DAY
        kind = line.kind if self.kind else ""
        return replace(line, kind=kind, account=self.told_by(line), amount=amount, day=day)

    def found(self, found: Found) -> Found:
        amount, day = found.amount if self.amount else _way(found.amount), found.day if self.day else _ANY_DAY
        return replace(found, account=self.told_by(found), amount=amount, day=day)


def _number(each: Line | Found) -> str:
    return plain_number(each.number) and f"number {plain_number(each.number)}"


def _party(each: Line | Found) -> str:
    return comparison_key(each.party) and f"party {comparison_key(each.party)}"


def _kind_and_number(each: Line | Found) -> str:
    return (number := _number(each)) and f"{each.kind} {number}"


def _here(told: Callable[[Line | Found], str], *, that_day: bool = False) -> Callable[[Line | Found], str]:
    """Return how to tell something on one account, and of one day if wanted."""

    def told_by(each: Line | Found) -> str:
        name = told(each)
        return name and f"{name} {each.account} {each.day if that_day else ''}"

    return told_by


_LOOKS = (
    _Look(lambda each: each.account, kind=True),
    _Look(lambda each: each.account),
    _Look(_number, anywhere=True),
    _Look(_party, anywhere=True),
    _Look(lambda each: f"{each.kind} {each.day}", anywhere=True),
    _Look(_here(_number), amount=False),
    _Look(_here(_party, that_day=True), amount=False),
    _Look(_here(_number), day=False),
    _Look(_here(_party), day=False),
    _Look(_here(_kind_and_number), amount=False, day=False),
)
"""The nearest first."""


def compare(
    ours: Sequence[Ours], theirs: Sequence[Theirs], left_out: Sequence[tuple[Line, str]], days: tuple[date, date]
) -> list[Compared]:
    """Return all documents of both sides, each once; of theirs only those of the days.

    ``left_out`` has what records say that make no document of ours, with its reason; nothing is told of their accounts.
    """
    compared, paired = _known(ours, theirs)
    for look in _LOOKS:
        compared += _laid_beside(look, ours, theirs, paired)
    lonely = [each for each in ours if each.line.id not in paired.ours]
    compared += [_only_ours(each, days[1]) for each in lonely]
    return compared + _only_theirs(ours, theirs, left_out, days, paired)


@dataclass(slots=True)
class _Paired:
    """What has its other."""

    ours: set[int] = field(default_factory=set)
    theirs: set[tuple[str, str]] = field(default_factory=set)


def _known(ours: Sequence[Ours], theirs: Sequence[Theirs]) -> tuple[list[Compared], _Paired]:
    """Return what the plan itself says to be in the books."""
    by_place: dict[tuple[str, str], list[Theirs]] = {}
    for other in theirs:
        by_place.setdefault(other.place, []).append(other)
    compared, paired = list[Compared](), _Paired()
    for each in ours:
        there = by_place.get(each.there, []) if each.there else []
        if there:
            best = next((one for one in there if one.found.account == each.line.account), there[0])
            compared.append(_both(each, best))
            paired.ours.add(each.line.id)
            paired.theirs.add(best.place)
    return compared, paired


def _laid_beside(look: _Look, ours: Sequence[Ours], theirs: Sequence[Theirs], paired: _Paired) -> list[Compared]:
    lines = {each.line.id: each for each in ours if each.line.id not in paired.ours}
    # Told otherwise than by its account, a document that moves several is looked at once.
    wanted: dict[tuple[str, ...], Theirs] = {}
    for each in theirs:
        if each.place not in paired.theirs and (look.anywhere or not each.elsewhere):
            wanted.setdefault(each.place if look.anywhere else each.found.place, each)
    found = [(each, look.found(each.found)) for each in wanted.values()]
    others = {id(one): each for each, one in found}
    pairs = pair(
        [line for each in lines.values() if (line := look.line(each.line)).account],
        [one for _, one in found if one.account],
        {id_: each.refused for id_, each in lines.items()},
    )
    compared: list[Compared] = []
    for id_, one in sorted(pairs.items()):
        mine, other = lines[id_], others[id(one)]
        refused = not other.found.names.isdisjoint(mine.refused)
        believed = look.kind or agreement(mine.line, other.found) >= 0
        if other.place not in paired.theirs and not refused and believed:
            compared.append(_both(mine, other))
            paired.ours.add(id_)
            paired.theirs.add(other.place)
    return compared


def _both(ours: Ours, theirs: Theirs) -> Compared:
    fields = {ShadowCause.PARTS: ([ours.key], [theirs.found.number])} if ours.part else differences(ours, theirs)
    if not fields:
        return Compared(ShadowOutcome.SAME, ShadowCause.SAME, ours, theirs)
    return Compared(
        ShadowOutcome.DIFFERENT, next(each for each in _ORDER if each in fields), ours, theirs, fields=fields
    )


def differences(ours: Ours, theirs: Theirs) -> Differences:
    """Return in what two documents differ, ours first; what one of them does not say is no difference."""
    line, found = ours.line, theirs.found
    differ: dict[ShadowCause, tuple[Sequence[str], Sequence[str]]] = {}
    if line.amount != found.amount:
        differ[ShadowCause.AMOUNT] = [_text(line.amount)], [_text(found.amount)]
    if ours.accounts is not None and theirs.accounts is not None:
        if ours.tax != theirs.tax:
            differ[ShadowCause.TAX] = [_text(ours.tax)], [_text(theirs.tax)]
        parted = line.amount == found.amount and ours.tax == theirs.tax and ours.accounts != theirs.accounts
        if ours.accounts.keys() != theirs.accounts.keys() or parted:
            differ[ShadowCause.CATEGORY] = sorted(ours.accounts), sorted(theirs.accounts)
    if line.account != found.account:
        differ[ShadowCause.ACCOUNT] = [line.account], [found.account]
    if line.kind != found.kind:
        differ[ShadowCause.KIND] = [line.kind], [found.kind]
    if line.day != found.bears:
        differ[ShadowCause.DAY] = [line.day.isoformat()], [found.bears.isoformat()]
    if line.party and found.party and comparison_key(line.party) != comparison_key(found.party):
        differ[ShadowCause.PARTY] = [line.party], [found.party]
    return differ


def _only_ours(each: Ours, last: date) -> Compared:
    if each.held or each.blocked:
        cause = ShadowCause.HELD if each.held else ShadowCause.BLOCKED
        return Compared(ShadowOutcome.OURS, cause, each, reason=each.held or each.blocked)
    recent = each.line.day > last - timedelta(RECENT_DAYS)
    return Compared(ShadowOutcome.OURS, ShadowCause.RECENT if recent else ShadowCause.MISSING, each)


def _only_theirs(
    ours: Sequence[Ours],
    theirs: Sequence[Theirs],
    left_out: Sequence[tuple[Line, str]],
    days: tuple[date, date],
    paired: _Paired,
) -> list[Compared]:
    lonely: dict[tuple[str, str], Theirs] = {}
    for each in theirs:
        if each.place not in paired.theirs and not each.elsewhere and days[0] <= each.found.bears <= days[1]:
            lonely.setdefault(each.place, each)
    anywhere = [replace(each.found, account="") for each in lonely.values()]
    said = {line.id: reason for line, reason in left_out}
    found = pair([line for line, _ in left_out], anywhere)
    reasons = {(one.kind, one.id): said[id_] for id_, one in found.items()}
    rest = [each.found for place, each in lonely.items() if place not in reasons]
    lines = {each.line.id: each.line for each in ours if each.line.id in paired.ours}
    again = pair(list(lines.values()), rest)
    twice = {(one.kind, one.id) for id_, one in again.items() if _once_more(lines[id_], one)}
    compared: list[Compared] = []
    for place, each in lonely.items():
        cause = (
            ShadowCause.LEFT_OUT if place in reasons else ShadowCause.TWICE if place in twice else ShadowCause.UNKNOWN
        )
        compared.append(Compared(ShadowOutcome.THEIRS, cause, theirs=each, reason=reasons.get(place, "")))
    return compared


def _once_more(line: Line, found: Found) -> bool:
    said = agreement(line, found)
    return said > 0 or (said == 0 and line.kind == found.kind and line.day == found.day)


def _way(amount: Decimal) -> Decimal:
    return Decimal(1).copy_sign(amount)


def _text(amount: Decimal) -> str:
    return format(amount, "f")
