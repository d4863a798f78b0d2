"""The page of QuickBooks where a person settles the cause of a problem, where there is one."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.quickbooks import Cause, Page, page_link
from raccord.store.models import Company, Connection
from raccord.sync.environments import environment_of

PLACES = {
    Cause.PERIOD_CLOSED: (Page.ADVANCED_SETTINGS, "problems.there_closing"),
    Cause.INACTIVE_REFERENCE: (Page.ACCOUNTS, "problems.there_accounts"),
    Cause.WRONG_ACCOUNT_TYPE: (Page.ACCOUNTS, "problems.there_accounts"),
    Cause.MISSING_TAX_CODE: (Page.TAXES, "problems.there_taxes"),
}
"""The page of QuickBooks and what leads there, by cause."""


def places_there(session: Session, causes: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, str]]:
    """Return the address in QuickBooks, and the key of what leads there, by connection's id and code.

    All companies are looked up at once; a cause that no page of QuickBooks settles is left out.
    """
    rows = session.execute(
        select(Connection.id, Company.environment, Company.realm)
        .join(Company, Company.id == Connection.company_id)
        .where(Connection.id.in_({connection_id for connection_id, _ in causes}))
    )
    companies = {connection_id: (environment, realm) for connection_id, environment, realm in rows}
    found = {}
    for connection_id, code in causes:
        if code not in PLACES or connection_id not in companies:
            continue
        page, words = PLACES[Cause(code)]
        environment, realm = companies[connection_id]
        found[connection_id, code] = page_link(environment_of(environment), page, realm=realm), words
    return found
