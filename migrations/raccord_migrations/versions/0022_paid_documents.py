"""Open invoices and bills that bank lines pay, each once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paid_document",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("draft_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.String(40), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_paid_document_company_id"),
        sa.ForeignKeyConstraint(["draft_id"], ["draft.id"], name="fk_paid_document_draft_id"),
        sa.PrimaryKeyConstraint("id", name="pk_paid_document"),
        sa.UniqueConstraint("company_id", "kind", "document_id", name="uq_paid_document_company_id_kind_document_id"),
    )
    op.create_index("ix_paid_document_draft_id", "paid_document", ["draft_id"])
