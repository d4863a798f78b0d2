"""Several streams of one address, each declared in a few words: where its rows are, and what of a row is what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from raccord.plugin.contexts import FetchContext, MapContext
from raccord.plugin.drafts import Draft
from raccord.plugin.fields import Fields
from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.info import StreamInfo
from raccord.plugin.money import Money
from raccord.plugin.records import JSON, Page, Record
from raccord.plugin.sources.rest import RestSource, rest_page
from raccord.plugin.texts import Text

Becomes = Draft | Sequence[Draft] | Skipped
Draws = Callable[[MapContext, Record, Fields], Becomes]
"""Says what a row becomes: one document, several, or nothing with a reason; pure, as ``map_record`` is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestStream:
    """One stream of an address: the names that its rows' fields have, and what ``draw`` makes of a row.

    ``path`` is what stands behind the address of the ``RestSource``, the stream's name unless given. ``day`` is a field
    with a date, ``moment`` one with a moment, whose day ``context.days`` tells; a stream with neither (people, things)
    has no days of its own. ``amount`` is what the row moves, with money into the company's account positive; of an
    ``outgoing`` stream the source writes it positive and it is turned. ``currency`` is a field too; without it amounts
    are the company's own. ``changed`` says when the row last changed: an older word never replaces a newer one.
    A row without its ``amount`` cannot be read, unless ``absent`` says what it counts then.
    ``since`` is false for a stream that cannot be asked by what changed, though the others can.
    """

    name: str
    label: Text
    draw: Draws
    path: str = ""
    id: str = "id"
    day: str = ""
    moment: str = ""
    amount: str = ""
    outgoing: bool = False
    absent: Decimal | int | None = None
    """What the amount is, in the currency's main unit, where the row has none: no such field, null or empty."""
    minor: bool = False
    """Whether amounts are written in minor units, such as cents."""
    currency: str = ""
    changed: str = ""
    since: bool = True

    @property
    def info(self) -> StreamInfo:
        """Return the stream as the manifest declares it."""
        return StreamInfo(self.name, self.label)

    def record(self, context: FetchContext, row: Mapping[str, JSON]) -> Record:
        """Return the record of a row, kept whole; raises ``FieldError`` for a field that cannot be read."""
        said = Fields(row)
        day = said.day(self.day) if self.day else context.starts_on
        if self.moment:
            day = context.days.day_of(said.moment(self.moment))
        amount = None
        if self.amount:
            currency = said.text(self.currency) if self.currency else context.home_currency
            if self.absent is not None and row.get(self.amount) in (None, ""):
                amount = Money(Decimal(self.absent), currency)
            else:
                amount = said.minor(self.amount, currency) if self.minor else said.money(self.amount, currency)
        as_of = said.moment(self.changed) if self.changed else None
        return Record(self.name, said.text(self.id), day, row, -amount if amount and self.outgoing else amount, as_of)


def stream_page(
    context: FetchContext, source: RestSource, streams: Sequence[RestStream], stream: str, cursor: str | None
) -> Page | None:
    """Return the page of one of ``streams`` at ``cursor``; nothing for any other, which is not this connector's.

    ``source`` says how the address pages; its ``url`` is what the streams' paths are added to.
    """
    found = _named(streams, stream)
    if found is None:
        return None
    of_stream = replace(
        source,
        url=f"{source.url.rstrip('/')}/{found.path or found.name}",
        id=found.id,
        since=source.since if found.since else "",
        changed=found.changed or source.changed,
    )
    return rest_page(context, of_stream, stream, cursor, lambda row: found.record(context, row))


def map_row(context: MapContext, streams: Sequence[RestStream], record: Record) -> Mapped | Skipped | None:
    """Return what the record of one of ``streams`` becomes; nothing for one of any other stream."""
    found = _named(streams, record.stream)
    if found is None:
        return None
    made = found.draw(context, record, Fields(record.raw))
    if isinstance(made, Skipped):
        return made
    return Mapped(list(made) if isinstance(made, Sequence) else [made])


def _named(streams: Sequence[RestStream], name: str) -> RestStream | None:
    return next((each for each in streams if each.name == name), None)
