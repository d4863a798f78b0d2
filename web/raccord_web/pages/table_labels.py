"""The label of each cell of a table that becomes a list on narrow screens: its column's heading, for the style to show.

The heading row itself is not to be seen there. What names the row (``l-1``) needs no label, nor does a cell whose
heading is only spoken, such as one of buttons.
"""

from __future__ import annotations

import re

_TABLE = re.compile(r'<table class="[^"]*\bto-list\b.*?</table>', re.DOTALL)
_HEAD = re.compile(r"<thead.*?</thead>", re.DOTALL)
_HEADING = re.compile(r"<th\b([^>]*)>(.*?)</th>", re.DOTALL)
_SPOKEN = re.compile(r'<span class="sr">.*?</span>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<(td|th)\b([^>]*)>")
_SPAN = re.compile(r'\bcolspan="(\d+)"')


def labelled(page: str) -> str:
    """Return a page whose tables say in each cell what its column is called."""
    return _TABLE.sub(lambda found: _table(found[0]), page)


def _table(table: str) -> str:
    head = _HEAD.search(table)
    if head is None:
        return table
    headings: list[str] = []
    for attributes, inside in _HEADING.findall(head[0]):
        # Of markup, only entities are left: they are as safe in an attribute.
        words = " ".join(_TAG.sub(" ", _SPOKEN.sub("", inside)).split()).replace('"', "&#34;")
        headings += [words, *[""] * (_width(attributes) - 1)]
    return table[: head.end()] + _ROW.sub(lambda row: _row(row[0], headings), table[head.end() :])


def _row(row: str, headings: list[str]) -> str:
    at = 0

    def cell(found: re.Match[str]) -> str:
        nonlocal at
        name, attributes = found[1], found[2]
        words, wide = headings[at] if at < len(headings) else "", _width(attributes)
        at += wide
        if not words or wide > 1 or "l-1" in attributes or "data-label" in attributes:
            return found[0]
        return f'<{name}{attributes} data-label="{words}">'

    return _CELL.sub(cell, row)


def _width(attributes: str) -> int:
    found = _SPAN.search(attributes)
    return int(found[1]) if found else 1
