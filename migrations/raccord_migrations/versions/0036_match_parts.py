"""Documents that hold the movements of several lines, each a part."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_OLD = "uq_match_connection_id_kind_document_id_money_account"


def upgrade() -> None:
    # SQLite changes no constraint: there the table is written anew.
    with op.batch_alter_table("match") as table:
        table.add_column(sa.Column("part", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("whole", sa.String(40), nullable=True))
        table.drop_constraint(_OLD, type_="unique")
        table.create_unique_constraint(
            f"{_OLD}_part", ["connection_id", "kind", "document_id", "money_account", "part"]
        )
