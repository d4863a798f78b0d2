"""Certifying a month: all of its proof in one document that anybody can check without us, and what was still open."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from importlib.metadata import version
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.closing.holes import Hole, holes_of
from raccord.onboarding.closing.left_days import LeftDays, left_days
from raccord.onboarding.closing.left_out import adds_up, left_out_of
from raccord.onboarding.closing.not_certified import (
    EXCEPTIONS_MAX,
    CertificateError,
    require_reason,
    still_open,
    unexplained_in,
)
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.canonical import canonical
from raccord.store.models import (
    Certificate,
    Company,
    Connection,
    ConnectionState,
    DraftRow,
    DraftState,
    EventHead,
    LinkRow,
    LinkState,
    Proof,
    ProofMonth,
    RecordState,
    SourceRecord,
)
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.proving.certified import cell_name, newest_certificate, sums_of
from raccord.sync.proving.prove import our_side
from raccord.sync.workshop import Workshop

FORMAT = "raccord month certificate 3"
WITHOUT_REASONS = "raccord month certificate 2"
"""The format before, which does not say what was left out or waited; such certificates are still checked."""
BY_CURRENCY = "raccord month certificate 1"
"""The first format, whose totals added up all kinds of record of a currency; such certificates are still checked."""
SUMS = ("source", "left_out", "posted", "quickbooks")
READ_WITHIN = timedelta(days=1)
"""How old a reading of QuickBooks may be that a certificate stands on."""

OPEN_DRAFTS = (DraftState.WAITING, DraftState.HELD, DraftState.PLANNED, DraftState.FAILED, DraftState.READY)


def certify(
    workshop: Workshop, actor: Actor, company_id: str, month: date, *, with_exceptions: bool = False, reason: str = ""
) -> Certificate:
    """Certify the month that begins on ``month`` from the proofs that are stored; prove it again before.

    What is still open is refused unless ``with_exceptions`` and with a ``reason`` why it is accepted, of at most
    ``REASON_CHARS_MAX`` characters; then it stands in the certificate, each by name, with that reason. A difference
    that no document explains is accepted for no reason.
    """
    require(actor, Power.WORK)
    now = workshop.clock.now()
    with workshop.database.begin() as session:
        company = session.get_one(Company, company_id)
        connections = session.scalars(
            select(Connection)
            .where(Connection.company_id == company.id, Connection.state != ConnectionState.UNCONNECTED)
            .order_by(Connection.set_up_at, Connection.id)
        ).all()
        _over(connections, month, now)
        parts = [_part(workshop, session, connection, month, now) for connection in connections]
        exceptions = [each for part in parts for each in part["exceptions"]]
        if exceptions and (not with_exceptions or len(exceptions) > EXCEPTIONS_MAX or unexplained_in(parts)):
            raise still_open(exceptions, parts, month)
        if exceptions:
            require_reason(reason, parts)
        before = newest_certificate(session, company.id, month)
        head = session.get(EventHead, 1)
        body = {
            "format": FORMAT,
            "raccord": version("raccord"),
            "company": {
                "realm": company.realm,
                "name": company.name,
                "environment": company.environment,
                "home_currency": company.home_currency,
            },
            "month": f"{month:%Y-%m}",
            "version": 1 if before is None else before.version + 1,
            "replaces": None if before is None else before.hash,
            "made_at": now.isoformat(),
            "made_by": actor.name,
            "clean": not exceptions,
            "reason": reason.strip() if exceptions else "",
            "chain": {"entries": 0 if head is None else head.seq, "hash": "" if head is None else head.hash},
            "connections": parts,
        }
        text = canonical(body)
        certificate = Certificate(
            company_id=company.id,
            month=month,
            version=body["version"],
            made_at=now,
            made_by=actor.name,
            clean=not exceptions,
            body=text,
            hash=hashlib.sha256(text.encode()).hexdigest(),
        )
        session.add(certificate)
        session.flush()
        events.append(
            session,
            actor=actor.name,
            action="month.certified",
            subject=f"{month:%Y-%m}",
            company_id=company.id,
            now=now,
            body={"hash": certificate.hash, "version": certificate.version, "exceptions": len(exceptions)},
        )
        return certificate


def faults_in(body: Mapping[str, Any], fingerprint: str) -> list[str]:
    """Return what does not hold in a certificate; nothing when all of it adds up. Needs no database.

    Checked are the fingerprint over its text, the sums of each connection against their days, that what is called
    equal is equal, and that every difference stands among the exceptions. What is no certificate raises KeyError,
    TypeError, ValueError or ArithmeticError.
    """
    if body["format"] not in (FORMAT, WITHOUT_REASONS, BY_CURRENCY):
        raise ValueError("the format is not known")
    found: list[str] = []
    if hashlib.sha256(canonical(body).encode()).hexdigest() != fingerprint:
        found.append("fingerprint")
    exceptions = 0
    for part in body["connections"]:
        exceptions += len(part["exceptions"])
        named = {each["cell"] for each in part["exceptions"] if each["code"] == "unequal"}
        for row in part["proofs"]:
            source, left_out, moved, posted, quickbooks = sums_of(row)
            equal = source - left_out + moved == posted == quickbooks and not row["differences"]
            if equal != row["equal"] or equal == (cell_name(row) in named):
                found.append(f"{part['label']}: {cell_name(row)}")
        totals = _by_currency if body["format"] == BY_CURRENCY else _totals
        if part["totals"] != totals(part["proofs"]):
            found.append(f"{part['label']}: totals")
        if body["format"] == FORMAT and not adds_up(part):
            found.append(f"{part['label']}: left out")
    if bool(exceptions) == body["clean"]:
        found.append("clean")
    return found


def _part(workshop: Workshop, session: Session, connection: Connection, month: date, now: datetime) -> dict[str, Any]:
    after = next_month(month)
    proofs = [
        {
            "day": row.day.isoformat(),
            "stream": row.stream,
            "currency": row.currency,
            "source": row.source_total,
            "left_out": row.left_out_total,
            "moved": row.moved_total,
            "moves": row.moves,
            "posted": row.posted_total,
            "quickbooks": row.quickbooks_total,
            "equal": row.equal,
            "differences": row.differences,
            "proven_at": row.proven_at.isoformat(),
        }
        for row in session.scalars(
            select(Proof)
            .where(Proof.connection_id == connection.id, Proof.day >= month, Proof.day < after)
            .order_by(Proof.day, Proof.stream, Proof.currency)
        )
    ]
    left = [
        _within(each, month, after) for each in left_days(workshop, session, connection) if _touches(each, month, after)
    ]
    gaps = [_gap(hole) for hole in holes_of(workshop, session, connection, left)]
    documents = session.execute(
        select(LinkRow.kind, func.count())
        .where(
            LinkRow.connection_id == connection.id,
            LinkRow.state == LinkState.LIVE,
            LinkRow.day >= month,
            LinkRow.day < after,
        )
        .group_by(LinkRow.kind)
        .order_by(LinkRow.kind)
    )
    return {
        "id": connection.id,
        "label": connection.label,
        "connector": connection.connector,
        "plugin_version": connection.plugin_version,
        "state": connection.state,
        "documents": {row[0]: row[1] for row in documents},
        "proofs": proofs,
        "totals": _totals(proofs),
        "left_out": left_out_of(session, connection, month, after - timedelta(days=1), proofs),
        "gaps": gaps,
        "exceptions": _open(session, connection, month, after, proofs, gaps, now),
    }


def _open(
    session: Session,
    connection: Connection,
    month: date,
    after: date,
    proofs: Sequence[Mapping[str, Any]],
    gaps: Sequence[Mapping[str, Any]],
    now: datetime,
) -> list[dict[str, Any]]:
    """Return what is still open in the month: differences, drafts that wait, failed records, gaps, days unproven, or
    proven before something was posted or changed.
    """
    found: list[dict[str, Any]] = [{"code": "unequal", "cell": cell_name(row)} for row in proofs if not row["equal"]]
    drafts = session.execute(
        select(DraftRow.key, DraftRow.state, DraftRow.reason)
        .where(
            DraftRow.connection_id == connection.id,
            DraftRow.state.in_(OPEN_DRAFTS),
            DraftRow.day >= month,
            DraftRow.day < after,
        )
        .order_by(DraftRow.day, DraftRow.id)
    )
    found += [{"code": "waits", "key": key, "state": f"{state} {reason}".strip()} for key, state, reason in drafts]
    in_month = (SourceRecord.connection_id == connection.id, SourceRecord.day >= month, SourceRecord.day < after)
    failed = session.execute(
        select(SourceRecord.stream, SourceRecord.source_id, SourceRecord.reason)
        .where(*in_month, SourceRecord.state.in_((RecordState.FAILED, RecordState.NEW)))
        .order_by(SourceRecord.id)
    )
    found += [
        {"code": "failed", "key": f"{stream}/{source_id}", "state": reason} for stream, source_id, reason in failed
    ]
    found += [
        {"code": "gap"} | {name: each[name] for name in ("first", "last", "reason", "account") if name in each}
        for each in gaps
        if each["records"] or each["reason"] != "before_start"
    ]
    proven = {row["day"] for row in proofs}
    days = session.scalars(
        select(SourceRecord.day)
        .where(
            *in_month,
            SourceRecord.day >= connection.starts_on,
            SourceRecord.amount.is_not(None),
            SourceRecord.state != RecordState.SUPERSEDED,
            SourceRecord.reason.not_in(UNSAID),
        )
        .distinct()
    )
    found += [{"code": "unproven", "day": day.isoformat()} for day in sorted(days) if day.isoformat() not in proven]
    if _is_stale(session, connection, month, now):
        found.append({"code": "stale", "month": f"{month:%Y-%m}"})
    return found


def _is_stale(session: Session, connection: Connection, month: date, now: datetime) -> bool:
    """Tell whether the stored proof is not that of what our tables and QuickBooks' list of changes say now."""
    ours = our_side(session, connection, month, next_month(month) - timedelta(days=1))
    read = session.get(ProofMonth, (connection.id, month))
    if read is None:
        return bool(ours.totals)
    aged = not timedelta(0) <= now - read.read_at < READ_WITHIN
    return aged or read.touched or read.fingerprint != ours.fingerprint


