"""Connectors as operators and companies see them: switches, health, and which connections use them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.enablement import INSTALLATION
from raccord.overview.listing import Within
from raccord.store.models import Company, Connection, ConnectionState, ConnectorSwitch


@dataclass(frozen=True, slots=True)
class Use:
    """One connection that uses a connector; ``faults`` are those of its plugin since it last went well."""

    connection_id: str
    label: str
    company: str
    state: ConnectionState
    version: str
    faults: int


@dataclass(frozen=True, slots=True)
class Health:
    """A connector's switches, and its connections among the companies that are seen."""

    allowed: bool
    companies: frozenset[str]
    """Those that switched it on."""
    uses: Sequence[Use]

    @property
    def faulty(self) -> int:
        return sum(use.faults > 0 or use.state == ConnectionState.FAULTY for use in self.uses)


def plugin_health(session: Session, within: Within = None) -> Mapping[str, Health]:
    """Return what the tables say of each connector that was ever switched or connected."""
    switches: dict[str, set[str]] = {}
    rows = session.execute(select(ConnectorSwitch.connector, ConnectorSwitch.company_id).where(ConnectorSwitch.enabled))
    for connector, company_id in rows:
        switches.setdefault(connector, set()).add(company_id)
    mine = () if within is None else (Connection.company_id.in_(within),)
    uses: dict[str, list[Use]] = {}
    found = session.execute(
        select(Connection, Company.name)
        .join(Company, Company.id == Connection.company_id)
        .where(Connection.state != ConnectionState.UNCONNECTED, *mine)
        .order_by(Company.name, Connection.label)
    )
    for connection, company in found:
        uses.setdefault(connection.connector, []).append(
            Use(
                connection.id,
                connection.label,
                company,
                ConnectionState(connection.state),
                connection.plugin_version,
                connection.fault_count,
            )
        )
    return {
        name: Health(
            INSTALLATION in switches.get(name, ()),
            frozenset(switches.get(name, set()) - {INSTALLATION}),
            tuple(uses.get(name, ())),
        )
        for name in {*switches, *uses}
    }
