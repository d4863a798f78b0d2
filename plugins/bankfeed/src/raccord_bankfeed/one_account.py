"""Whether two accounts of the files are one, by the lines that both have.

Files of one bank account share nothing but its lines where one of them does not name it, or names it otherwise: by the
end of a card's number, or by the number that the bank gave it before. Taken for two accounts, every line would be in
the books twice. So the lines of a file are held against those that came before as other accounts: by other roads where
one of the two is unnamed, by any road where both are named and no file has both, on the days that both have:

* *the same day and amount*, the amount with its sign: a transfer between two accounts moves them in opposite ways;
* of these at least so many of amounts that tell something: an amount that comes again in either account (a fee, a
  standing order) does not, nor does a round one whose texts have nothing in common;
* together they are most of what *either* has on these days, of more lines where a format writes other texts;
* all may lie the same few days apart where the texts agree: formats date by the transaction or by its posting.

Two names say that there are two accounts, so that more lines have to say otherwise (``OF_NAMED``), and
``LINES_TELLING`` lines that do not tell for good that there are two.

Then it is asked once, before the lines go on: the answer counts for both accounts and all their files. Said to be one,
the files of the one that was asked about are of the other account from that file on.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from raccord.plugin import Text
from raccord_bankfeed.elsewhere import Away
from raccord_bankfeed.pairing import DAYS_APART, Entry
from raccord_bankfeed.readers.account import UNNAMED
from raccord_bankfeed.readers.contract import Question, Reading
from raccord_bankfeed.readers.questions import day_text, digest
from raccord_bankfeed.readers.told import SAME, SEPARATE

LINES_TELLING = 40
"""So many lines of either of two named accounts, on days that both have, and too few in common: they are two."""
_SHIFTS = (0, *(sign * days for days in range(1, DAYS_APART + 1) for sign in (1, -1)))
_ROUND = Decimal(10)
_NAME_CHARS_MAX = 60


class Measure(NamedTuple):
    """How much two accounts have in common that are probably one."""

    telling: int
    """Lines of amounts that tell something."""
    share: Decimal
    """All that they have in common, of what either has."""
    telling_otherwise: int
    """Both where the texts do not agree."""
    share_otherwise: Decimal


OF_UNNAMED = Measure(2, Decimal("0.6"), 3, Decimal("0.8"))
OF_NAMED = Measure(4, Decimal("0.7"), 5, Decimal("0.8"))


class Alike(NamedTuple):
    """Lines that two accounts have in common, of how many on the days that both have."""

    common: int
    of: int
    first: date
    last: date


@dataclass(slots=True)
class Held:
    """The lines of an account that came by one road, and the last file that brought some."""

    road: str
    entries: dict[str, Entry] = field(default_factory=dict)
    """By their ids, without the account's key."""
    file: str = ""


def alike(mine: Sequence[Entry], others: Sequence[Entry], measure: Measure = OF_UNNAMED) -> Alike | None:
    """Return what two accounts have in common where that is so much that they are probably one; pure."""
    if not mine or not others:
        return None
    coming_again = _coming_again(mine) | _coming_again(others)
    first, last = (end(entry.day.toordinal() for entry in mine) for end in (min, max))
    others = [each for each in others if first - DAYS_APART <= each.day.toordinal() <= last + DAYS_APART]
    if len(others) < measure.telling:
        return None
    for shift in _SHIFTS:
        found = _compared(mine, others, shift, coming_again, measure)
        if found is not None:
            return found
    return None


def _coming_again(entries: Sequence[Entry]) -> set[str]:
    counted = Counter(entry.amount for entry in entries)
    return {amount for amount, times in counted.items() if times > 1}


def _compared(
    mine: Sequence[Entry], others: Sequence[Entry], shift: int, coming_again: set[str], measure: Measure
) -> Alike | None:
    """Compare two accounts, those of one dated so many days later than those of the other."""
    days = [entry.day.toordinal() for entry in mine], [entry.day.toordinal() + shift for entry in others]
    first, last = max(map(min, days)), min(map(max, days))
    here = [entry for entry in mine if first <= entry.day.toordinal() <= last]
    there: dict[tuple[int, str], list[Entry]] = defaultdict(list)
    count = 0
    for entry in others:
        if first <= (day := entry.day.toordinal() + shift) <= last:
            there[day, entry.amount].append(entry)
            count += 1
    pairs = []
    for entry in here:
        free = there.get((entry.day.toordinal(), entry.amount))
        if free:
            best = free[0]
            if len(free) > 1:
                best = max(free, key=lambda other: (not entry.contradicts(other), entry.likeness(other)))
            free.remove(best)
            if not (entry.currency and best.currency and entry.currency != best.currency):
                pairs.append((entry, best))
    whole = max(len(here), count)
    agreeing = [(entry, other) for entry, other in pairs if not entry.contradicts(other)]
    if shift:
        agreeing, pairs = [(entry, other) for entry, other in agreeing if entry.likeness(other)], []
    telling, all_telling = (
        len({entry.amount for entry, other in some if _tells(entry, other, coming_again)}) for some in (agreeing, pairs)
    )
    so = telling >= measure.telling and len(agreeing) >= measure.share * whole
    otherwise = all_telling >= measure.telling_otherwise and len(pairs) >= measure.share_otherwise * whole
    if not (so or otherwise):
        return None
    return Alike(max(len(agreeing), len(pairs)), whole, date.fromordinal(first), date.fromordinal(last))