def _totals(proofs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, Decimal]]]:
    """Return the sums of a connection's days, by stream and currency, as the certificate's page shows them."""
    totals: dict[str, dict[str, dict[str, Decimal]]] = {}
    for each in sums_by_stream(proofs):
        totals.setdefault(each.stream, {})[each.currency] = {name: getattr(each, name) for name in SUMS}
    return totals


def _by_currency(proofs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Decimal]]:
    """Return the sums that certificates of the first format have, which add kinds of record together."""
    totals: dict[str, dict[str, Decimal]] = {}
    for row in proofs:
        sums = totals.setdefault(row["currency"], dict.fromkeys(SUMS, Decimal(0)))
        for name in SUMS:
            sums[name] += Decimal(row[name])
    return totals


@dataclass(frozen=True, slots=True)
class StreamSums:
    """What a certificate's days come to for one kind of record; the sums of several kinds are no sum of anything."""

    stream: str
    currency: str
    source: Decimal
    left_out: Decimal
    posted: Decimal
    quickbooks: Decimal
    equal: bool
    """Whether each of its days is."""


def sums_by_stream(proofs: Sequence[Mapping[str, Any]]) -> list[StreamSums]:
    """Return the sums of a certificate's part, one for each stream and currency."""
    rows: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in proofs:
        rows.setdefault((row["currency"], row["stream"]), []).append(row)
    found = []
    for (currency, stream), those in sorted(rows.items()):
        sums = {name: sum((Decimal(row[name]) for row in those), Decimal(0)) for name in SUMS}
        found.append(StreamSums(stream, currency, **sums, equal=all(row["equal"] for row in those)))
    return found


