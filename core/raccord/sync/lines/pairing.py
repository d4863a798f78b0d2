"""Which document of the books a line of a plan would post again, and how sure that is; pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from raccord.sync.days import around
from raccord.sync.fetching.repeated import NO_CARD, Card, Delivery
from raccord.sync.lines.bank_rules import fold
from raccord.sync.lines.matching import Sure
from raccord.sync.resolving.newcomers import comparison_key
from raccord.sync.resolving.set_aside import ID_DAYS_APART

DAYS_APART = 5
"""How far the same movement's two dates may lie apart: a weekend with a holiday."""

SLOW_DAYS_APART = 10
"""How far the two sides of a transfer may lie apart that nothing nearer goes with: five working days abroad, two
weekends, a holiday.

Beyond it, equal amounts of one month to the next would be proposed to each other.
"""

LOOKED_APART = max(DAYS_APART, ID_DAYS_APART, SLOW_DAYS_APART)
"""How far around the lines is looked: what is a transfer's other side, or told anew, may lie further than what others
tell.
"""

CHEQUE_DAYS = 180
"""How long after its date a bank pays a cheque."""

ALIKE = ("SalesReceipt", "RefundReceipt", "Invoice", "CreditMemo", "Bill", "VendorCredit")
"""Documents that are doubled by their like alone: sales made at a till, and what is owed."""


Named = tuple[str, str]
"""Kind and id of a document, or the connection that posts it and under which key."""

