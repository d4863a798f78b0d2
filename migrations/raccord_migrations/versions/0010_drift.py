"""What people changed in QuickBooks of what we wrote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("changes_seen", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "drift",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("link_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("sync_token", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_drift_company_id"),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_drift_connection_id"),
        sa.ForeignKeyConstraint(["link_id"], ["link.id"], name="fk_drift_link_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_drift"),
    )
    op.create_index("ix_drift_connection_state", "drift", ["connection_id", "state"])
    op.create_index(
        "uq_drift_open",
        "drift",
        ["link_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