def _gap(hole: Hole) -> dict[str, Any]:
    return {
        "first": None if hole.first_day is None else hole.first_day.isoformat(),
        "last": None if hole.last_day is None else hole.last_day.isoformat(),
        "reason": hole.reason,
        "records": hole.records,
        "totals": {stream: dict(sums) for stream, sums in hole.by_stream.items()},
    } | ({"account": hole.account} if hole.account else {})


def _touches(left: LeftDays, month: date, after: date) -> bool:
    return (left.first or date.min) < after and (left.last or date.max) >= month


def _within(left: LeftDays, month: date, after: date) -> LeftDays:
    """Return what of it is of the month; what was left out on purpose is named whole."""
    if left.gap is not None:
        return left
    last = after - timedelta(days=1)
    return replace(left, first=max(left.first or month, month), last=min(left.last or last, last))


def _over(connections: Sequence[Connection], month: date, now: datetime) -> None:
    zones = {connection.time_zone for connection in connections} or {"UTC"}
    if any(now.astimezone(ZoneInfo(zone)).date() < next_month(month) for zone in zones):
        raise CertificateError(
            "certificate.month_open",
            Text(f"Le mois {month:%Y-%m} n'est pas terminé.", f"The month {month:%Y-%m} is not over."),
            Text("Certifiez-le quand son dernier jour est passé.", "Certify it when its last day has passed."),
        )


def next_month(month: date) -> date:
    """Return the first day of the month after the one that begins on ``month``."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
