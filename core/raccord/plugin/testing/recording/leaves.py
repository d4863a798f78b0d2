"""Where the values stand in a text: JSON, XML and OFX, tables, forms, addresses, and lines of nothing known."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, quote_plus, unquote, unquote_plus


class Form(StrEnum):
    """How a value is written where it stands."""

    JSON = "json"
    NUMBER = "number"
    XML = "xml"
    CELL = "cell"
    FORM = "form"
    PART = "part"
    """A part of an address's path."""
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value in a text, the key it stands under, and the key that one stands under (empty where there is none)."""

    start: int
    end: int
    form: Form
    value: str
    key: str = ""
    above: str = ""


_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s"{}\[\],:]+')
_TAG = re.compile(r"<([A-Za-z_][\w.:-]*)((?:\s[^<>]*)?)>([^<]*)")
_ATTRIBUTE = re.compile(r'([A-Za-z_][\w.:-]*)\s*=\s*"([^"<]*)"')
_PARTS = re.compile(r"(?<=/)[^/?#&=\s]+")
_PAIR = re.compile(r"([^&=?#\s]+)=([^&#\s]*)")
_DELIMITERS = "|,;\t"
ADDRESS = re.compile(r"https?://[^\s\"'<>]+")


def leaves(text: str, kind: str = "") -> list[Leaf]:
    """Return the values of a text in their order; ``kind`` is its content type, where known."""
    start = text.lstrip("\ufeff \t\r\n")
    if start[:1] in ("{", "[") and _is_json(start):
        return list(_of_json(text))
    if "form-urlencoded" in kind:
        return list(_of_pairs(text, 0))
    if _TAG.search(text[:4000]):
        return list(_of_tags(text))
    delimiter = _delimiter(start)
    if delimiter:
        return list(_of_table(text, delimiter))
    return [
        Leaf(found.start(), found.end(), Form.PLAIN, found.group()) for found in re.finditer(r"[^\r\n]+", text)
    ]  # fmt: skip


def leaves_of_address(url: str) -> list[Leaf]:
    """Return the parts of an address's path and the values of its query."""
    after = url.find("://") + 3
    path_at = url.find("/", after)
    query_at = url.find("?")
    found: list[Leaf] = []
    if path_at >= 0:
        parts = _PARTS.finditer(url, path_at, query_at if query_at >= 0 else len(url))
        found += [Leaf(part.start(), part.end(), Form.PART, unquote(part.group())) for part in parts]
    return [*found, *(_of_pairs(url, query_at + 1) if query_at >= 0 else ())]


def rewritten(text: str, found: list[Leaf], say: Callable[[Leaf], str]) -> str:
    """Return the text with each value that ``say`` answers otherwise written anew; everything else keeps its bytes."""
    parts: list[str] = []
    at = 0
    for leaf in found:
        new = say(leaf)
        if new != leaf.value:
            parts += [text[at : leaf.start], _written(leaf, new)]
            at = leaf.end
    return "".join([*parts, text[at:]])


def indented(text: str) -> str:
    """Return a JSON text over lines, to be read and compared; its values keep their bytes."""
    parts: list[str] = []
    depth = 0
    words = _TOKEN.findall(text)
    for place, word in enumerate(words):
        if word in "]}":
            depth -= 1
            if place and words[place - 1] not in ("[", "{"):
                parts.append("\n" + " " * depth)
        parts.append(word)
        if word in "[{":
            depth += 1
            if words[place + 1 : place + 2] not in (["]"], ["}"]):
                parts.append("\n" + " " * depth)
        elif word == ",":
            parts.append("\n" + " " * depth)
        elif word == ":":
            parts.append(" ")
    return "".join(parts)


def is_whole_json(text: str) -> bool:
    """Tell whether a text is one JSON value made of others."""
    if text[:1] not in ("{", "["):
        return False
    try:
        json.loads(text, parse_float=str)
    except ValueError:
        return False
    return True


def _is_json(start: str) -> bool:
    return is_whole_json(start) or is_whole_json(start.partition("\n")[0].strip())


