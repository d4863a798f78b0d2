"""Which movements are money in and out: those at the bank or on a card, so that one sale is not counted twice."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, exists, select
from sqlalchemy.orm import Session

from raccord.store.models import LedgerEntry

MONEY_TYPES = ("Bank", "Credit Card")
"""QuickBooks account types that hold money; a clearing account only passes it on."""


def at_the_bank(company_id: SQLColumnExpression[Any], account_id: SQLColumnExpression[Any]) -> ColumnElement[bool]:
    """Tell whether a movement's account is one of the company's bank or card accounts."""
    return exists().where(
        LedgerEntry.company_id == company_id,
        LedgerEntry.kind == "Account",
        LedgerEntry.object_id == account_id,
        LedgerEntry.type.in_(MONEY_TYPES),
    )


def money_accounts(session: Session, company_ids: Collection[str]) -> set[tuple[str, str]]:
    """Return the bank and card accounts of companies: company and account."""
    rows = session.execute(
        select(LedgerEntry.company_id, LedgerEntry.object_id).where(
            LedgerEntry.company_id.in_(company_ids),
            LedgerEntry.kind == "Account",
            LedgerEntry.type.in_(MONEY_TYPES),
        )
    )
    return {(row[0], row[1]) for row in rows}
