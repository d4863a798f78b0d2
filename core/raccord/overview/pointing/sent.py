"""What a plan's line sends to QuickBooks, property by property, with the names of what it points to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.overview.pointing.differences import entries_named
from raccord.quickbooks.codec.placeholders import key_in
from raccord.store.canonical import exact
from raccord.store.models import PlanLine
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.lines.titles import Title, titles_of

FIELDS_MAX = 60
"""A document of hundreds of lines is shown so far; its exact text has the rest."""
_OWN = frozenset({"SyncToken", "sparse", "domain", "DetailType", "PercentBased", "type", "name"})
"""What only QuickBooks' interface needs."""
_MONEY = frozenset({"Amount", "TotalAmt", "TotalTax", "TaxInclusiveAmt", "NetAmountTaxable", "OpeningBalance"})
"""Properties in the document's currency; other numbers are quantities, rates and percentages."""
_ANYBODY = "Entity"
"""The one property that points to an entry and does not end as the others do."""


@dataclass(frozen=True, slots=True)
class SentField:
    """A property by its path, as text; of what it points to the name, or the title of what the plan makes for it."""

    path: str
    value: str
    name: str = ""
    amount: Decimal | None = None
    title: Title | None = None


def fields_sent(
    session: Session,
    connection_id: str,
    plans: Collection[str],
    payloads: Mapping[int, str],
    *,
    most: int = FIELDS_MAX,
) -> Mapping[int, Sequence[SentField]]:
    """Return what lines of some plans send, by their ids; at most ``most`` properties of each."""
    found = {id_: list(_some(exact(text), most)) for id_, text in payloads.items() if text}
    every = [each for some in found.values() for each in some]
    names = entries_named(session, [(connection_id, path, str(value)) for path, value in every])
    keys = {key for _, value in every if isinstance(value, str) and (key := key_in(value))}
    titles = titles_of(session, connection_id, sorted(keys))
    made = _made(session, plans, keys - titles.keys())

    def field_of(path: str, value: object) -> SentField:
        key = key_in(value) if isinstance(value, str) else None
        text = format(value, "f") if isinstance(value, Decimal) else str(value)
        return SentField(
            path=path,
            value=text if key is None else key,
            name=names.get((connection_id, path, text), "") or made.get(key or "", ""),
            amount=Decimal(text) if path.rpartition(".")[2] in _MONEY else None,
            title=None if key is None else titles.get(key),
        )

    return {id_: [field_of(*each) for each in some] for id_, some in found.items()}


def _made(session: Session, plans: Collection[str], keys: Iterable[str]) -> Mapping[str, str]:
    """Return the names of entries of lists that the plans themselves make."""
    found: dict[str, str] = {}
    for some in chunks(sorted(keys), CHUNK):
        wanted = (PlanLine.plan_id.in_(plans), PlanLine.key.in_(some), PlanLine.payload != "")
        for key, payload in session.execute(select(PlanLine.key, PlanLine.payload).where(*wanted)):
            body = exact(payload)
            said = (body.get("Name") or body.get("DisplayName")) if isinstance(body, dict) else None
            if said:
                found[key] = str(said)
    return found


def _some(body: object, most: int) -> Iterable[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for each in _leaves(body, ""):
        if len(found) == most:
            break
        found.append(each)
    return found


def _leaves(value: object, path: str) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "value":
                # Entries are told apart by what points to them: an entity is one of several kinds.
                yield (f"{path}Ref" if path.endswith(_ANYBODY) else path), each
            elif name not in _OWN:
                yield from _leaves(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from _leaves(each, f"{path}[{place}]")
    elif value is not None and value != "":
        yield path, value