def _of_json(text: str) -> Iterator[Leaf]:
    names: list[str | None] = []
    """The name under which each open object or list stands; nothing for what is in a list is that of the list."""
    objects: list[bool] = []
    key, naming = "", False
    for token in _TOKEN.finditer(text):
        word = token.group()
        if word in "{[":
            names.append(key)
            objects.append(word == "{")
            naming = word == "{"
        elif word in "}]":
            if names:
                key = names.pop() or ""
                objects.pop()
            naming = False
        elif word == ",":
            naming = bool(objects) and objects[-1]
        elif word == ":":
            naming = False
        elif word.startswith('"') and naming:
            key = str(json.loads(word, strict=False, parse_float=str))
            # Some sources name what they hold by an address or an account.
            yield Leaf(token.start(), token.end(), Form.JSON, key)
        else:
            above = (names[-1] or "") if names else ""
            if word.startswith('"'):
                yield Leaf(
                    token.start(),
                    token.end(),
                    Form.JSON,
                    str(json.loads(word, strict=False, parse_float=str)),
                    key,
                    above,
                )
            elif word not in ("true", "false", "null"):
                yield Leaf(token.start(), token.end(), Form.NUMBER, word, key, above)


def _of_tags(text: str) -> Iterator[Leaf]:
    for tag in _TAG.finditer(text):
        for pair in _ATTRIBUTE.finditer(text, tag.start(2), tag.end(2)):
            if not pair.group(1).startswith("xmlns"):
                yield Leaf(pair.start(2), pair.end(2), Form.XML, html.unescape(pair.group(2)), pair.group(1))
        value = tag.group(3).rstrip()
        lead = len(value) - len(value.lstrip())
        if value.strip():
            start = tag.start(3) + lead
            yield Leaf(start, tag.start(3) + len(value), Form.XML, html.unescape(value.strip()), tag.group(1))


def _of_pairs(text: str, start: int) -> Iterator[Leaf]:
    for pair in _PAIR.finditer(text, start):
        yield Leaf(pair.start(2), pair.end(2), Form.FORM, unquote_plus(pair.group(2)), unquote_plus(pair.group(1)))


def _delimiter(start: str) -> str:
    first = start.partition("\n")[0]
    counted = max(_DELIMITERS, key=first.count)
    return counted if first.count(counted) >= 2 else ""


def _of_table(text: str, delimiter: str) -> Iterator[Leaf]:
    cell = re.compile(rf'("(?:[^"]|"")*"|[^\r\n{re.escape(delimiter)}]*)({re.escape(delimiter)}|\r\n|\n|\r|\Z)')
    header: list[str] | None = None
    row: list[Leaf] = []
    for found in cell.finditer(text):
        word = found.group(1).removeprefix("\ufeff")
        quoted = len(word) > 1 and word.startswith('"')
        key = header[len(row)] if header is not None and len(row) < len(header) else ""
        value = word[1:-1].replace('""', '"') if quoted else word
        row.append(Leaf(found.end(1) - len(word), found.end(1), Form.CELL, value, key))
        if found.group(2) != delimiter:
            if header is None:
                header = [each.value for each in row] if all(_is_title(each.value) for each in row) else []
                yield from () if header else row
            else:
                yield from row
            row = []


def _is_title(text: str) -> bool:
    return bool(text) and text[0].isalpha() and sum(each.isdigit() for each in text) < 3


def _written(leaf: Leaf, value: str) -> str:
    match leaf.form:
        case Form.JSON:
            return json.dumps(value, ensure_ascii=False)
        case Form.NUMBER:
            # A JSON number has no leading zeros: what stands for one becomes a text.
            return json.dumps(value)
        case Form.XML:
            return html.escape(value, quote=True)
        case Form.CELL:
            return '"' + value.replace('"', '""') + '"' if set(value) & set('",;|\t\r\n') else value
        case Form.FORM:
            return quote_plus(value)
        case Form.PART:
            return quote(value, safe="")
        case Form.PLAIN:
            return value
