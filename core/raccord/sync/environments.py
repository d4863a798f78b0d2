"""Which QuickBooks a company lives in, from what its row and the settings say."""

from __future__ import annotations

from raccord.quickbooks import INTUIT_SANDBOX, PRODUCTION, Environment, local
from raccord.store.models import Company

CALLBACK_PATH = "/oauth/quickbooks/callback"
SOURCE_CALLBACK_PATH = "/oauth/source/callback"
"""Where sources send people back who signed in at them."""


def environment_of(name: str) -> Environment:
    """Return the environment called ``production`` or ``sandbox``, or the local one at a base URL."""
    match name:
        case "production":
            return PRODUCTION
        case "sandbox":
            return INTUIT_SANDBOX
        case _:
            return local(name)


def is_local(company: Company) -> bool:
    """Tell whether a company's books are in a sandbox of ours, which throttles nothing."""
    return company.environment not in ("production", "sandbox")
