"""What connections do about closed periods, and documents that bear another date than their record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("connection", sa.Column("closed_policy", sa.Text(), nullable=False, server_default="blocked"))
    op.add_column("plan", sa.Column("books_closed_on", sa.Date(), nullable=True))
    op.add_column("plan_line", sa.Column("record_day", sa.Date(), nullable=True))
    op.add_column("link", sa.Column("record_day", sa.Date(), nullable=True))
    op.add_column("proof", sa.Column("moved_total", sa.String(length=40), nullable=False, server_default="0"))
    op.add_column("proof", sa.Column("moves", sa.JSON(), nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "closed_month",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_closed_month_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "month", name="pk_closed_month"),
    )
