"""Where backups go, what the last restore drill found, and to which other address messages to a person go.

Companies that are there already go on being posted to without a backup target, see docs/how-to/backup.en.md.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("backup_dir", sa.Text(), server_default="", nullable=False),
        sa.Column("exempt_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("time_zone", sa.Text(), server_default="", nullable=False),
        sa.Column("key_kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_kept_by", sa.Text(), server_default="", nullable=False),
        sa.Column("backup_tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("backup", sa.Text(), server_default="", nullable=False),
        sa.Column("drill_asked_by", sa.Text(), server_default="", nullable=False),
        sa.Column("drilled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("drilled", sa.Text(), server_default="", nullable=False),
        sa.Column("drill_passed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("drill_said", sa.JSON(), server_default="[]", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.add_column("person", sa.Column("told_at", sa.Text(), nullable=False, server_default=""))
    # A moment before this one would leave out whoever connected while the upgrade was prepared.
    op.execute(
        "INSERT INTO installation (id, exempt_before) SELECT 1, CURRENT_TIMESTAMP WHERE EXISTS (SELECT 1 FROM company)"
    )
