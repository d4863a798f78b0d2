"""What an account of a bank is: its type beside the account of the books that was chosen for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("choice", sa.Column("held_as", sa.Text(), nullable=False, server_default=""))
