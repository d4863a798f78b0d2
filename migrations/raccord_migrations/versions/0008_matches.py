"""Drafts that tell of a movement which a document holds already."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "match",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("money_account", sa.Text(), nullable=False),
        sa.Column("amount", sa.String(40), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_match_company_id"),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name="fk_match_connection_id"),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_match_draft_id"),
        sa.PrimaryKeyConstraint("id", name="pk_match"),
        sa.UniqueConstraint("draft_id", name="uq_match_draft_id"),
        sa.UniqueConstraint(
            "connection_id",
            "kind",
            "document_id",
            "money_account",
            name="uq_match_connection_id_kind_document_id_money_account",
        ),
    )
