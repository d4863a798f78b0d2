"""What is known of how well a company's lines are suggested, and what its owner lets suggestions do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from raccord.store.columns import Model


class LearnedHistory(Model):
    """How a company's history judged what was learned of it, in plain numbers; the learning itself is made anew."""

    __tablename__ = "learned_history"

    company_id: Mapped[str] = mapped_column(ForeignKey("company.id"), primary_key=True)
    examples: Mapped[int] = mapped_column(default=0)
    steps: Mapped[list[Any]] = mapped_column(default=list)
    """``[score, count, right, confidence]`` of judged guesses, rising."""
    scale: Mapped[int] = mapped_column(default=0)
    """What the scores mean: the learner's scale when they were judged. Of another scale they count for nothing."""
    shown_from: Mapped[int | None]
    """The least confidence, of 1 000, that is shown."""
    learned_at: Mapped[datetime | None]
    accepts_from: Mapped[int | None]
    """The least confidence that is accepted without being asked; empty where the owner did not say so."""
    accepts_by: Mapped[str] = mapped_column(default="")
    accepts_since: Mapped[datetime | None]
