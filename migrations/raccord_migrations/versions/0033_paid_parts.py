"""Documents that several bank lines pay a part of each."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_OLD = "uq_paid_document_company_id_kind_document_id"


def upgrade() -> None:
    # SQLite changes no constraint: there the table is written anew.
    with op.batch_alter_table("paid_document") as table:
        table.add_column(sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
        table.drop_constraint(_OLD, type_="unique")
        table.create_unique_constraint(f"{_OLD}_part", ["company_id", "kind", "document_id", "part"])
