"""What a company's books hold already, beside the question whether a source is new to them."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.onboarding.setting_up.books_before import books_before
from raccord.plugin.info import ConnectorInfo
from raccord.quickbooks import QuickBooksError
from raccord.sync.workshop import Workshop


def books_seen(workshop: Workshop, company_id: str, info: ConnectorInfo) -> Mapping[str, int]:
    """Return what the books hold, by kind. Where QuickBooks does not answer nothing is suggested: the question is asked
    all the same, and the checks of the set-up say what is wrong with QuickBooks.
    """
    try:
        return books_before(workshop, company_id, info)
    except QuickBooksError:
        return {}
