"""Turning connectors on and off: for the installation by who runs it, for a company by who manages it."""

from __future__ import annotations

from raccord.enablement import Switchboard
from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.texts import Text
from raccord.store import events
from raccord.store.models import Company
from raccord.sync.workshop import Workshop


def switch_for_installation(workshop: Workshop, actor: Actor, connector: str, *, on: bool) -> None:
    """Allow a connector here, or take it away from everybody; companies' own choices are kept."""
    require(actor, Power.OPERATE)
    _installed(workshop, connector, on)
    with workshop.database.begin() as session:
        board = Switchboard(session, events.append, actor=actor.name, now=workshop.clock.now())
        (board.allow if on else board.forbid)(connector)


def switch_for_company(workshop: Workshop, actor: Actor, connector: str, company_id: str, *, on: bool) -> None:
    """Let a company's connections use a connector, or make it absent for them from the next call on."""
    require(actor, Power.MANAGE)
    _installed(workshop, connector, on)
    with workshop.database.begin() as session:
        session.get_one(Company, company_id)
        board = Switchboard(session, events.append, actor=actor.name, now=workshop.clock.now())
        (board.enable if on else board.disable)(connector, company_id)


def _installed(workshop: Workshop, connector: str, on: bool) -> None:
    """Refuse to turn on what was not let in; what is gone may still be turned off."""
    catalog = workshop.scopes.catalog
    if not on or connector in catalog.admitted or connector in catalog.extensions:
        return
    raise RaccordError(
        "connector.not_installed",
        Text(f"Le connecteur « {connector} » n'est pas installé.", f"The connector “{connector}” is not installed."),
        Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
    )
