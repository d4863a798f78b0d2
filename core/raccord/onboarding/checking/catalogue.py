"""Checks of what a source and QuickBooks share: prices, what the source's items lack, what people said is there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.checking.findings import Finding, Level, named, well
from raccord.onboarding.gates.gates import in_mode
from raccord.onboarding.setting_up.instances import linking, roles_with_instances
from raccord.plugin.drafts import Accepts
from raccord.plugin.info import ConnectorInfo, RoleInfo
from raccord.plugin.texts import Text
from raccord.quickbooks import Page, QuickBooks, page_link
from raccord.store.models import Company, Connection, ConnectionState, RecordState, SourceRecord
from raccord.sync.environments import environment_of
from raccord.sync.fetching.keep import UNSAID
from raccord.sync.resolving.newcomers import LIST_MAX
from raccord.sync.workshop import Workshop

SOLD = "Type IN ('Service', 'NonInventory', 'Inventory')"
_LIVE = (ConnectionState.DRAFT, ConnectionState.CONNECTED, ConnectionState.PAUSED, ConnectionState.REAUTHORISE)


def check_said(session: Session, connection: Connection, info: ConnectorInfo) -> Iterator[Finding]:
    """Hold what people said must be at the source, such as tax groups, against what it told of once it was read."""
    mine = (
        SourceRecord.connection_id == connection.id,
        SourceRecord.state != RecordState.SUPERSEDED,
        SourceRecord.reason.not_in(UNSAID),
    )
    for gate in in_mode(info, connection.mode):
        if not gate.seen_in or session.scalar(select(SourceRecord.id).where(*mine).limit(1)) is None:
            continue
        bodies = session.scalars(select(SourceRecord.raw).where(*mine, SourceRecord.stream == gate.seen_in)).all()
        there = sum(json.loads(each, parse_float=Decimal).get("deleted") is not True for each in bodies)
        if there:
            fr, en = f"{gate.title.fr} : {there}.", f"{gate.title.en}: {there}."
            yield well("doctor.gate_seen", fr, en, connection.label)
            continue
        who = str(connection.gates_passed.get(gate.name, {}).get("by", "?"))
        text = Text(
            f"{gate.title.fr} : {who} l'a dit, et la source n'en montre aucun.",
            f"{gate.title.en}: {who} said so, and the source shows none.",
        )
        yield Finding("doctor.gate_unseen", Level.WARNING, text, gate.how, connection.label, gate.link)


def check_catalogue(workshop: Workshop, connection: Connection, roles: Sequence[RoleInfo]) -> Iterator[Finding]:
    """Name the source's items that lack what each must say, such as a unit of measure or a price."""
    for role in roles:
        if not (role.of_stream and role.needs):
            continue
        rows = linking(workshop, connection.id, role.name).rows
        for _, what in role.needs:
            names = [row.name for row in rows if what in row.lacks]
            if names:
                yield Finding(
                    "doctor.instance_incomplete",
                    Level.WARNING,
                    Text(
                        f"Sans {what.fr}, à la source : {named(sorted(names))}.",
                        f"Without {what.en}, at the source: {named(sorted(names))}.",
                    ),
                    Text("Complétez-les à la source.", "Complete them at the source."),
                    connection.label,
                )


def check_prices(workshop: Workshop, company: Company, client: QuickBooks) -> Iterator[Finding]:
    """Name the items of QuickBooks without a price, where a source shares the catalogue."""
    with workshop.database.read() as session:
        mine = select(Connection.connector).where(Connection.company_id == company.id, Connection.state.in_(_LIVE))
        names = set(session.scalars(mine))
    admitted = [each for name in sorted(names) if (each := workshop.scopes.catalog.get(name)) is not None]
    if not any(role.accepts is Accepts.ITEM for each in admitted for role in roles_with_instances(each.info)):
        return
    without = [str(row["Name"]) for row in client.query_all("Item", SOLD, limit=LIST_MAX) if not row.get("UnitPrice")]
    if without:
        said = named(sorted(without))
        yield Finding(
            "doctor.item_without_price",
            Level.WARNING,
            Text(
                f"Ces produits n'ont pas de prix : {said}.",
                f"These items have no price: {said}.",
            ),
            Text(
                "Donnez-leur un prix ; l'unité de mesure, que QuickBooks ne tient pas, se donne à la source.",
                "Give them a price; the unit of measure, which QuickBooks does not keep, is given at the source.",
            ),
            company.name,
            page_link(environment_of(company.environment), Page.ITEMS, realm=company.realm),
        )
