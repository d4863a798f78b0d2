"""Accounts whose files do not tell which sign a card's purchases have: a person says it, should the account be one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from raccord_bankfeed.readers.contract import Account
from raccord_bankfeed.readers.questions import digest


def with_open_signs(account: Account, alike: str, turned: Callable[[str], bool]) -> Account:
    """Return an account whose file leaves the signs open.

    ``alike`` is the key of all files that are written so; ``turned`` tells whether a person said that purchases have no
    minus in them.
    """
    key = f"card-{digest(alike, account.key)}"
    return replace(account, signs=key, turned=turned(key))
