"""Records of all connections in the order of their days, for the page that lists them."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_record_by_day", "record", ["day"])
