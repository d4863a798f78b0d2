"""What ends soon unless somebody renews it, for the page of each morning; alarms tell the same by mail."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from raccord.alarms.conditions import GRAVE_DAYS, days_left, step_of
from raccord.errors import RaccordError
from raccord.onboarding.arriving.arrivals import credentials_end_by
from raccord.onboarding.connecting.signing_in import signs_in
from raccord.quickbooks import Tokens
from raccord.store.models import Connection, ConnectionState
from raccord.store.tokens import tokens_handle
from raccord.store.vault import VaultSession, join_secrets
from raccord.sync.workshop import Workshop, settings_handle


@dataclass(frozen=True, slots=True)
class Ending:
    """One authorisation that ends; ``connection_id`` is empty where it is QuickBooks' own."""

    company_id: str
    connection_id: str
    day: date
    days: int
    """Until the end of that day; less than zero once it is over."""
    signs_in: bool
    """Whether a page of the source is signed in to, else its credentials are typed anew."""

    @property
    def grave(self) -> bool:
        return self.days <= GRAVE_DAYS


def endings_of_each(
    workshop: Workshop,
    vault: VaultSession,
    company_ids: Sequence[str],
    connections: Collection[Connection],
    now: datetime,
) -> list[Ending]:
    """Return what ends within the days at which alarms begin to tell, the soonest first.

    The vault has looked up the tokens of the companies and the settings of the connections, so that nothing is asked
    one by one. Of secrets that no key opens nothing can be said; their connections' own state tells it.
    """
    catalog = workshop.scopes.catalog
    told = [
        (each, admitted)
        for each in connections
        if each.state == ConnectionState.CONNECTED
        and (admitted := catalog.get(each.connector)) is not None
        and admitted.info.credentials_end is not None
    ]
    found: list[Ending] = []
    for id_ in company_ids:
        end = _tokens_end(vault, id_, now)
        if end is not None and step_of(days := (end - now.date()).days):
            found.append(Ending(id_, "", end, days, signs_in=True))
    for each, admitted in told:
        try:
            secret = vault.get_mapping(settings_handle(each.id), missing_ok=True)
            end = credentials_end_by(admitted, join_secrets(admitted.info.settings, each.settings, secret))
        except RaccordError:
            continue
        if end is not None and step_of(days := days_left(end, now, ZoneInfo(each.time_zone))):
            found.append(Ending(each.company_id, each.id, end, days, signs_in(admitted.info, each.settings)))
    return sorted(found, key=lambda each: (each.day, each.company_id, each.connection_id))


def _tokens_end(vault: VaultSession, company_id: str, now: datetime) -> date | None:
    try:
        held = vault.get(tokens_handle(company_id), missing_ok=True)
    except RaccordError:
        return None
    return None if held is None else Tokens.from_vault(held).refresh_ends.astimezone(now.tzinfo).date()
