"""Documents in QuickBooks that bear our marks and that a restored backup has forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("known_until", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "marked_document",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_marked_document_company_id"),
        sa.PrimaryKeyConstraint("company_id", "code", name="pk_marked_document"),
    )
