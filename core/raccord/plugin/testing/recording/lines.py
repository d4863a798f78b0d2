"""Where the values stand in bank files whose lines name nothing: MT940 and MT942, BAI2, QIF."""

from __future__ import annotations

import re
from collections.abc import Iterator

from raccord.plugin.testing.recording.leaves import Form, Leaf

_SWIFT_MOVE = re.compile(r":61:\d{6,10}[A-Z]{1,3}[\d,.]+[A-Z][A-Z0-9]{3}([^\r\n/]*)(?://([^\r\n]*))?")
_MARK = re.compile(r"\?\d\d|/[A-Z]{2,4}/")
_BAI_DATES = {"V": 2, "S": 3}
_QIF_KEYS = {"P": "payee", "M": "memo", "A": "address"}
_NUMBER_DIGITS = 6


def leaves_of_lines(text: str) -> list[Leaf] | None:
    """Return the values of such a file; nothing where it is none."""
    start = text.lstrip("\ufeff \t\r\n")
    if re.search(r"^:(?:20|25|28C?):", start, re.MULTILINE):
        return list(_swift(text))
    if start.startswith("01,") and re.search(r"^0[23],", start, re.MULTILINE):
        return list(_bai(text))
    return list(_qif(text)) if re.match(r"![A-Za-z]+", start) else None


def _swift(text: str) -> Iterator[Leaf]:
    field = ""
    for line in re.finditer(r"[^\r\n]+", text):
        tag = re.match(r":(\d\d[A-Z]?):", line.group())
        field = tag.group(1) if tag else field
        begin = line.start() + (tag.end() if tag else 0)
        if field == "25":
            yield _leaf(text, begin, line.end(), "acctid")
        elif field == "61" and tag:
            move = _SWIFT_MOVE.match(text, line.start())
            for group in (1, 2):
                said = move.group(group) if move else None
                if move and said and sum(each.isdigit() for each in said) >= _NUMBER_DIGITS:
                    yield _leaf(text, move.start(group), move.end(group), "acctid")
        elif field in ("61", "86"):
            yield from _pieces(text, begin, line.end())
        else:
            yield _leaf(text, begin, line.end(), "")


def _pieces(text: str, begin: int, end: int) -> Iterator[Leaf]:
    """Yield a line of a purpose, by its marks (``?20``, ``/REMI/``) where it has some."""
    at = begin
    for mark in _MARK.finditer(text, begin, end):
        yield from [_leaf(text, at, mark.start(), "memo")] if mark.start() > at else ()
        at = mark.end()
    if end > at:
        yield _leaf(text, at, end, "memo")


def _bai(text: str) -> Iterator[Leaf]:
    of = ""
    for line in re.finditer(r"[^\r\n]+", text):
        code, _, rest = line.group().partition(",")
        begin = line.start() + len(code) + 1
        of = of if code == "88" else code
        end = begin + len(rest.rstrip().removesuffix("/").rstrip())
        match code:
            case "03":
                yield _leaf(text, begin, begin + len(rest.partition(",")[0]), "acctid")
            case "16":
                yield _leaf(text, min(begin + _text_at(rest), end), end, "memo")
            case "88" if of == "16":
                yield _leaf(text, begin, end, "memo")


def _text_at(rest: str) -> int:
    """Return where the text of a transaction begins, after its type, amount, funds and two references."""
    fields = rest.split(",")
    funds = fields[2] if len(fields) > 2 else ""
    skipped = 3 + _BAI_DATES.get(funds, 0) + 2
    if funds == "D" and len(fields) > 3 and fields[3].isdigit():
        skipped += 1 + 2 * int(fields[3])
    return sum(len(each) + 1 for each in fields[:skipped])


def _qif(text: str) -> Iterator[Leaf]:
    section = ""
    for line in re.finditer(r"[^\r\n]+", text):
        word = line.group()
        if word.startswith("!"):
            section = word
        key = "payee" if section == "!Account" and word.startswith("N") else _QIF_KEYS.get(word[:1], "")
        yield _leaf(text, line.start() + (1 if key else 0), line.end(), key)


def _leaf(text: str, start: int, end: int, key: str) -> Leaf:
    value = text[start:end]
    lead = len(value) - len(value.lstrip())
    value = value.strip()
    return Leaf(start + lead, start + lead + len(value), Form.PLAIN, value, key)
