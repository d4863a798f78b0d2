"""Indexes that hold all that records are counted by and searched by, documents' numbers too."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_draft_connection_state", table_name="draft")
    op.create_index("ix_draft_connection_state", "draft", ["connection_id", "state", "record_id"])
    op.drop_index("ix_draft_memo", table_name="draft")
    op.create_index("ix_draft_memo", "draft", ["connection_id", "memo", "record_id"])
    op.drop_index("ix_draft_kind", table_name="draft")
    op.create_index("ix_draft_kind", "draft", ["kind", "record_id", "state", "connection_id"])
    for name in ("document_number", "document_id", "marker"):
        op.create_index(f"ix_link_{name}", "link", [name])
