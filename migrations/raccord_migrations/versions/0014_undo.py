"""How many documents of a draft were undone, and up to which day a person reconciled an account's statements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("link", sa.Column("generation", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "statement",
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("through", sa.Date(), nullable=False),
        sa.Column("declared_by", sa.Text(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], name="fk_statement_company_id"),
        sa.PrimaryKeyConstraint("company_id", "account_id", name="pk_statement"),
    )
