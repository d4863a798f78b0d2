"""Under which id a record is kept that another file tells under another one, since its own was taken back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "told_as",
        sa.Column("connection_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kept_as", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_told_as_connection_id")),
        sa.PrimaryKeyConstraint("connection_id", "stream", "source_id", name=op.f("pk_told_as")),
        sa.UniqueConstraint("connection_id", "stream", "kept_as", name=op.f("uq_told_as_connection_id_stream_kept_as")),
    )
