"""A made-up Boulange Caisse: an API in this process, told in several ways, and what it all comes to."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import Any

from raccord.plugin.contexts import Http
from raccord.plugin.testing import Again, Telling, Trial, TwinAnswer, TwinHttp, TwinRequest
from raccord_boulange.expected import COUNTS, EFFECTS, EXPECTED, PRINTED

TOKEN = "twin-token"
Rows = Sequence[dict[str, Any]]
TICKETS, PAYOUTS = (
    json.loads((files("raccord_boulange") / "samples" / name).read_text(encoding="utf-8"))
    for name in ("tickets.json", "payouts.json")
)
NEWS = ("2026-03-05T11:30:00-05:00", "2026-03-05T12:00:00-05:00", "2026-03-06T08:00:00-05:00")


def trials() -> list[Trial]:
    def more(rows: Rows) -> Rows:
        return [{**row, "till": "till-7"} for row in rows]

    corrected = {**TICKETS[4], "total_cents": TICKETS[4]["total_cents"] + 100, "revision": 9}
    later = [
        corrected,
        *TICKETS[:4],
        *TICKETS[5:],
        *({**TICKETS[0], "id": f"T-90{place}", "closed_at": at} for place, at in enumerate(NEWS)),
    ]
    return [
        Trial(
            name="sample",
            values={"account": "1", "api_token": TOKEN},
            told=Telling(http=served(TICKETS, PAYOUTS)),
            again={
                Again.REORDERED: Telling(http=served(TICKETS[::-1], PAYOUTS[::-1])),
                Again.OVERLAPPING: Telling(http=served([*TICKETS, *TICKETS[2:]], [*PAYOUTS, *PAYOUTS])),
                Again.REISSUED: Telling(http=served(TICKETS, PAYOUTS, page=3)),
            },
            extended=Telling(http=served(more(TICKETS), more(PAYOUTS))),
            marker="till-7",
            # By hand: without the void and what gift cards paid; 12.50 as corrected; what waits or is bad is in.
            totals={"tickets": {"CAD": Decimal("63.58")}, "payouts": {"CAD": Decimal("29.67")}},
            moments={("tickets", row["id"]): datetime.fromisoformat(row["closed_at"]) for row in TICKETS},
            later=Telling(http=served(later, PAYOUTS)),
            expected=EXPECTED,
            effects=EFFECTS,
            counts=COUNTS,
            printed=PRINTED,
            taxed=True,
        )
    ]


def answering(tickets: Rows, payouts: Rows, page: int = 2) -> Callable[[TwinRequest], TwinAnswer]:
    def answer(request: TwinRequest) -> TwinAnswer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return TwinAnswer(401)
        name = request.path.rpartition("/")[2]
        rows = tickets if name == "tickets" else payouts
        since = request.params.get("since")
        if since:  # closed or corrected since
            start = datetime.fromisoformat(since)
            rows = [row for row in rows if "revision" in row or datetime.fromisoformat(row["closed_at"]) >= start]
        begin = int(request.params.get("cursor", "0"))
        end = begin + page
        return TwinAnswer.of({name: rows[begin:end], "next_cursor": str(end) if end < len(rows) else None})

    return answer


def served(tickets: Rows, payouts: Rows, page: int = 2) -> Callable[[], AbstractContextManager[Http]]:
    return lambda: nullcontext(TwinHttp(answering(tickets, payouts, page)))
