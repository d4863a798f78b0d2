"""A connector of another version or with other terms: what it makes of known records is compared before it writes.

Books never change because a plugin was upgraded. Where the new version says the same of the newest records, it goes on
by itself; where it does not, every plan waits for a person, who sees record by record what is said otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.store import events
from raccord.store.canonical import exact
from raccord.store.models import Connection, DraftRow, DraftState, RecordState, Run, SourceRecord
from raccord.sync.bodies import dump_draft, load_draft
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.fetching.keep import LEFT_OUT, RESOLVED_BY_HAND, UNSAID
from raccord.sync.lines.attached import BY_HAND
from raccord.sync.mapping.map import Made, answer_of
from raccord.sync.mapping.remap import map_failed, map_unposted
from raccord.sync.problems import close_problems, open_problem, troubled
from raccord.sync.resolving.views import MapView
from raccord.sync.workshop import Bench

MAPPING_CHANGED = "plugin.mapping_changed"
SUBJECT = "upgrade"
MAPPED_WITH = "plugin_version"
"""Under this name a run's progress keeps the version and terms of the connector that its records were mapped with."""
LOOKED_AT_MAX = 2_000
"""Newest records that are compared; older ones are mapped in the same way."""
ENOUGH = 200
"""Once so many are said otherwise, no further ones are compared: whoever reads them needs no more."""
EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class Difference:
    """One record of which the new version says something else: what it becomes, or one field of it."""

    record: str
    day: date
    key: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two versions of a connector say of the same records."""

    was: str
    now: str
    looked_at: int
    differences: Sequence[Difference]
    whole: bool = True
    """Whether no further records were left for lack of need."""

    @property
    def records(self) -> int:
        """How many records are said otherwise."""
        return len({each.record for each in self.differences})


def compare(session: Session, bench: Bench, view_on: Callable[[date], MapView]) -> Comparison:
    """Map the newest records again, without keeping anything, and compare with what was kept of them."""
    connection = bench.connection
    newest_first = SourceRecord.day.desc(), SourceRecord.id.desc()
    ids = session.scalars(
        select(SourceRecord.id)
        .where(
            SourceRecord.connection_id == connection.id,
            SourceRecord.state.in_((RecordState.MAPPED, RecordState.SKIPPED)),
            SourceRecord.reason.not_in({*LEFT_OUT, *UNSAID, RESOLVED_BY_HAND}),
        )
        .order_by(*newest_first)
        .limit(LOOKED_AT_MAX)
    ).all()
    found: list[Difference] = []
    looked_at = otherwise = 0
    for some in chunks(ids, CHUNK):
        kept = _kept(session, some)
        for row in session.scalars(select(SourceRecord).where(SourceRecord.id.in_(some)).order_by(*newest_first)):
            was = kept.get(row.id) or {"": row.reason}
            differing = list(_differences(row, was, _said(bench, view_on, row)))
            found += differing
            otherwise += bool(differing)
        looked_at += len(some)
        if otherwise >= ENOUGH:
            break
    accepted, installed, terms = connection.plugin_version, bench.scope.info.version, bench.scope.terms_digest
    if accepted == installed and connection.plugin_terms not in ("", terms):
        accepted, installed = f"{accepted}+{connection.plugin_terms}", f"{installed}+{terms}"
    return Comparison(accepted, installed, looked_at, found, looked_at == len(ids))


def check_upgrade(session: Session, run: Run, bench: Bench, view_on: Callable[[date], MapView], now: datetime) -> None:
    """Compare once a connector came with another version, and have plans read by a person where it matters."""
    connection = session.get_one(Connection, bench.connection.id)
    version, terms = bench.scope.info.version, bench.scope.terms_digest
    run.progress = {**run.progress, MAPPED_WITH: [version, terms]}
    if connection.plugin_version == version and connection.plugin_terms in ("", terms):
        connection.plugin_terms = terms
        if SUBJECT in troubled(session, connection.id, [SUBJECT]):
            # What another version made meanwhile, and nobody accepted, is not posted in its words.
            map_unposted(session, connection.id)
            close_problems(session, connection.id, SUBJECT, now, MAPPING_CHANGED)
        return
    found = compare(session, bench, view_on)
    if not connection.plugin_version or not found.differences:
        accept_version(session, connection, version, terms, "raccord", now)
        return
    connection.review_next = True
    open_problem(
        session,
        connection_id=connection.id,
        run_id=run.id,
        code=MAPPING_CHANGED,
        subject=SUBJECT,
        params={
            "connector": bench.scope.info.name,
            "was": found.was,
            "now": found.now,
            "looked_at": found.looked_at,
            "records": found.records,
            "examples": [
                {"record": each.record, "field": each.field, "before": each.before, "after": each.after}
                for each in found.differences[:EXAMPLES]
            ],
        },
        now=now,
    )


def accept_version(session: Session, connection: Connection, version: str, terms: str, by: str, now: datetime) -> None:
    """Note that a connector's version, with its terms, may write as it maps; what failed is tried again."""
    if (connection.plugin_version, connection.plugin_terms) == (version, terms):
        return
    events.append(
        session,
        actor=by,
        action="plugin.version_accepted",
        subject=connection.connector,
        company_id=connection.company_id,
        connection_id=connection.id,
        now=now,
        body={"was": connection.plugin_version, "now": version, "terms": terms},
    )
    if connection.plugin_version:
        map_failed(session, connection.id)
    connection.plugin_version, connection.plugin_terms = version, terms
    close_problems(session, connection.id, SUBJECT, now, MAPPING_CHANGED)


def _kept(session: Session, record_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """Return the drafts of records as they were mapped, by their keys."""
    kept: dict[int, dict[str, str]] = {}
    rows = session.execute(
        select(DraftRow.record_id, DraftRow.key, DraftRow.body).where(
            DraftRow.record_id.in_(record_ids),
            DraftRow.state != DraftState.WITHDRAWN,
            DraftRow.mapped_by != BY_HAND,
        )
    )
    for record_id, key, body in rows:
        kept.setdefault(int(record_id or 0), {})[key] = body
    return kept


def _said(bench: Bench, view_on: Callable[[date], MapView], row: SourceRecord) -> dict[str, str]:
    answer = answer_of(bench.scope, view_on(row.day), row)
    if isinstance(answer, Made):
        return {draft.key: body for draft, body in zip(answer.drafts, answer.bodies, strict=True)} or {"": ""}
    return {"": answer.code}


def _differences(row: SourceRecord, was: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Difference]:
    record = f"{row.stream}/{row.source_id}"
    for key in sorted({*was, *now}):
        before, after = was.get(key, ""), now.get(key, "")
        if before == after:
            continue
        if not key or not before or not after:
            yield Difference(record, row.day, key, "", _short(before), _short(after))
            continue
        # Written as this release writes drafts, which an older one may have done otherwise.
        before = dump_draft(load_draft(before))
        flat, other = (
            dict(_flat(exact(before), "")),
            dict(_flat(exact(after), "")),
        )
        for path in sorted({*flat, *other}):
            if flat.get(path) != other.get(path):
                yield Difference(record, row.day, key, path, flat.get(path, ""), other.get(path, ""))


def _short(body: str) -> str:
    """Return what a record becomes: the kind of its draft, or why there is none."""
    return str(cast("Mapping[str, object]", exact(body))["kind"]) if body.startswith("{") else body


def _flat(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping():
            for name, each in value.items():
                yield from _flat(each, f"{path}.{name}" if path else str(name))
        case list():
            for number, each in enumerate(value):
                yield from _flat(each, f"{path}[{number}]")
        case None:
            yield path, ""
        case _:
            yield path, str(value)
