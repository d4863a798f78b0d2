"""What a waiting first plan is beside what the books were given meanwhile by whoever keeps them now."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shadow_comparison",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("cut", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_shadow_comparison_connection_id"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name="fk_shadow_comparison_plan_id"),
        sa.PrimaryKeyConstraint("connection_id", name="pk_shadow_comparison"),
    )
    op.create_table(
        "shadow_row",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("amount", sa.String(40), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("document_kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("document_party", sa.Text(), nullable=False),
        sa.Column("document_day", sa.Date(), nullable=True),
        sa.Column("document_amount", sa.String(40), nullable=True),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_shadow_row_connection_id"),
        sa.PrimaryKeyConstraint("id", name="pk_shadow_row"),
    )
    op.create_index("ix_shadow_row_group", "shadow_row", ["connection_id", "outcome", "cause", "id"])
