"""JSON laid out for people, its numbers left as they were written."""

from __future__ import annotations

import json
import re

MARK = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"\[\]{},:]+|[\[\]{},:]')
STEP = "  "


def indented(text: str) -> str:
    """Return JSON with one member a line; a text that is no JSON comes back as it is."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text
    parts: list[str] = []
    depth = 0
    before = ""
    for mark in MARK.findall(text):
        empty = before in ("{", "[") and mark in ("}", "]")
        if mark in ("}", "]"):
            depth -= 1
            parts.append("" if empty else f"\n{STEP * depth}")
        elif before in ("{", "[", ","):
            parts.append(f"\n{STEP * depth}")
        parts.append(": " if mark == ":" else mark)
        depth += mark in ("{", "[")
        before = mark
    return "".join(parts)
