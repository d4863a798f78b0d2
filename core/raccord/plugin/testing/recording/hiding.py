"""Puts something made up in the place of secrets, people and account numbers: each value always by the same one."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus, unquote, urlsplit

from raccord.plugin.testing.recording.leaves import (
    ADDRESS,
    Form,
    Leaf,
    leaves,
    leaves_of_address,
    rewritten,
)
from raccord.plugin.testing.recording.lines import leaves_of_lines
from raccord.plugin.testing.recording.words import Kind, kind_of

SECRET_LENGTH_MIN = 6
"""Shorter ones cannot be told from what happens to look like them."""
_WITHIN_LENGTH_MIN = 4
_EMAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b")
_CARD = re.compile(
    r"(?<![\w.,-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\w-]|[.,]\d)"
)
_OPAQUE = re.compile(r"(?<![\w/+.=-])[A-Za-z0-9_+/.=-]{32,}(?![\w/+=-])")
_RUN = re.compile(r"[A-Za-z0-9_+]{20}")
"""What a made token has, and an id put together of numbers and dates has not."""
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_WORD = re.compile(r"\w+")
_FREE = re.compile(r"[\w@.-]+")
_NOTHING_TO_HIDE = re.compile(
    r"[-+]?[\d., ]{1,5}|[-+]?\d+[.,]\d+|\d{4}-\d\d-\d\d.*|[A-Z]{2,3}|(?i:true|false|null|none|yes|no|y|n)|"
)
_THIS_MACHINE = ("127.0.0.1", "::1", "localhost")
_MADE = re.compile(
    r"(?:redacted|name|text|account|redacted-file)-\d+|person-\d+@example\.com|host-\d+\.example\.com"
    r"|0{8}-0{4}-4000-8000-\d{12}|\W*(?:(?:[A-Z]{2}\d{2} ?)?9(?:\W*0){3,}(?:\W*\d){1,2}|9(?:\W*0){7,}(?:\W*\d){1,4})\W*"
)
"""What stands for something already; it stays, so that a recording of a recording is the same."""


@dataclass(slots=True)
class Disguise:
    """The values that a recording does not tell, and what stands for each.

    ``kept`` are words of the source that mean something to the connector, such as those of its term table.
    """

    kept: Collection[str] = ()
    table: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Those of them that must not be left anywhere, not even within something else, in the ways they may stand."""
    _starts: dict[str, list[str]] = field(default_factory=dict)
    """The values by the word that they begin with."""
    _numbers: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def see(self, text: str) -> None:
        """Note what occurs, so that nothing made up is like something real."""
        self._seen.update(found.strip(".-") for found in _FREE.findall(text))

    def learn(self, value: str, kind: Kind) -> None:
        """Take note of a value that is not to be told."""
        value = value.strip()
        if value in self.table or _MADE.fullmatch(value) or value in self.kept:
            return
        if ADDRESS.fullmatch(value):
            self._learn_address(value, kind)
        elif kind is Kind.SECRET:
            if len(value) >= SECRET_LENGTH_MIN:
                self._put(value, kind)
                self.secrets[value] = tuple(written_ways(value))
        elif not _NOTHING_TO_HIDE.fullmatch(value):
            self._put(value, kind)

    @staticmethod
    def is_made_up(value: str) -> bool:
        """Tell whether a value stands for something already."""
        return _MADE.fullmatch(value.strip()) is not None

    def learn_host(self, host: str) -> None:
        """Take note of a host that a person typed; this machine's own is nobody's."""
        if host and host not in _THIS_MACHINE and host not in self.table and not _MADE.fullmatch(host):
            self.table[host] = self._free("host-{}.example.com")
            self.secrets[host] = (host,)

    def learn_text(self, text: str, kind: str = "") -> None:
        """Take note of all in a text that is not to be told."""
        for leaf in _leaves(text, kind):
            self._learn_leaf(leaf)

    def learn_address(self, url: str) -> None:
        """Take note of the secrets in a request's address."""
        for leaf in leaves_of_address(url):
            self._learn_leaf(leaf)
        self._learn_user(url)

    def hide_text(self, text: str, kind: str = "") -> str:
        """Return a text with everything that was learned, and what is seen to be secret, written anew."""
        return self._without_secrets(rewritten(text, _leaves(text, kind), self._said))

    def hide_address(self, url: str) -> str:
        return self._without_secrets(rewritten(url, leaves_of_address(url), self._said))

    def hide_value(self, value: str) -> str:
        """Return one value as it is told, by itself and wherever it is known from."""
        return self._without_secrets(self._said(Leaf(0, len(value), Form.CELL, value)))

    def hide_file(self, digest: str) -> str:
        """Return what stands for content that is no text, the same for the same bytes."""
        if digest not in self.table:
            self.table[digest] = self._free("redacted-file-{}")
        return self.table[digest]

    def left_in(self, text: str) -> str:
        """Return a secret that still stands in a text, in whatever way it is written; nothing where there is none."""
        return next((secret for secret, ways in self.secrets.items() if any(way in text for way in ways)), "")

    def _learn_leaf(self, leaf: Leaf) -> None:
        kind = kind_of(leaf.key, leaf.above)
        if kind is not None and (leaf.form is not Form.NUMBER or kind in (Kind.ACCOUNT, Kind.SECRET)):
            if leaf.form is Form.NUMBER and len(leaf.value) < SECRET_LENGTH_MIN:
                return
            self.learn(leaf.value, kind)
        if leaf.form is Form.NUMBER or _MADE.fullmatch(leaf.value.strip()):
            return
        if ADDRESS.fullmatch(leaf.value):
            self.learn_address(leaf.value)
            return
        for found, what in _patterns(leaf.value):
            self.learn(found, what)
        for opaque in _opaque(leaf.value):
            # Not searched for within other words: there may be one for each record.
            if opaque not in self.table and not _MADE.fullmatch(opaque) and opaque not in self.kept:
                self._put(opaque, Kind.SECRET)

    def _learn_address(self, url: str, kind: Kind) -> None:
        """Take note of a secret address by its parts, so that what stands for it is an address still."""
        self._learn_user(url)
        if kind is Kind.SECRET:
            for leaf in leaves_of_address(url):
                if len(leaf.value) >= 8 or (leaf.form is Form.FORM and len(leaf.value) >= SECRET_LENGTH_MIN):
                    self.learn(leaf.value, kind)
        else:
            self.learn_address(url)

    def _learn_user(self, url: str) -> None:
        parts = urlsplit(url)
        for each in (parts.username, parts.password):
            self.learn(unquote(each or ""), Kind.SECRET)

    def _said(self, leaf: Leaf) -> str:
        value = leaf.value
        if leaf.form is Form.NUMBER:
            return self.table.get(value, value) if kind_of(leaf.key, leaf.above) else value
        stripped = value.strip()
        known = self.table.get(stripped)
        if known is not None and self._surely(stripped, leaf):
            return value.replace(stripped, known)
        if known is not None:
            # One word under a name that tells something else: what a source calls a kind may be somebody's name too.
            return value
        if ADDRESS.fullmatch(value):
            return self.hide_address(value)
        return self._within(value, plain=not leaf.key)

    def _surely(self, value: str, leaf: Leaf) -> bool:
        """Tell whether a known value is that value here, and not a word that happens to be the same."""
        unnamed = leaf.form is Form.CELL and not leaf.key
        return value in self.secrets or not _is_a_word(value) or unnamed or kind_of(leaf.key, leaf.above) is not None

    def _within(self, text: str, *, plain: bool) -> str:
        """Write anew what stands within a longer text, whole words only; where no names are given, words in capitals
        too.
        """
        parts: list[str] = []
        at = 0
        for word in _WORD.finditer(text):
            start = word.start()
            if start < at:
                continue
            first = word.group().lstrip("0") or word.group()
            for value in self._starts.get(first, ()):
                lead = start + len(word.group()) - len(first)
                begin = lead if value.startswith(first) else start
                end = begin + len(value)
                if text[begin:end] == value and not _goes_on(text, end) and _fit(value, plain=plain):
                    parts += [text[at:begin], self.table[value]]
                    at = end
                    break
        return "".join([*parts, text[at:]])

    def _without_secrets(self, text: str) -> str:
        for secret, ways in self.secrets.items():
            for way in ways:
                if way in text:
                    text = text.replace(way, self.table[secret])
        return text

    def _put(self, value: str, kind: Kind) -> str:
        instead = self.table[value] = self._made_up(value, kind)
        if len(value) >= _WITHIN_LENGTH_MIN:
            word = _WORD.search(value)
            if word is not None and word.start() == 0:
                same = self._starts.setdefault(word.group().lstrip("0") or word.group(), [])
                same.append(value)
                same.sort(key=len, reverse=True)
        return instead

    def _made_up(self, value: str, kind: Kind) -> str:
        if _UUID.fullmatch(value):
            return self._free("00000000-0000-4000-8000-{:012}")
        if _EMAIL.fullmatch(value):
            return self._free("person-{}@example.com")
        if _IBAN.fullmatch(value) and _is_iban(value):
            return self._shaped(value, value[:4], iban=True)
        digits = sum(each.isdigit() for each in value)
        if digits >= SECRET_LENGTH_MIN and digits == sum(each.isalnum() for each in value):
            return self._shaped(value, "", card=_CARD.fullmatch(value) is not None and _is_luhn(value))
        return self._free(f"{kind}-{{}}")

    def _free(self, shape: str) -> str:
        """Return the next of a shape that occurs nowhere."""
        while True:
            number = self._numbers[shape] = self._numbers.get(shape, 0) + 1
            found = shape.format(number)
            if found not in self._seen:
                return found

    def _shaped(self, value: str, lead: str, *, iban: bool = False, card: bool = False) -> str:
        """Return digits in the shape of a value: as many, its signs between them kept, zeros between a 9 and the last.

        No zero comes first: sources fill numbers up with zeros, and connectors take those off.
        """
        places = [place for place in range(len(lead), len(value)) if value[place].isalnum()]
        shape = f"digits {len(places)} {lead} {card}"
        while True:
            number = self._numbers[shape] = self._numbers.get(shape, 0) + 1
            digits = "9" + str(number).zfill(len(places) - card - 1)
            if card:
                digits += str(next(each for each in range(10) if _is_luhn(f"{digits}{each}")))
            found = list(value)
            for place, digit in zip(places, digits, strict=True):
                found[place] = digit
            text = "".join(found)
            if iban:
                text = value[:2] + _iban_check(text) + text[4:]
            if text not in self._seen and text not in self.table.values():
                return text


