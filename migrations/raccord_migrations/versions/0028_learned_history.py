"""How well a company's bank lines are suggested, and from which confidence its owner lets them be accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "learned_history",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("shown_from", sa.Integer(), nullable=True),
        sa.Column("learned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepts_from", sa.Integer(), nullable=True),
        sa.Column("accepts_by", sa.Text(), nullable=False),
        sa.Column("accepts_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_learned_history_company_id"),
        sa.PrimaryKeyConstraint("company_id", name="pk_learned_history"),
    )
