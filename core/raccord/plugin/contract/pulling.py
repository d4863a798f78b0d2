"""Pulls objects page by page and lays each page down as a file, so that it is read like one that was handed in."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import SecretStr

from raccord.plugin.contexts import FetchContext
from raccord.plugin.contract.objects import Contract
from raccord.plugin.contract.problems import refused
from raccord.plugin.contract.reading import PULLED

LIMIT = 500
OVERLAP = timedelta(minutes=10)
"""What is asked again each time: clocks differ, and an object may become visible after its own moment."""
_OK = 200


@dataclass(frozen=True, slots=True)
class Pull:
    """Where a source is pulled from: ``{base}/{path}?updated_since=…&cursor=…&limit=…``, with a bearer token."""

    base: str
    token: SecretStr


@dataclass(frozen=True, slots=True)
class Progress:
    """How far pulling is: the object asked, its next page, and since when; ``began`` is when this round began."""

    object: int = 0
    cursor: str = ""
    since: str = ""
    began: str = ""


def pull_page(context: FetchContext, contract: Contract, source: Pull, at: Progress) -> tuple[Progress, bool]:
    """Fetch one page and keep it as a file; return where to go on and whether this round has more."""
    began = at.began or (context.now() - OVERLAP).isoformat()
    path = contract.objects[at.object].path
    params = {"limit": str(LIMIT)}
    if at.since:
        params["updated_since"] = at.since
    if at.cursor:
        params["cursor"] = at.cursor
    answer = context.http.get(
        f"{source.base.rstrip('/')}/{path}",
        params=params,
        headers={"Authorization": f"Bearer {source.token.get_secret_value()}", "Accept": "application/json"},
    )
    if answer.status != _OK:
        raise refused("pull_answer", status=answer.status, path=path)
    following = _next_cursor(answer.content, path)
    if following and following == at.cursor:
        raise refused("pull_endless", path=path)
    name = f"{PULLED}{path}-{_stamp(context.now())}.json"
    context.files.receive(name, io.BytesIO(answer.content), origin="pull")
    if following:
        return Progress(at.object, following, at.since, began), True
    if at.object + 1 < len(contract.objects):
        return Progress(at.object + 1, "", at.since, began), True
    return Progress(0, "", began, ""), False


def _next_cursor(content: bytes, path: str) -> str:
    try:
        value = json.loads(content, parse_float=Decimal)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not isinstance(value.get("data"), list) or "next_cursor" not in value:
        raise refused("pull_shape", path=path)
    return "" if value["next_cursor"] is None else str(value["next_cursor"])


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S")
