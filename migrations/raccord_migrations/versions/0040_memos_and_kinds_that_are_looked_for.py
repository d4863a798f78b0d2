"""What drafts are looked for by, kept beside their bodies: the words of their memos, and their kinds."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_DRAFT = sa.table("draft", sa.column("id", sa.BigInteger), sa.column("body", sa.Text), sa.column("memo", sa.Text))
_MEMO_MAX = 500
_AT_ONCE = 1_000


def upgrade() -> None:
    op.add_column("draft", sa.Column("memo", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    said = sa.update(_DRAFT).where(_DRAFT.c.id == sa.bindparam("of")).values(memo=sa.bindparam("said"))
    last = -1
    while rows := connection.execute(
        sa.select(_DRAFT.c.id, _DRAFT.c.body).where(_DRAFT.c.id > last).order_by(_DRAFT.c.id).limit(_AT_ONCE)
    ).all():
        last = rows[-1].id
        memos = [(row.id, _memo(row.body)) for row in rows]
        if told := [{"of": id_, "said": memo} for id_, memo in memos if memo]:
            connection.execute(said, told)
    op.create_index("ix_draft_memo", "draft", ["memo", "record_id", "connection_id"])
    op.create_index("ix_draft_kind", "draft", ["kind", "record_id", "state"])


def _memo(body: str) -> str:
    return str(json.loads(body, parse_float=str).get("memo") or "").lower()[:_MEMO_MAX]
