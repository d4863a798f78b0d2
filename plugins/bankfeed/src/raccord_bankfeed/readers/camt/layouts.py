"""How a message lays out its entries, learnt from the first ones, so that most of the others are one match.

What a layout matches, whole, is well-formed by construction: its tags in their order, and texts without markup,
references or characters that XML forbids. Anything else goes through the parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import add

from raccord_bankfeed.readers.camt.entry import Entry
from raccord_bankfeed.readers.runs import LAYOUTS_MAX, RowLayout, Run

CLOSING = "</Ntry>"
TAGS_MAX = 200

_TAG = re.compile(r'<(/?)([A-Za-z][A-Za-z0-9]{0,40})( Ccy="[A-Z]{3}")?>([^<]*+)')
_BLANKS = r"[ \t\r\n]*+"
_TEXT = r"[^<&\]\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff\U00010000-\U0010ffff]*+"
_AMOUNT = r"[0-9.]{1,40}"
_TWO_BYTES = re.compile(r"[\x80-\u07ff]")
_THREE_BYTES = re.compile(r"[\u0800-\uffff]")
_TO_BLANKS = bytes(byte if byte in b"\r\n" or byte > 127 else 32 for byte in range(256))


@dataclass(frozen=True, slots=True)
class Layout:
    """One order of tags in an entry; ``order`` says where what the pattern catches holds each of ``paths``."""

    rows: RowLayout
    paths: tuple[str, ...]
    order: tuple[int, ...]
    transactions: int

    def columns(self, run: Run) -> dict[str, tuple[str, ...]]:
        """Return what entries say, by path."""
        columns = run.columns()
        return {path: tuple(map(str.strip, columns[at])) for path, at in zip(self.paths, self.order, strict=True)}

    @staticmethod
    def offsets(run: Run, offset: int) -> Iterator[int]:
        """Yield at which byte each entry begins, and what follows the last; see :meth:`entries`."""
        rows = run.rows if run.text.isascii() else list(map(str.encode, run.rows))
        sizes = map(len(CLOSING).__add__, map(len, rows))
        return map(add, accumulate(sizes, initial=offset), map(str.index, run.rows, repeat("<")))

    def entries(self, run: Run, line: int, offset: int) -> Iterator[Entry]:
        """Yield entries, of which the first has its blanks before it at a line and a byte of the file."""
        for text, caught in zip(run.rows, run.caught, strict=True):
            begins = text.index("<")
            values = tuple([caught[at].strip() for at in self.order])
            leaves = dict(zip(self.paths, values, strict=True))
            if "" in values:
                leaves = {path: value for path, value in leaves.items() if value}
            yield Entry(line + lines_in(text[:begins]), offset + begins, leaves, self.transactions)
            line += lines_in(text)
            offset += (len(text) if text.isascii() else len(text.encode())) + len(CLOSING)


def learn(known: list[Layout], row: str, *, light: bool) -> None:
    """Know the layout of an entry, up to its closing tag, where every path in it comes once.

    ``light`` layouts catch nothing of the entry's details.
    """
    tags = _TAG.findall(row)
    if len(known) >= LAYOUTS_MAX or not 0 < len(tags) <= TAGS_MAX or tags[0][1] != "Ntry":
        return
    stack: list[str] = []
    parts, caught = [_BLANKS], list[str]()
    seen: set[str] = set()
    for (closes, name, currency, _), (closing_next, *_) in zip(tags, [*tags[1:], ("/",)], strict=True):
        if closes:
            if not stack or stack.pop() != name:
                return
            parts.append(f"</{name}>{_BLANKS}")
            continue
        stack.append(name)
        path = "/".join(stack[1:])
        parts.append(f"<{name}")
        if not closing_next:
            parts.append(f">{_BLANKS}")
            continue
        if path in seen or bool(currency) is not (name == "Amt"):
            return
        seen.add(path)
        catch = "" if light and path.startswith("NtryDtls/") else "("
        end = catch and ")"
        if currency:
            parts.append(f' Ccy="{catch}[A-Z]{{3}}{end}"')
        parts.append(f">{catch}{_AMOUNT if currency else _TEXT}{end}")
        if catch:
            caught += [f"{path}@Ccy", path] if currency else [path]
    pattern = "".join(parts)
    if stack != ["Ntry"] or len(caught) < 2 or any(layout.rows.pattern == pattern for layout in known):
        return
    paths = tuple(each for path in caught if not path.endswith("@Ccy") for each in _with_currency(path, caught))
    known.append(
        Layout(
            RowLayout(pattern, CLOSING),
            paths,
            tuple(map(caught.index, paths)),
            sum(tag[1] == "TxDtls" and not tag[0] for tag in tags),
        )
    )


def _with_currency(path: str, caught: Sequence[str]) -> tuple[str, ...]:
    currency = f"{path}@Ccy"
    return (path, currency) if currency in caught else (path,)


def lines_in(text: str) -> int:
    """Return how many line ends a text holds, as XML counts them."""
    found = text.count("\n")
    return found + text.count("\r") - text.count("\r\n") if "\r" in text else found


def blanks_for(text: str) -> bytes:
    """Return blanks for a text, as many bytes and characters on as many lines, so that a parser counts on."""
    if not text.isascii():
        text = _THREE_BYTES.sub("\u2003", _TWO_BYTES.sub("\u00a0", text))
    return text.encode().translate(_TO_BLANKS)
