"""When months were proven, what others have on watched accounts, and each company's nightly proof."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof_month",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unequal", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("accounts", sa.JSON(), nullable=False),
        sa.Column("touched", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_proof_month_connection_id"),
        sa.PrimaryKeyConstraint("connection_id", "month", name="pk_proof_month"),
    )
    op.create_table(
        "other_document",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_other_document_company_id"),
        sa.PrimaryKeyConstraint("company_id", "kind", "document_id", "account_id", name="pk_other_document"),
    )
    op.create_index("ix_other_document_day", "other_document", ["company_id", "day"])
    op.create_table(
        "other_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("day_before", sa.Date(), nullable=True),
        sa.Column("amount_before", sa.String(length=40), nullable=True),
        sa.Column("day_after", sa.Date(), nullable=True),
        sa.Column("amount_after", sa.String(length=40), nullable=True),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_other_change_company_id"),
        sa.PrimaryKeyConstraint("id", name="pk_other_change"),
    )
    op.create_index("ix_other_change_found", "other_change", ["company_id", "found_at"])
    op.create_table(
        "night",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("minute", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_night_company_id"),
        sa.PrimaryKeyConstraint("company_id", name="pk_night"),
    )
    op.create_index("ix_night_next_at", "night", ["next_at"])
