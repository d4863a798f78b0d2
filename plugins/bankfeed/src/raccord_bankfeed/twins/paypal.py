"""A twin of PayPal: a token for credentials, balances by currency, and a search by days, in pages, up to a limit."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord_bankfeed.twins.http import Answered, Asked


@dataclass(slots=True)
class PayPalTwin:
    """``rows`` are records of the search as PayPal tells them, oldest first."""

    rows: list[dict[str, object]] = field(default_factory=list)
    currencies: tuple[str, ...] = ("CAD", "USD")
    secret: str = "canary-secret"  # noqa: S105 - of a twin
    allowed: bool = True
    most: int = 10_000
    refreshed: date = date(2099, 1, 1)
    trouble: list[Answered] = field(default_factory=list)
    log: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answered:
        """Answer one request."""
        self.log.append(asked)
        if asked.path == "/v1/oauth2/token":
            given = base64.b64decode(asked.headers.get("Authorization", "").removeprefix("Basic ")).decode()
            if given != f"app:{self.secret}" or asked.body != b"grant_type=client_credentials":
                return _said({"error": "invalid_client"}, 401)
            return _said({"access_token": f"token-of-{self.secret}", "token_type": "Bearer", "expires_in": 32400})
        if asked.headers.get("Authorization") != f"Bearer token-of-{self.secret}":
            return _said({"error": "invalid_token"}, 401)
        if not self.allowed:
            return _said({"name": "NOT_AUTHORIZED", "message": "Insufficient permissions"}, 403)
        if self.trouble:
            return self.trouble.pop(0)
        if asked.path == "/v1/reporting/balances":
            zero = {"value": "0.00"}
            shown = [{"currency": each, "total_balance": {"currency_code": each, **zero}} for each in self.currencies]
            return _said({"account_id": "MERCHANT1", "balances": shown})
        return self._search(asked)

    def _search(self, asked: Asked) -> Answered:
        first, last = (date.fromisoformat(asked.one(name)[:10]) for name in ("start_date", "end_date"))
        if (last - first).days > 31:
            return _said({"name": "INVALID_REQUEST", "message": "Date range is greater than 31 days"}, 400)
        if first > self.refreshed:
            details = [{"issue": "Data for the given start date is not available."}]
            return _said({"name": "INVALID_REQUEST", "message": "Request is not well-formed", "details": details}, 400)
        found = [each for each in self.rows if first.isoformat() <= _day(each) <= last.isoformat()]
        if len(found) > self.most:
            return _said({"name": "RESULTSET_TOO_LARGE", "message": "Result set size is greater than the maximum"}, 400)
        size, page = int(asked.one("page_size")), int(asked.one("page"))
        return _said(
            {
                "transaction_details": found[(page - 1) * size : page * size],
                "account_number": "MERCHANT1", "page": page, "total_items": len(found),
                "total_pages": max(1, -(-len(found) // size)),
            }
        )  # fmt: skip


def record(
    key: str,
    day: date,
    amount: str,
    *,
    fee: str = "",
    code: str = "T0006",
    status: str = "S",
    currency: str = "CAD",
    balance: str = "",
    **more: object,
) -> dict[str, object]:
    """Return a record of the search."""
    info: dict[str, object] = {
        "transaction_id": key,
        "transaction_event_code": code,
        "transaction_initiation_date": f"{day.isoformat()}T23:30:00+0000",
        "transaction_amount": {"currency_code": currency, "value": amount},
        "transaction_status": status,
        **more,
    }  # fmt: skip
    if fee:
        info["fee_amount"] = {"currency_code": currency, "value": fee}
    if balance:
        info["ending_balance"] = {"currency_code": currency, "value": balance}
    return {"transaction_info": info, "payer_info": {"payer_name": {"alternate_full_name": "Ana Roy"}}}


def sales(count: int, first: date, days: int) -> tuple[list[dict[str, object]], Decimal]:
    """Return sales with fees over so many days, and the balance in the end."""
    rows, balance = [], Decimal(0)
    for number in range(count):
        balance += Decimal("20.00") - Decimal("0.88")
        day = date.fromordinal(first.toordinal() + number * days // count)
        rows.append(record(f"TX{number:06}", day, "20.00", fee="-0.88", balance=str(balance)))
    return rows, balance


def _day(row: dict[str, object]) -> str:
    info = row["transaction_info"]
    return str(info["transaction_initiation_date"])[:10] if isinstance(info, dict) else ""


def _said(value: object, status: int = 200) -> Answered:
    return Answered(json.dumps(value).encode(), status)
