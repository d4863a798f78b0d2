"""Which days of which account a file covers: the period of its statement, or from its first line to its last."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from raccord.plugin import JSON, CoveredDays, FileBalance, FileDays
from raccord_bankfeed.elsewhere import ELSEWHERE
from raccord_bankfeed.readers.contract import AccountKind
from raccord_bankfeed.records import STATEMENTS
from raccord_bankfeed.settings import OVER_THE_NETWORK, InputKind, named_accounts, set_aside

_READ = (AccountKind.BANK.value, AccountKind.CARD.value)
BY_FILES = tuple(each.value for each in InputKind if each not in OVER_THE_NETWORK)


def covered_days(settings: Mapping[str, object], day: date, raw: Mapping[str, JSON]) -> CoveredDays | None:
    """Tell the days of a statement; nothing of a question, of a series and of accounts that are not read."""
    key = str(raw.get("account", ""))
    if "ledger_balance" not in raw or raw.get("account_kind") not in _READ:
        return None
    if key.startswith(ELSEWHERE) or key in set_aside(str(settings.get("left_out", ""))):
        return None
    names = named_accounts(str(settings.get("chosen", "")), str(settings.get("accounts", "")))
    if settings.get("only_named") and key not in names:
        return None
    starts, ends = (_day(raw.get(name)) for name in ("starts", "ends"))
    last = ends or day
    first = None if starts is None else min(starts, last)
    currency = str(raw.get("currency") or "")
    return CoveredDays(
        first=first,
        last=last,
        account=key,
        name=names.get(key) or str(raw.get("account_number", "")),
        opening=_balance(raw.get("opening_balance"), first or day, currency),
        closing=_balance(raw["ledger_balance"], last, currency),
    )


def file_days() -> FileDays:
    """Return how files tell their days; a provider is asked for them instead."""
    return FileDays(when={"input_kind": BY_FILES}, stream=STATEMENTS, tell=covered_days)


def _balance(said: JSON, day: date, currency: str) -> FileBalance | None:
    if not isinstance(said, dict) or said.get("amount") is None:
        return None
    return FileBalance(day=_day(said.get("day")) or day, amount=Decimal(str(said["amount"])), currency=currency)


def _day(said: JSON) -> date | None:
    return date.fromisoformat(said) if isinstance(said, str) else None