_AGREEING, _CONTRADICTING = 2, -1
_COUNT = re.compile(r"~[0-9]+\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """A document that moves one account by one amount; ``owner`` names the connection that posted or linked it."""

    kind: str
    id: str
    number: str
    day: date
    amount: Decimal
    account: str
    code: str
    """Of our mark on it, if it bears one."""
    party: str = ""
    owner: str = ""
    owner_key: str = ""
    told_in: str = ""
    """In what this connection's own source told of it, where it is the connection's own: the run that brought it, or
    the one of its deliveries.
    """
    told_as: frozenset[str] = frozenset()
    """Then, as which of the source's accounts it was told: by its own line, and by those that are it too."""
    told_ids: frozenset[str] = frozenset()
    """Then, the ids of the records of these."""
    told_by: frozenset[str] = frozenset()
    """Then, the runs and deliveries that told of them."""
    told_beside: frozenset[tuple[str, str]] = frozenset()
    """Then, of those that are it too the account as which each was told, and by what."""
    told_first: str = ""
    """Then, as which account its own line told it."""
    text: str = ""
    """Then, what the source wrote of it."""
    card: Card = NO_CARD
    """Then, of which card it was told, if of one."""
    line: int = 0
    """Of what is not in the books yet: the line of the same plan that will bring it there, or waits for an answer."""
    record: int = 0
    """Then, and of what is ``aside``, the number of its record: a later one has a greater."""
    telling: Telling | None = field(default=None, compare=False)
    """Then, how it was told, where a line waits that may be it."""
    refused: frozenset[str] = frozenset()
    """Then, the keys of those that a person said its own line not to be."""
    goes: bool = False
    """Of a line: whether it will be sent, and does not wait for an answer."""
    aside: str = ""
    """Of an earlier line that is neither in the books nor on its way there: why."""
    left_out: tuple[str, str, str] = ("", "", "")
    """Of one that was left out at another connection: by whom, when and why."""
    in_one: bool = False
    """Then, whether the account of the books is several of the source's, each of which may tell of it."""
    other_leg: bool = False
    """Whether it is a transfer of ours that another account's line posted, and that no line of this one told of yet."""
    summed: bool = False
    """Whether several lines around it may be it together, or were said to be."""
    covered: Decimal = Decimal(0)
    """What of its amount lines are already, each a part."""
    dated: date | None = None
    """The date that it bears, where that is not the movement's own."""

    @property
    def bears(self) -> date:
        """The date that it bears."""
        return self.dated or self.day

    def slow_side(self, line: Line) -> bool:
        """Tell whether it is a transfer whose other side a line may be that came later than what is surely one."""
        apart = abs((self.day - line.day).days)
        return self.other_leg and DAYS_APART < apart <= SLOW_DAYS_APART

    @property
    def left(self) -> Decimal:
        """What of its amount no line is yet."""
        return self.amount - self.covered

    @property
    def place(self) -> tuple[str, str, str]:
        """Kind, id and account of the document."""
        return (self.kind, self.id, self.account)

    @property
    def names(self) -> set[Named]:
        """Kind and id of the document, once it is there, and who posts it under which key, where that is known."""
        there, posted = {(self.kind, self.id)}, {(self.owner, self.owner_key)}
        return (there if self.id else set()) | (posted if self.owner_key else set())


@dataclass(frozen=True, slots=True)
class Telling:
    """How a source told of a line: perhaps once more, under another id than before."""

    by: str
    """The run that brought it, or the one of its deliveries."""
    account: str
    text: str
    nothing_known: bool
    """Whether the delivery repeated nothing of this account that was known: a bank gave all its lines new ids."""
    delivery: Delivery | None
    record: int = 0
    """The number of its record: a later one has a greater."""
    id: str = ""
    """The id of its record."""

    def anew(self, day: date, found: Found) -> bool:
        """Tell whether a document that was told before may be a line of a day, its id replaced.

        Where the delivery repeats others, that is a line that it lacks: of the same day, in the same words or among
        days that it has; or of the same words near, where it has the days around both, or has not the earlier day any
        more and the delivery that told of that one had the days around both, and not this line.
        """
        if self.by in found.told_by or (self.account and self.account not in found.told_as):
            return False
        if any(counted_apart(self.id, each) for each in found.told_ids):
            return False
        apart = abs((found.day - day).days)
        if self.nothing_known and not apart:
            return True
        lacking = self.delivery is not None and found.told_ids.isdisjoint(self.delivery.beside)
        if not lacking or self.delivery is None:
            return False
        if not apart and self.delivery.has(day):
            return True
        if not self.text or fold(found.text) != fold(self.text):
            return False
        if not apart:
            return True
        return apart <= ID_DAYS_APART and (self.delivery.covers(day, found.day) or self._lacked_by(found, day))

    def _lacked_by(self, found: Found, day: date) -> bool:
        """Tell whether what told of an earlier line had a day whole, and this delivery has that line's day no more."""
        before = found.telling
        if before is None or before.delivery is None or self.delivery is None or before.record >= self.record:
            return False
        return before.delivery.has(day) and not self.delivery.reaches(found.day)


@dataclass(frozen=True, slots=True)
class Line:
    """What a plan line moves; ``code`` is of its own mark."""

    id: int
    code: str
    account: str
    amount: Decimal
    day: date
    kind: str
    told: Telling | None = None
    """How its source told of it, if it waits for a person anyway."""
    told_as: str = ""
    """Which of the source's accounts it moves, as the source names it."""
    apart_from: str = ""
    """The id of the record that its own may have been, as its connector asked, and was said not to be."""
    number: str = ""
    party: str = ""
    text: str = ""
    """What its source wrote of it."""
    card: Card = NO_CARD
    """Of which card it is told, if of one."""
    cheque: str = ""
    """Its number, of a cheque: known by it however long ago it was written."""
    key: str = ""
    itself: Found | None = None
    """What others that were told later are compared with."""
    by: str = ""
    """The run that brought it, or the one of its deliveries, where that is known."""

    def may_be(self, found: Found) -> bool:
        """Tell whether a document of the same amount, account and time can hold the same movement."""
        if found.aside and not found.told_in:
            # Left out where another connection told of it: whoever answers this one is to know.
            return self.told is not None
        if found.told_in:
            if self.key in found.refused:
                # What was said of the one about the other holds for both.
                return False
            # Told as another account that is the same in the books, once each: n equal lines of one stay n.
            by_another = bool(self.told_as and found.told_as) and not self._told_beside(found)
            by_another = by_another and self.apart_from not in found.told_ids
            if self.card.is_not(found.card):
                # Two cards that are paid as one have purchases of one amount; a card under a new number has the same.
                by_another = by_another and self.day == found.day and fold(self.text) == fold(found.text)
            anew = self._anew(found)
            if found.aside:
                return anew and self.told is not None and found.record < self.told.record
            if found.line:
                # Of two that wait, the one that was told later is asked about; beside one that goes, the other one.
                asked = self.told is not None and (found.goes or found.record < self.told.record)
                return (by_another and found.in_one and found.line < self.id) or (anew and asked)
            return by_another or anew
        # A document with the draft's own mark is the draft's: posting finds it by that.
        return found.code != self.code and (self.kind not in ALIKE or found.kind == self.kind)

    def _told_beside(self, found: Found) -> bool:
        """Tell whether what told of it told of the other one too, as the same account: then they are two.

        Another delivery of that account may tell the other one as another file does, and not know of this one.
        """
        if self.told_as == found.told_first or not self.by:
            return self.told_as in found.told_as
        return (self.told_as, self.by) in found.told_beside

    def told_anew(self, found: Found) -> bool:
        """Tell whether it may be told anew of what its own source told of."""
        return bool(found.told_in) and self._anew(found)

    def _anew(self, found: Found) -> bool:
        """Tell whether it may be told anew of one of its own source, or that one of it: whichever was told later."""
        if self.told is None or (self.apart_from and self.apart_from in found.told_ids):
            return False
        if found.record > self.told.record and found.telling is not None and self.itself is not None:
            return found.telling.anew(found.day, self.itself)
        return self.told.anew(self.day, found)


def pair(
    lines: Sequence[Line], found: Sequence[Found], refused: Mapping[int, Collection[Named]] = MappingProxyType({})
) -> dict[int, Found]:
    """Return for each line the nearest document that may be its movement, each document once.

    Those that agree in number and party go first; of the others the nearer pair, so that of equal movements on
    neighbouring days each keeps its own; last a cheque that was written long ago. A line that was said not to be its
    document (``refused``, by line) has another one, if one is left that may be its movement. What
    the lines' own source told of can be a line of each delivery: told under a third id, it is still the same.
    """
    pairs = _nearest(lines, found)
    for line in lines:
        not_these = refused.get(line.id, ())
        if line.id in pairs and not pairs[line.id].names.isdisjoint(not_these):
            taken = set(pairs.values())
            left = [each for each in found if each not in taken and each.names.isdisjoint(not_these)]
            pairs |= _nearest([line], left)
    return pairs


def _nearest(lines: Sequence[Line], found: Sequence[Found]) -> dict[int, Found]:
    free: dict[tuple[str, Decimal, date], list[Found]] = defaultdict(list)
    for each in sorted(found, key=lambda each: (each.kind, each.id)):
        free[each.account, each.amount, each.day].append(each)
    pairs: dict[int, Found] = {}
    waiting = list(lines)
    for agreeing in (_AGREEING, 1, 0, _CONTRADICTING):
        for apart in range(LOOKED_APART + 1):
            for line in waiting:
                for near in sorted({*around(line.day, line.day, apart)}):
                    here = free.get((line.account, line.amount, near), [])
                    place = next(
                        (
                            place
                            for place, each in enumerate(here)
                            if line.may_be(each)
                            and agreement(line, each) >= agreeing
                            and _is_near(line, each)
                            and not _leads_back(line, each, pairs)
                        ),
                        None,
                    )
                    if line.id not in pairs and place is not None:
                        pairs[line.id] = here.pop(place)
            waiting = [line for line in waiting if line.id not in pairs]
    pairs |= _told_once_more(lines, found, pairs)
    waiting = [line for line in waiting if line.id not in pairs]
    for line in (each for each in waiting if each.cheque):
        written = (
            each
            for (account, amount, day), some in free.items()
            if (account, amount) == (line.account, line.amount)
            for each in some
            if 0 <= (line.day - day).days <= CHEQUE_DAYS
            and plain_number(each.number) == plain_number(line.cheque) and line.may_be(each)
        )  # fmt: skip
        newest = max(written, key=lambda each: (each.day, each.id), default=None)
        if newest is not None:
            pairs[line.id] = newest
            free[newest.account, newest.amount, newest.day].remove(newest)
    return pairs


def _told_once_more(lines: Sequence[Line], found: Sequence[Found], pairs: Mapping[int, Found]) -> dict[int, Found]:
    """Return the nearest of what the lines' own source told that a line may be which found nothing left, where only
    lines of other deliveries are it: those of one delivery are as many as it has.
    """
    told: dict[tuple[str, Decimal], list[Found]] = defaultdict(list)
    for each in found:
        if each.told_in:
            told[each.account, each.amount].append(each)
    by_id = {line.id: line for line in lines}
    takers = {(each, by_id[id_].told_as, by_id[id_].by) for id_, each in pairs.items()}
    more: dict[int, Found] = {}
    for line in lines:
        if line.id in pairs or not line.by:
            continue
        may_be = [
            each
            for each in told.get((line.account, line.amount), ())
            if (each, line.told_as, line.by) not in takers
            and each.line != line.id and line.may_be(each) and agreement(line, each) >= 0 and _is_near(line, each)
            and not _leads_back(line, each, {**pairs, **more})
        ]  # fmt: skip
        if may_be:
            more[line.id] = min(may_be, key=lambda each: (abs((each.day - line.day).days), each.kind, each.id))
            takers.add((more[line.id], line.told_as, line.by))
    return more


def _leads_back(line: Line, found: Found, pairs: Mapping[int, Found]) -> bool:
    """Tell whether a waiting line that another may be is said to be that one in turn: then none of them would go."""
    seen: set[int] = set()
    while found.line and found.line not in seen:
        if found.line == line.id:
            return True
        seen.add(found.line)
        following = pairs.get(found.line)
        if following is None:
            return False
        found = following
    return False


def _is_near(line: Line, found: Found) -> bool:
    apart = abs((found.day - line.day).days)
    return apart <= DAYS_APART or line.told_anew(found) or found.slow_side(line)


def agreement(line: Line, found: Found) -> int:
    """Return in how many of number and party both say the same; less than nothing where they contradict."""
    said = [(plain_number(line.number), plain_number(found.number)),
            (comparison_key(line.party), comparison_key(found.party))]  # fmt: skip
    both = [(one, other) for one, other in said if one and other]
    return _CONTRADICTING if any(one != other for one, other in both) else len(both)


def sure_of(line: Line, found: Found) -> Sure:
    """Tell how sure it is that two documents of one kind, account and amount are one: certain where two of number,
    party and day agree and nothing contradicts.
    """
    agreeing = agreement(line, found)
    return Sure.CERTAIN if agreeing >= 0 and agreeing + (line.day == found.day) >= _AGREEING else Sure.LIKELY


def counted_apart(id_: str, other: str) -> bool:
    """Tell whether two ids of a source's records differ in their number alone: equal things, and two."""
    return id_ != other and _COUNT.sub("", id_) == _COUNT.sub("", other)


def plain_number(number: str) -> str:
    return number.strip().casefold()
