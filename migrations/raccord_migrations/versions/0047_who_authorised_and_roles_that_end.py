"""Who authorised a company's QuickBooks and since when; the last day of roles that end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("membership", sa.Column("ends_on", sa.Date(), nullable=True))
    op.add_column("invitation", sa.Column("role_ends_on", sa.Date(), nullable=True))
    op.add_column("company", sa.Column("authorised_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("company", sa.Column("authorised_as", sa.Text(), nullable=False, server_default=""))
    op.add_column("company", sa.Column("authorised_at", sa.DateTime(timezone=True), nullable=True))
    # The audit chain has known it all along.
    last = (
        "FROM event WHERE event.company_id = company.id AND event.action = 'company.connected'"
        " ORDER BY event.seq DESC LIMIT 1"
    )
    op.execute(
        f"UPDATE company SET authorised_by = (SELECT event.actor {last}), authorised_at = (SELECT event.at {last})"  # noqa: S608
        " WHERE EXISTS (SELECT 1 FROM event WHERE event.company_id = company.id"
        " AND event.action = 'company.connected')"
    )
