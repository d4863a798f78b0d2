"""Which account a file is of that names none: of several at one bank, whose files are laid out alike, or of one.

The first file of a layout begins an account. One that comes later is of it, or of another such account, where it shows:

* *lines in common*: at least two, and no day that both cover whole with other amounts, or after which they held
  other sums (two quiet accounts have the same fees);
* *balances*: it begins with what the account held at the end of the file before, or ends with what it held at the
  beginning of the one after;
* *a person's word* of this file, or of all that bear such a name, as long as no line and no balance contradicts it and
  no file of another account bears such a name.

Else it is asked, with what each account's files say, and the lines wait. ``one_account.py`` asks whether such an
account is one that files of another format are of, and whether two accounts that files name otherwise are one. A file
that comes once ``LINES_MAX`` lines are compared is still held against those, and no later one against it. What is found
depends on the files and on what people said alone, so it is the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from raccord.plugin import JSON, FileBox, SourceFile
from raccord_bankfeed.chained import Chains
from raccord_bankfeed.elsewhere import AskBeside, Away, accounts_away
from raccord_bankfeed.identity import Taken
from raccord_bankfeed.one_account import Accounts
from raccord_bankfeed.pairing import Entry
from raccord_bankfeed.placing_texts import which_account
from raccord_bankfeed.readers.account import UNNAMED, group_of, is_unnamed
from raccord_bankfeed.readers.contract import Question
from raccord_bankfeed.readers.qif.reader import QifReader
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import ACCOUNT_WORDS, Known
from raccord_bankfeed.seen_files import LINES_MAX, FileLines, Nameless, files_before, files_seen, name_pattern
from raccord_bankfeed.slots import Compared, Slot

Kept = Callable[[str], Mapping[str, JSON] | None]
"""What was kept of a line, by its id."""
_LOOKED_AT_MAX = 5
"""Of a statement so many lines are looked for among those that were kept."""
_FORMER_MAX = 6
"""So many accounts are looked through for those that a file was of before."""
_SMALL_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """The keys of accounts in place of those that a file gives them, and what is asked about those not sure."""

    keys: Mapping[str, str] = field(default_factory=dict)
    asked: tuple[Question, ...] = ()
    said: tuple[Question, ...] = ()
    """What a person said of them; what counts for all files of a name stands with the first of them."""
    were: Mapping[str, str] = field(default_factory=dict)
    """Of accounts that were found to be others of another format: which ones their files of before are of."""


def _may_be_nameless(road: str) -> bool:
    return road.startswith("csv") or road == QifReader.__name__


class Places:
    """Places the files of a connection one after the other."""

    def __init__(
        self,
        files: FileBox,
        known: Known,
        said: str,
        names: Mapping[str, str],
        beside: AskBeside | None = None,
        until: int = 0,
        kept: Kept = lambda _: None,
    ) -> None:
        self._kept = kept
        self._files, self._known, self._said, self._names = files, known, said, names
        self._beside_us = beside
        self._reached = 0
        self._placing = False
        self._found: dict[int, Place] = {}
        self._first: dict[str, SourceFile] = {}
        self._loaded: set[str] = set()
        self._slots: dict[str, list[Slot]] = {}
        self._named: dict[tuple[str, str], set[int]] = {}
        """By account and form of a file's name, of which of the accounts such files are."""
        self._recalled: set[str] = set()
        self._lines = 0
        self._beyond: dict[int, SourceFile] = {}
        """Files that came after so many lines that none is compared with them; each is read if it is asked for."""
        self._accounts = Accounts(known.answers, names)
        self._roads: set[str] = set()
        self._roads_unnamed: set[str] = set()
        """Of formats that number accounts, those with a statement that numbers none."""
        self._unread: list[SourceFile] = []
        """Files whose lines are held against those of other accounts once there may be one account under two names."""
        self._size = self._spanned = 0
        self._beside: dict[str, set[str]] = {}
        """By account the others that a file has beside it: its bank says that they are several."""
        self._apart = False
        """Whether there are accounts of which no file says that."""
        self._ended: list[Away] = []
        self._chains = Chains(files, known, said, names, self._keys_of, until)

    def of(self, number: int) -> Place:
        """Return the place of a file, by its number among those that arrived."""
        self._look_beside(number)
        while self._reached < number:
            source = self._files.after(self._reached)
            if source is None or source.number > number:
                break
            self._reached = source.number
            self._placing = True
            self._next(source)
            self._placing = False
        if (source := self._beyond.pop(number, None)) is not None:
            self._found[number] = self._with_others(source, self._decide(source), compared=False)
        return self._found.get(number, Place())

    def lines(self, source: SourceFile, file: FileLines) -> FileLines:
        """Return a file's lines with the ids that they have beside those of the files before."""
        taken = self._chains.taken(source)
        return files_seen.of(source, self._known, self._said, self._names, taken) if taken else file

    def _keys_of(self, number: int) -> Mapping[str, str]:
        """Return the keys of a file's accounts; of one that is in view ahead, as the file has them."""
        return self.of(number).keys if number <= self._reached or not self._placing else {}

    def torn(self, source: SourceFile) -> int:
        """Return the first earlier file that is to be read again, as this one shows that lines of it are others."""
        return self._chains.torn(source)

    def taken(self, source: SourceFile) -> Taken:
        """Return which numbers of equal lines a file's lines may not have."""
        return self._chains.taken(source)

    def _look_beside(self, number: int) -> None:
        """Take in, once, what other connections told of the days of the files up to one."""
        ask, self._beside_us = self._beside_us, None
        if ask is None:
            return
        first, last, lines = date.max, date.min, 0
        for source in files_before(self._files, number + 1):
            span = files_seen.span(source, self._known, self._said)
            if span is not None:
                first, last, lines = min(first, span.first), max(last, span.last), lines + span.lines
            if lines > LINES_MAX:
                break
        for away in accounts_away(ask, first, last) if lines else ():
            if away.ended:
                self._ended.append(away)
            else:
                self._accounts.hold(away)
                self._apart = True

    def ended(self, number: int) -> Sequence[Away]:
        """Return the accounts of other connections that bring nothing any more, with what they posted around the days
        of the files up to one.
        """
        self._look_beside(number)
        return self._ended

    def _next(self, source: SourceFile) -> None:
        road = files_seen.road(source)
        self._roads.add(road)
        if _may_be_nameless(road):
            look = road not in self._first and (source.size <= _SMALL_BYTES or self._several_in(source))
            self._among_nameless(source, road, look=look)
        elif self._unnamed_in(source):
            self._roads_unnamed.add(road)
            self._among_nameless(source, UNNAMED, look=True)
        if source.number in self._beyond:
            return
        self._unread.append(source)
        self._apart = self._apart or self._of_another(source)
        nameless = self._roads_unnamed or any(map(_may_be_nameless, self._roads))
        if self._apart or (len(self._roads) > 1 and nameless):
            for each in self._unread:
                place = self._with_others(each, self._found.get(each.number, Place()), compared=self._size <= LINES_MAX)
                if place != Place():
                    self._found[each.number] = place
            self._unread.clear()

    def _unnamed_in(self, source: SourceFile) -> bool:
        """Tell whether a statement of a file numbers no account, of a format that does."""
        span = files_seen.span(source, self._known, self._said)
        return span is not None and any(map(is_unnamed, span.accounts))

    def _several_in(self, source: SourceFile) -> bool:
        """Tell whether the rows of a table are of several accounts that are looked for among one another."""
        span = files_seen.span(source, self._known, self._said)
        return span is not None and any(group_of(key) != key for key in span.accounts)

    def _of_another(self, source: SourceFile) -> bool:
        """Tell whether a file is of an account that no file has beside one of those before."""
        if self._spanned > LINES_MAX or (span := files_seen.span(source, self._known, self._said)) is None:
            return False
        self._spanned += span.lines
        for key in span.accounts:
            self._beside.setdefault(key, set()).update(span.accounts)
        # An account without a name is looked for among those of its format, and in other formats.
        named = {key for key in self._beside if not key.startswith(UNNAMED)}
        return any(not named <= self._beside[key] for key in span.accounts & named)

    def _with_others(self, source: SourceFile, place: Place, *, compared: bool) -> Place:
        """Return the place of a file with what the files of other formats tell of its accounts."""
        if place.asked:
            return place
        file = files_seen.of(source, self._known, self._said, self._names)
        self._size += len(file.entries) if compared else 0
        lines: dict[str, list[Entry]] = {key: [] for key in file.accounts}
        for entry in file.entries if compared and not file.open else ():
            lines.setdefault(entry.id.partition("/")[0], []).append(entry)
        keys, asked, said = dict(place.keys), [], [*place.said]
        were: dict[str, str] = {}
        self._accounts.several([keys.get(key, key) for key in file.accounts])
        for key, account in file.accounts.items():
            under = keys.get(key, key)
            if lines[key]:
                answered = self._accounts.take(under, account.masked, file.road, source.name, lines[key])
                said += () if answered is None else (answered,)
            if (question := self._accounts.asked(under)) is not None:
                asked.append(question)
            elif (now := self._accounts.of(under)) != under:
                keys[key], were[key] = now, under
        return Place(keys, tuple(asked), tuple(said), were)

    def _among_nameless(self, source: SourceFile, road: str, *, look: bool) -> None:
        """Place a file of a format that may name no account among the others that are laid out like it; ``look`` tells
        that the first of them is looked at, too: there may have been one before it.
        """
        if road not in self._first:
            self._first[road] = source
            if not look:
                # Alone of its kind it is compared with nothing, and a large one is not read for it.
                return
            self._loaded.add(road)
        if road not in self._loaded:
            self._loaded.add(road)
            self._decide(self._first[road])
        if self._lines > LINES_MAX:
            self._beyond[source.number] = source
        else:
            self._found[source.number] = self._decide(source)

    def _decide(self, source: SourceFile) -> Place:
        compared = self._lines <= LINES_MAX
        file = files_seen.of(source, self._known, self._said, self._names)
        self._lines += len(file.entries) if compared else 0
        keys: dict[str, str] = {}
        asked: list[Question] = []
        said: list[Question] = []
        for key, mine in file.nameless.items():
            unnamed, of = is_unnamed(key), group_of(key)
            if (file.open and not unnamed) or not mine.days:
                # It begins its account all the same: one that comes later is compared once this one can be.
                self._begin(of)
                keys |= {key: of} if key != of else {}
                continue
            slot, question = self._slot(source, of, key, mine)
            if slot is not None:
                keys[key] = slot.key
            if slot is not None and compared:
                slot.files.append((source.name, mine))
                self._named.setdefault((key, name_pattern(source.name)), set()).add(slot.number)
            (asked if slot is None else said).extend(() if question is None else (question,))
        return Place(keys, tuple(asked), tuple(said))

    def _slot(self, source: SourceFile, key: str, named: str, mine: Nameless) -> tuple[Slot | None, Question | None]:
        """Return the account that one of a file is, which has it under the key ``named``, and what was said of it; or
        nothing, and what is asked.
        """
        begun = self._begin(key)
        slots = self._slots[key]
        pattern = name_pattern(source.name)
        alike = f"place-{digest(named, pattern)}"
        own = f"{alike}-{source.sha256[:8]}"
        if begun:
            said = self._known.says(own, *ACCOUNT_WORDS)
            return self._at(key, ACCOUNT_WORDS.index(said) + 1 if said else self._was(key, mine)), None
        compared = {slot.number: slot.compare(mine) for slot in slots}

        def question(layout: str) -> Question:
            return which_account(own, layout, source.name, mine, list(slots), compared, self._names)

        if said := self._known.says(own, *ACCOUNT_WORDS):
            told = question("")
            return self._at(key, ACCOUNT_WORDS.index(said) + 1), told
        chained = [slot for slot in slots if compared[slot.number].chained]
        if len(chained) == 1:
            return chained[0], None
        tells = key == UNNAMED or mine.account.called != ""
        if tells and (found := self._as_it_was_read(slots, mine) or self._called_apart(slots, compared)):
            return found, None
        words = [word for word in ACCOUNT_WORDS if word in self._known.answers.get(alike, ())]
        remembered = ACCOUNT_WORDS.index(words[0]) + 1 if len(words) == 1 else 0
        of_that_name = self._named.get((named, pattern), set())
        called_so = [slot for slot in slots if compared[slot.number].called_so]
        if len(called_so) == 1 and remembered in (0, called_so[0].number):
            return called_so[0], None
        against = compared.get(remembered, Compared())
        contradicted = against.contradicts or against.other_form
        if remembered and of_that_name <= {remembered} and not contradicted:
            first = None if alike in self._recalled else question(alike)
            self._recalled.add(alike)
            return self._at(key, remembered), first
        # Where files of two accounts bear such names, an answer counts for one file alone.
        return None, question(alike if len(of_that_name) < 2 and not words else "")

    def _as_it_was_read(self, slots: Sequence[Slot], mine: Nameless) -> Slot | None:
        """Return the account as which a statement was read that numbers none: what is posted stays what it is.

        Earlier versions took all of a connection for one. Where its lines are of a file before, those tell.
        """
        ids = sorted(mine.ids)
        some = [ids[at * (len(ids) - 1) // (_LOOKED_AT_MAX - 1)] for at in range(_LOOKED_AT_MAX)]
        for slot in slots:
            before = {id_ for _, file in slot.files for id_ in file.ids}
            if any(id_ not in before and self._kept(f"{slot.key}/{id_}") is not None for id_ in dict.fromkeys(some)):
                return slot
        return None

    def _was(self, key: str, mine: Nameless) -> int:
        """Return which account of a key the first of its files was of before one that came first was taken back."""
        some = {id_: self._kept(f"{key}/{id_}") for id_ in (min(mine.ids), max(mine.ids))}
        if any(kept is not None for kept in some.values()):
            return 1
        numbers = range(2, _FORMER_MAX + 1)
        return next((each for each in numbers if any(self._kept(f"{key}-{each}/{id_}") for id_ in some)), 1)

    def _called_apart(self, slots: Sequence[Slot], compared: Mapping[int, Compared]) -> Slot | None:
        """Begin an account of a statement that says another bank, kind or currency than all before it and has no line
        of theirs, or of rows that say another number meanwhile: a card that is replaced gets another one, too.
        """
        key = slots[0].key
        found = [compared[slot.number] for slot in slots]
        apart = all(each.called_otherwise and not each.shared for each in found)
        free = max(slot.number for slot in slots) + 1
        known = key == UNNAMED or all(each.meanwhile for each in found)
        return self._at(key, free) if apart and known and free <= len(ACCOUNT_WORDS) else None

    def _begin(self, key: str) -> bool:
        """Begin the first account of a key; false where it is begun."""
        if key in self._slots:
            return False
        self._slots[key] = []
        self._at(key, 1)
        return True

    def _at(self, key: str, number: int) -> Slot:
        """Return one of the accounts of a key; its first bears that key itself."""
        slots = self._slots[key]
        found = next((slot for slot in slots if slot.number == number), None)
        if found is None:
            found = Slot(number, key if number == 1 else f"{key}-{number}")
            slots.append(found)
        return found


def placed_lines(file: FileLines, source: SourceFile, names: Mapping[str, str], places: Places) -> FileLines | None:
    """Return a file with the accounts it is of; nothing while a person is asked which."""
    place = places.of(source.number)
    if place.asked:
        return None
    lines = places.lines(source, file).under(place.keys, names)
    # What was told as another account comes by a road of its own, whatever its format: its ids may be others.
    return replace(lines, road=" ".join((lines.road, *sorted(place.were.values())))) if place.were else lines
