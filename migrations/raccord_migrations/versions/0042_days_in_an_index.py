"""The index of documents by day holds all that is added up of some days."""

from __future__ import annotations

from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_link_day", table_name="link")
    op.create_index("ix_link_day", "link", ["connection_id", "day", "currency", "money_account", "amount", "state"])
