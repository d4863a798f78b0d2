"""Rules on secrets: none of the settings comes out, plain or written another way, wherever people or others read."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from pydantic import SecretStr

from raccord.plugin.errors import ConnectorError
from raccord.plugin.testing.kit.outside import troubled
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Subject

_CHARACTERS_MIN = 6


def canaries(subject: Subject) -> frozenset[str]:
    """Return the trial's secrets, each as it stands and in base64, hexadecimal and the writing of addresses."""
    found: set[str] = set()
    for name in subject.info.settings.model_fields:
        value = getattr(subject.settings, name)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else ""
        if len(plain) >= _CHARACTERS_MIN:
            found |= {plain, quote(plain, safe=""), quote_plus(plain), plain.encode().hex(), *_in_base64(plain)}
    if not found:
        raise NotConcerned
    return frozenset(found)


def _in_base64(plain: str) -> Iterator[str]:
    """Return what of a secret is the same in base64 wherever it stands in a text."""
    for before in range(3):
        written = b"x" * before + plain.encode()
        first, last = -(-before * 8 // 6), len(written) * 8 // 6
        for alphabet in (base64.b64encode, base64.urlsafe_b64encode):
            yield alphabet(written).decode()[first:last]


def told(text: str, hidden: frozenset[str]) -> bool:
    """Tell whether a text holds one of the secrets."""
    return any(each in text for each in hidden)


@check("record.secrets")
def _records(subject: Subject) -> Iterator[str]:
    hidden = canaries(subject)
    for turn, page in subject.told.pages:
        if told(repr(page), hidden):
            yield f"{turn.stream} {turn.cursor is None}"


@check("map.secrets")
def _drafts(subject: Subject) -> Iterator[str]:
    hidden = canaries(subject)
    for record, answer in (*subject.mapped, *subject.mapped_taxed):
        said = answer.error.text if isinstance(answer.error, ConnectorError) else answer.answer
        if told(repr(said), hidden):
            yield record.key()


@check("outside.secrets")
def _outside(subject: Subject) -> Iterator[str]:
    hidden, read = canaries(subject), subject.told
    yield from sorted({address.partition("?")[0] for address in read.http.addresses if told(address, hidden)})
    for turn in read.turns:
        if any(told(each, hidden) for each in turn.asked.deeds.said):
            yield f"{turn.stream}: log"
    for record, answer in (*subject.mapped, *subject.mapped_taxed):
        if any(told(each, hidden) for each in answer.deeds.said):
            yield f"{record.key()}: log"
    yield from _in_errors(subject, hidden)


def _in_errors(subject: Subject, hidden: frozenset[str]) -> Iterator[str]:
    """Tell what the connector says where its source refuses it, is away, or answers what is no page."""
    if not subject.told.requests:
        return
    for name, where in troubled():
        error = subject.read(subject.trial.told, where).error
        if error is None or error.asked.error is None:
            continue
        text = getattr(error.asked.error, "text", "")
        if told(f"{error.asked.error!r} {error.asked.error} {text!r}", hidden):
            yield f"{error.stream}: {name}"