def _leaves(text: str, kind: str) -> list[Leaf]:
    found = leaves_of_lines(text)
    return leaves(text, kind) if found is None else found


def written_ways(secret: str) -> Iterator[str]:
    """Yield the ways in which a secret may stand in a text."""
    whole = base64.b64encode(secret.encode()).decode()
    ways = (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1], html.escape(secret), whole)  # fmt: skip
    yield from dict.fromkeys(ways)


def _patterns(text: str) -> Iterator[tuple[str, Kind]]:
    for found in _EMAIL.finditer(text):
        yield found.group(), Kind.NAME
    for found in _IBAN.finditer(text):
        if _is_iban(found.group()):
            yield found.group(), Kind.ACCOUNT
    for found in _CARD.finditer(text):
        if _is_luhn(found.group()) and not _is_time(found.group()):
            yield found.group(), Kind.ACCOUNT


def _opaque(text: str) -> Iterator[str]:
    """Yield words that are too long and mixed to be read: tokens, and ids that may be as good as one."""
    for found in _OPAQUE.finditer(text):
        word = found.group()
        mixed = any(each.isdigit() for each in word) and any(each.isalpha() for each in word)
        if mixed and _RUN.search(word) and not _UUID.fullmatch(word) and "/" not in word.strip("/"):
            yield word


def _fit(value: str, *, plain: bool) -> bool:
    return not _is_a_word(value) or (not value.islower() and (plain or not value.isupper()))


def _is_a_word(value: str) -> bool:
    return value.isidentifier() and not any(each.isdigit() for each in value)


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and (text[end].isalnum() or text[end] == "_")


def _is_time(digits: str) -> bool:
    return len(digits) == 14 and digits[:2] in ("19", "20") and digits[4:6] <= "12" and digits[6:8] <= "31"


def _is_luhn(value: str) -> bool:
    digits = [int(each) for each in reversed(value) if each.isdigit()]
    return sum(digits[::2] + [sum(divmod(2 * each, 10)) for each in digits[1::2]]) % 10 == 0


def _is_iban(value: str) -> bool:
    plain = value.replace(" ", "")
    return len(plain) >= 15 and _rest(plain[4:] + plain[:4]) == 1


def _iban_check(value: str) -> str:
    plain = value.replace(" ", "")
    return f"{98 - _rest(plain[4:] + plain[:2] + '00'):02}"


def _rest(text: str) -> int:
    return int("".join(str(int(each, 36)) for each in text)) % 97