def _tells(entry: Entry, other: Entry, coming_again: set[str]) -> bool:
    if entry.amount in coming_again:
        return False
    return bool(Decimal(entry.amount) % _ROUND) or bool(entry.likeness(other))


def _shared_days(mine: Sequence[Entry], others: Sequence[Entry]) -> int:
    """Return how many lines one of two accounts has on the days that both have, the one that has more."""
    first, last = (
        max(min(each.day for each in some) for some in (mine, others)),
        min(max(each.day for each in some) for some in (mine, others)),
    )
    return max(sum(first <= each.day <= last for each in some) for some in (mine, others))


class Accounts:
    """The accounts of a connection's files so far, and which of them are one."""

    def __init__(self, says: Mapping[str, frozenset[str]], names: Mapping[str, str]) -> None:
        self._says, self._names = says, names
        self._held: dict[str, dict[str, Held]] = defaultdict(dict)
        """By account and road."""
        self._tokens: dict[str, set[str]] = defaultdict(set)
        self._numbers: dict[str, str] = {}
        self._moved: dict[str, str] = {}
        self._asked: dict[str, Question] = {}
        """By account what is asked about it: until that is answered, all its files wait."""
        self._told: set[str] = set()
        self._away: dict[str, Away] = {}
        """Those of other connections."""
        self._two: set[tuple[str, str]] = set()
        """Pairs of named accounts that are two: a file has both, or many lines of both differ."""

    def hold(self, away: Away) -> None:
        """Take in an account of another connection: others are held against it, and it against none."""
        self._away[away.key] = away
        held = self._held[away.key].setdefault(away.key, Held(away.key))
        held.entries.update((entry.id.partition("/")[2], entry) for entry in away.entries)

    def several(self, keys: Sequence[str]) -> None:
        """Take in which accounts one file has beside one another: its bank says that they are several."""
        self._two.update(_pair(key, other) for key, other in combinations(keys, 2))

    def of(self, key: str) -> str:
        """Return the account that one is."""
        return self._moved.get(key, key)

    def asked(self, key: str) -> Question | None:
        """Return what has to be said of an account before its lines go on."""
        return self._asked.get(key)

    def take(self, key: str, number: str, road: str, file: str, entries: Sequence[Entry]) -> Question | None:
        """Take in a file's lines of an account, unless something is asked about it; return what was answered of it."""
        found = None
        if key not in self._moved and (away := self._said_to_be_away(key)):
            self._moved[key] = away
        if key not in self._moved and key not in self._asked:
            found = self._compare(key, number, road, file, entries)
        if key in self._asked:
            return None
        under = self.of(key)
        held = self._held[under].setdefault(road, Held(road))
        held.entries.update((entry.id.partition("/")[2], entry) for entry in entries)
        held.file = file
        self._numbers.setdefault(under, number)
        self._tokens[under].update(*(entry.tokens for entry in entries))
        return found

    def _said_to_be_away(self, key: str) -> str:
        """Return the account of another connection that a person said an account is; empty where none is."""
        return next((each.key for each in self._away.values() if each.brings(key, self._says)), "")

    def _compare(self, key: str, number: str, road: str, file: str, entries: Sequence[Entry]) -> Question | None:
        tokens = {token for entry in entries for token in entry.tokens} | self._tokens.get(key, set())
        found: list[tuple[Alike, str, Held]] = []
        for other, roads in self._held.items():
            shared = not tokens.isdisjoint(self._tokens[other])
            if other == key or (shared and road not in roads):
                # Lines of other roads are paired one by one.
                continue
            away = self._away.get(other)
            if away is not None and away.settled_there(key):
                continue
            unnamed = key.startswith(UNNAMED) or (other if away is None else away.account).startswith(UNNAMED)
            if not unnamed:
                some = self._among_named(key, other, road, entries)
                # One number that a road writes with another bank, branch or kind beside it.
                found += (one for one in some if not shared or one[2].road == road)
                continue
            found += (
                []
                if shared
                else [
                    (so, other, held)
                    for held in roads.values()
                    if held.road != road and (so := alike(entries, [*held.entries.values()])) is not None
                ]
            )
        answered = None
        for so, other, held in sorted(found, key=lambda one: (-one[0].common, one[1])):
            away = self._away.get(other)
            if away is None:
                question = self._question(key, number, file, so, other, held)
            else:
                question = self._question_away(key, number, file, so, away)
            said = self._says.get(question.key, frozenset())
            if SAME in said:
                self._moved[key] = other
            elif SEPARATE not in said:
                self._asked[key] = question
                return None
            if question.key not in self._told:
                self._told.add(question.key)
                answered = answered or question
            if SAME in said:
                return question
        return answered

    def _among_named(
        self, key: str, other: str, road: str, entries: Sequence[Entry]
    ) -> Iterator[tuple[Alike, str, Held]]:
        """Yield what two named accounts have in common, with what came of the first before, as files may be short."""
        if _pair(key, other) in self._two:
            return
        before = self._held.get(key, {}).get(road)
        mine = [*({} if before is None else before.entries).values(), *entries]
        for held in self._held[other].values():
            theirs = [*held.entries.values()]
            if (so := alike(mine, theirs, OF_NAMED)) is not None:
                yield so, other, held
            elif _shared_days(mine, theirs) >= LINES_TELLING:
                self._two.add(_pair(key, other))
                return

    def _question(self, key: str, number: str, file: str, so: Alike, other: str, held: Held) -> Question:
        mine, theirs = self._called(key, number, file), self._called(other, self._numbers.get(other, ""), held.file)
        if mine == theirs:
            # Two numbers may end alike.
            mine, theirs = self._called(UNNAMED, "", file), self._called(UNNAMED, "", held.file)
        first, last = day_text(so.first), day_text(so.last)
        text = Text(
            f"Ce fichier ({mine.fr}) et {theirs.fr} ont {so.common} lignes sur {so.of} en commun, du {first.fr} au "
            f"{last.fr} : mêmes jours, mêmes montants. Pris pour deux comptes alors qu’ils n’en font qu’un, ils "
            "mettraient chaque ligne deux fois dans les livres.",
            f"This file ({mine.en}) and {theirs.en} have {so.common} of {so.of} lines in common, from {first.en} to "
            f"{last.en}: the same days, the same amounts. Taken for two accounts where they are one, they would put "
            "each line into the books twice.",
        )
        readings = (
            Reading(
                SAME,
                Text("Un seul compte", "The same account"),
                (Text(f"ses lignes sont de {theirs.fr}", f"its lines are of {theirs.en}"),),
            ),
            Reading(
                SEPARATE,
                Text("Deux comptes", "Two accounts"),
                (Text("ce sont d’autres opérations", "they are other movements"),),
            ),
        )
        return _asked(f"one-{digest(*sorted((key, other)))}", text, readings, file, so)

    def _question_away(self, key: str, number: str, file: str, so: Alike, away: Away) -> Question:
        mine, theirs = self._called(key, number, file), away.called()
        first, last = day_text(so.first), day_text(so.last)
        text = Text(
            f"Ce fichier ({mine.fr}) et {theirs.fr} ont {so.common} lignes sur {so.of} en commun, du {first.fr} au "
            f"{last.fr} : mêmes jours, mêmes montants. Un compte relié deux fois mettrait chaque ligne deux fois dans "
            "les livres. Pour continuer par cette connexion-ci, laissez le compte de côté dans l’autre, puis répondez "
            "« Deux comptes ».",
            f"This file ({mine.en}) and {theirs.en} have {so.common} of {so.of} lines in common, from {first.en} to "
            f"{last.en}: the same days, the same amounts. An account that is connected twice would put each line into "
            "the books twice. To go on with this connection, leave the account out in the other one, then answer "
            "“Two accounts”.",
        )
        left_out = Text(
            "ses lignes viennent par l’autre connexion et sont écartées ici",
            "its lines come by the other connection and are left out here",
        )
        readings = (
            Reading(SAME, Text("Un seul compte", "The same account"), (left_out,)),
            Reading(
                SEPARATE,
                Text("Deux comptes", "Two accounts"),
                (Text("ses lignes viennent par cette connexion", "its lines come by this connection"),),
            ),
        )
        return _asked(away.question_key(key), text, readings, file, so)

    def _called(self, key: str, number: str, file: str) -> Text:
        if name := self._names.get(key, ""):
            return Text(f"« {name} »", f"“{name}”")
        if not key.startswith(UNNAMED) and number:
            return Text(f"le compte {number}", f"the account {number}")
        called = file[:_NAME_CHARS_MAX]
        return Text(f"le compte de « {called} »", f"the account of “{called}”")


def _pair(key: str, other: str) -> tuple[str, str]:
    return (min(key, other), max(key, other))


def _asked(key: str, text: Text, readings: tuple[Reading, ...], file: str, so: Alike) -> Question:
    """Return the question whether two accounts are one, about all that they have in common."""
    return Question(
        key,
        "bankfeed.same_account",
        text,
        (SAME, SEPARATE),
        1,
        so.last,
        readings=readings,
        examples=(file[:_NAME_CHARS_MAX],),
    )
