"""What each question asks, kept with it: pages that count what waits read neither its parameters nor its draft."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_DRAFT = sa.table("draft", sa.column("id", sa.BigInteger), sa.column("kind", sa.String))
_HOLD = sa.table(
    "hold",
    sa.column("draft_id", sa.BigInteger),
    sa.column("code", sa.String),
    sa.column("params", sa.JSON),
    sa.column("line", sa.Boolean),
    sa.column("asked", sa.String),
)


def upgrade() -> None:
    op.add_column("hold", sa.Column("line", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    op.add_column("hold", sa.Column("asked", sa.Text(), nullable=True))
    said = {name: _HOLD.c.params[name].as_string() for name in ("role", "of", "accepts", "month")}
    lines = sa.select(_DRAFT.c.id).where(_DRAFT.c.kind.in_(("Deposit", "Purchase")))
    op.execute(
        _HOLD.update()
        .where(
            _HOLD.c.code == "resolve.decision_missing",
            said["accepts"] == "category",
            _HOLD.c.draft_id.in_(lines),
        )
        .values(line=sa.true())
    )
    op.execute(
        _HOLD.update()
        .where(_HOLD.c.code == "resolve.choice_missing")
        .values(asked=said["role"] + "|" + sa.func.coalesce(said["of"], "") + "|" + said["accepts"])
    )
    op.execute(_HOLD.update().where(_HOLD.c.code == "period.month_asked").values(asked=said["month"]))
    op.create_index(
        "ix_hold_waits",
        "hold",
        ["connection_id", "line", "asked", "code", "id", "closed_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
