"""The numbers and balances of an account's statements: what is missing between two of them is told until it comes.

Files arrive in any order, so one record for each account keeps what its statements said of themselves. Whenever it
grows, neighbours are compared anew: a number, or a page, that nobody sent, and a closing balance that is not the next
opening one. A gap is a question; a statement that fills it takes the question back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import pairwise

from raccord.plugin import JSON, Record
from raccord_bankfeed.readers.contract import Numbered, Statement
from raccord_bankfeed.readers.questions import digest, french
from raccord_bankfeed.readers.told import ACCEPT

SERIES = "series"
FILLED = "filled"
KEPT_MAX = 1000
"""Statements of one account that are remembered, the newest."""
_NUMBERS = ("electronic", "legal")


@dataclass(frozen=True, slots=True, order=True)
class _Kept:
    """One statement: its days, numbers (empty where it has none) and balances (empty likewise)."""

    ends: str
    electronic: str
    legal: str
    page: str
    starts: str = ""
    opening: str = ""
    closing: str = ""

    @property
    def order(self) -> tuple[str, int, int, int]:
        """Return by what neighbours are found."""
        return (self.ends, int(self.electronic or 0), int(self.legal or 0), int(self.page or 0))

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Return what makes a statement the same, sent twice."""
        return (self.ends, self.electronic, self.legal, self.page)

    @property
    def called(self) -> str:
        """Return number and last day, as people are told them."""
        number = self.electronic or self.legal
        return f"n° {number} ({self.ends})" if number else self.ends


@dataclass(slots=True)
class Series:
    """What a file's statements said of themselves, by account and currency."""

    found: dict[tuple[str, str], list[_Kept]] = field(default_factory=dict)

    def add(self, statement: Statement) -> None:
        """Take a statement into account, if it is one of a series: booked, with its last day."""
        numbered, ends = statement.numbered, statement.ends
        if ends is None and statement.ledger is not None:
            ends = statement.ledger.day
        if numbered is None or ends is None:
            return
        opening, closing = statement.opening, statement.ledger
        kept = _Kept(
            ends.isoformat(), *_numbers(numbered), statement.starts.isoformat() if statement.starts else "",
            "" if opening is None else format(opening.amount, "f"),
            "" if closing is None else format(closing.amount, "f"),
        )  # fmt: skip
        self.found.setdefault((statement.account.key, statement.currency), []).append(kept)

    def records(
        self, stream: str, earlier: Mapping[tuple[str, str], Mapping[str, JSON] | None], day: date
    ) -> list[Record]:
        """Return the series that grew, the gaps in them, and those that are filled."""
        records = []
        for place, some in sorted(self.found.items()):
            before = earlier.get(place) or {}
            known = {each.place: each for each in (*_read(before.get(SERIES)), *some)}
            entries = sorted(known.values(), key=lambda each: each.order)[-KEPT_MAX:]
            gaps = dict(_gaps(place[0], entries))
            was = before.get("gaps")
            filled = [str(each) for each in was if str(each) not in gaps] if isinstance(was, list | tuple) else []
            last = max(day, date.fromisoformat(entries[-1].ends))
            raw: dict[str, JSON] = {
                SERIES: [[*each.place, each.starts, each.opening, each.closing] for each in entries],
                "account": place[0],
                "gaps": list(gaps),
            }
            records += [Record(stream, f"question/{key}", last, {"question": key, FILLED: True}) for key in filled]
            records += [Record(stream, f"question/{key}", last, asked) for key, asked in gaps.items()]
            # The last one: once it is kept, what it filled is not told any more.
            records.append(Record(stream, id_of(place), last, raw))
        return records


def id_of(place: tuple[str, str]) -> str:
    """Return the id of the record that keeps an account's series."""
    return f"series/{place[0]}/{place[1]}"


def _numbers(numbered: Numbered) -> tuple[str, str, str]:
    legal, electronic = ("" if each is None else str(each) for each in (numbered.legal, numbered.electronic))
    return electronic, legal, str(numbered.page)


def _read(said: JSON) -> Iterator[_Kept]:
    for each in said if isinstance(said, list | tuple) else ():
        if isinstance(each, list | tuple):
            yield _Kept(*map(str, each))


def _gaps(account: str, entries: Sequence[_Kept]) -> Iterator[tuple[str, dict[str, JSON]]]:
    for one, other in pairwise(entries):
        missing = next(filter(None, (_missing(name, one, other) for name in _NUMBERS)), "")
        known = bool(one.closing and other.opening)
        follows = known and Decimal(one.closing) == Decimal(other.opening)
        apart = not other.starts or other.starts >= one.ends
        if missing or (known and not follows and apart):
            key = f"gap-{digest(account, *one.place, *other.place)}"
            yield key, _told(key, account, (one, other), missing, follows=follows if known else None)


def _missing(name: str, one: _Kept, other: _Kept) -> str:
    """Return the numbers, or pages, that are missing between two neighbours; a new year begins with 1 again."""
    if not (getattr(one, name) and getattr(other, name)):
        return ""
    first, second, page, following = int(getattr(one, name)), int(getattr(other, name)), int(one.page), int(other.page)
    if second == first:
        return _span(page + 1, following - 1, f"{second}/")
    if second < first:
        return _span(1, second - 1, "") if one.ends[:4] != other.ends[:4] else ""
    return _span(first + 1, second - 1, "") or _span(1, following - 1, f"{second}/")


def _span(first: int, last: int, before: str) -> str:
    if last < first:
        return ""
    return f"{before}{first}" if first == last else f"{before}{first}–{before}{last}"


def _told(key: str, account: str, pair: tuple[_Kept, _Kept], missing: str, *, follows: bool | None) -> dict[str, JSON]:
    one, other = pair
    fr = f"entre le relevé {one.called} et le relevé {other.called} du compte {account}"
    en = f"between statement {one.called} and statement {other.called} of account {account}"
    fr = f"Il manque {missing} {fr}." if missing else f"Un relevé manque peut-être {fr}."
    en = f"Missing {en}: {missing}." if missing else f"A statement may be missing {en}."
    if follows is False:
        fr += f" Le premier finit à {french(one.closing)}, le second commence à {french(other.opening)}."
        en += f" The first one ends with {one.closing}, the second one begins with {other.opening}."
    elif follows:
        fr += " Les soldes se suivent : il n’y a sans doute pas eu d’opération."
        en += " The balances follow: there were probably no transactions."
    fr += (
        " Téléchargez le relevé manquant : la question se ferme seule. S’il n’existe pas, répondez dans les réglages, "
        f"sous « Réponses », par une ligne : {key} = {ACCEPT}"
    )
    en += (
        " Download the missing statement: the question closes by itself. If there is none, answer in the settings, "
        f"under “Answers”, with a line: {key} = {ACCEPT}"
    )
    return {"question": key, "code": "bankfeed.statement_missing", "fr": fr, "en": en, "answers": [ACCEPT], "file": ""}
