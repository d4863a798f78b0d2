"""Lines that are several documents of the books together: a draft may have a match with each."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_OLD = "uq_match_draft_id"


def upgrade() -> None:
    # SQLite drops no constraint: there the table is written anew.
    with op.batch_alter_table("match") as table:
        table.drop_constraint(_OLD, type_="unique")
        table.create_unique_constraint(
            f"{_OLD}_kind_document_id_money_account", ["draft_id", "kind", "document_id", "money_account"]
        )
