"""Which plugins may work where: the operator allows one for the installation, a company enables it for itself.

Both are needed, and neither needs a restart: the rows are read each time a scope is asked for. Pausing a single
connection is the connection's own state.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from datetime import datetime
from typing import Protocol

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.models import Connection, ConnectorSwitch

INSTALLATION = ""
"""The ``company_id`` of the rows that speak for the whole installation."""

# Asked for each unit of work of each run, so made once.
_ON = select(ConnectorSwitch.company_id).where(
    ConnectorSwitch.connector == bindparam("named", type_=ConnectorSwitch.connector.type),
    # Two places, always: a list of as many as there are would be written into the statement anew each time.
    ConnectorSwitch.company_id.in_(
        [bindparam(name, type_=ConnectorSwitch.company_id.type) for name in ("everywhere", "there")]
    ),
    ConnectorSwitch.enabled,
)
SWITCHES_ON = (
    select(func.count())
    .select_from(ConnectorSwitch)
    .where(
        ConnectorSwitch.connector == Connection.connector,
        (ConnectorSwitch.company_id == INSTALLATION) | (ConnectorSwitch.company_id == Connection.company_id),
        ConnectorSwitch.enabled,
    )
    .correlate(Connection)
    .scalar_subquery()
)
"""How many of the two switches of a connection's connector are on, for who reads that connection anyway."""


class ConnectorDisabledError(RaccordError):
    """Raised when a plugin is not allowed for the installation or not enabled for the company."""


class Audit(Protocol):
    """Writes one entry of the audit chain in the same transaction (``raccord.store.events.append``)."""

    def __call__(
        self,
        session: Session,
        *,
        actor: str,
        action: str,
        now: datetime,
        subject: str,
        company_id: str,
        body: Mapping[str, object],
    ) -> object: ...


class Switchboard:
    """Turns plugins on and off in one transaction of the caller's, each change with its actor and audit entry."""

    def __init__(self, session: Session, audit: Audit, *, actor: str, now: datetime) -> None:
        self._session = session
        self._audit = audit
        self._actor = actor
        self._now = now

    def allow(self, connector: str) -> None:
        """Let companies of this installation enable the connector."""
        self._set(connector, INSTALLATION, enabled=True, action="connector.allowed")

    def forbid(self, connector: str) -> None:
        """Take the connector away from every company; their own choice is kept for when it is allowed again."""
        self._set(connector, INSTALLATION, enabled=False, action="connector.forbidden")

    def enable(self, connector: str, company_id: str) -> None:
        """Let the company's connections use the connector; refused while it is not allowed for the installation."""
        if not is_allowed(self._session, connector):
            raise _not_allowed(connector)
        self._set(connector, company_id, enabled=True, action="connector.enabled")

    def disable(self, connector: str, company_id: str) -> None:
        """Make the connector absent for the company's connections from their next call on."""
        self._set(connector, company_id, enabled=False, action="connector.disabled")

    def _set(self, connector: str, company_id: str, *, enabled: bool, action: str) -> None:
        row = self._session.get(ConnectorSwitch, (connector, company_id))
        if row is None:
            row = ConnectorSwitch(connector=connector, company_id=company_id)
            self._session.add(row)
        elif row.enabled == enabled:
            return
        row.enabled, row.changed_by, row.changed_at = enabled, self._actor, self._now
        affected = update(Connection).where(Connection.connector == connector)
        if company_id != INSTALLATION:
            affected = affected.where(Connection.company_id == company_id)
        self._session.execute(affected.values(revision=Connection.revision + 1))
        self._audit(
            self._session,
            actor=self._actor,
            action=action,
            now=self._now,
            subject=f"connector:{connector}",
            company_id=company_id,
            body={"connector": connector, "enabled": enabled},
        )


def is_allowed(session: Session, connector: str) -> bool:
    """Tell whether the operator allowed the connector for this installation; nothing is allowed until then."""
    return INSTALLATION in _on(session, connector, INSTALLATION)


def is_enabled(session: Session, connector: str, company_id: str) -> bool:
    """Tell whether the connector is allowed for the installation and enabled for the company."""
    return _on(session, connector, company_id) == {INSTALLATION, company_id}


def require_enabled(session: Session, connector: str, company_id: str) -> None:
    """Raise ``ConnectorDisabledError`` that says which of the two switches is off."""
    require_on(_on(session, connector, company_id), connector, company_id)


def switches_on(session: Session, company_ids: Collection[str]) -> Mapping[str, Set[str]]:
    """Return for each connector where it is on: for the installation, and for which of these companies."""
    rows = session.execute(
        select(ConnectorSwitch.connector, ConnectorSwitch.company_id).where(
            ConnectorSwitch.company_id.in_({INSTALLATION, *company_ids}), ConnectorSwitch.enabled
        )
    )
    found: dict[str, set[str]] = {}
    for connector, company_id in rows:
        found.setdefault(connector, set()).add(company_id)
    return found


def require_on(on: Set[str], connector: str, company_id: str) -> None:
    """Raise what ``require_enabled`` raises, from where a connector is known to be on."""
    if INSTALLATION not in on:
        raise _not_allowed(connector)
    if company_id not in on:
        raise ConnectorDisabledError(
            "connector.not_enabled",
            Text(
                f"Le connecteur « {connector} » n'est pas activé pour cette société.",
                f"The connector “{connector}” is not enabled for this company.",
            ),
            Text(
                f"Activez-le : raccord plugins enable {connector} --company {company_id}",
                f"Enable it: raccord plugins enable {connector} --company {company_id}",
            ),
        )


def _on(session: Session, connector: str, company_id: str) -> set[str]:
    """Return which of the two switches are on: the installation's and the company's."""
    return set(session.scalars(_ON, {"named": connector, "everywhere": INSTALLATION, "there": company_id}))


def _not_allowed(connector: str) -> ConnectorDisabledError:
    return ConnectorDisabledError(
        "connector.not_allowed",
        Text(
            f"Le connecteur « {connector} » n'est pas autorisé dans cette installation.",
            f"The connector “{connector}” is not allowed in this installation.",
        ),
        Text(
            f"L'exploitant peut l'autoriser : raccord plugins allow {connector}",
            f"The operator can allow it: raccord plugins allow {connector}",
        ),
    )
