"""Rules that people made for bank lines, and what each said before it was changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model, new_id


class BankRule(Model):
    """A rule as it counts now; one that was removed stays, so that what it answered can name it."""

    __tablename__ = "bank_rule"
    __table_args__ = (Index("ix_bank_rule_company", "company_id", "removed_at", "place"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"))
    place: Mapped[int]
    """Where it stands in its company's order: of the rules that fit a line the lowest one counts."""
    version: Mapped[int] = mapped_column(default=1)
    name: Mapped[str]
    mode: Mapped[str]
    """``propose`` or ``apply``."""
    enabled: Mapped[bool] = mapped_column(default=True)
    valid_from: Mapped[date | None]
    body: Mapped[dict[str, Any]]
    """Conditions and outcome, as ``raccord.sync.lines.bank_rules.RuleBody``."""
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]


class BankRuleVersion(Model):
    """What a rule said from a moment on, who said so; never changed."""

    __tablename__ = "bank_rule_version"

    rule_id: Mapped[str] = mapped_column(ForeignKey("bank_rule.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    mode: Mapped[str]
    enabled: Mapped[bool]
    valid_from: Mapped[date | None]
    body: Mapped[dict[str, Any]]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
