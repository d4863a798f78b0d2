"""A twin of a SimpleFIN bridge: tokens that work once, accounts with lines, windows cut without a word."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

from raccord_bankfeed.twins.http import Answered, Asked

DAY_SECONDS = 86_400
WINDOW_SECONDS_MAX = 90 * DAY_SECONDS


@dataclass(slots=True)
class SimpleFinTwin:
    """``accounts`` are objects of the protocol with all their transactions; ``url`` is where the twin is served."""

    accounts: list[dict[str, object]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    url: str = ""
    claimed: set[str] = field(default_factory=set)
    passwords: set[str] = field(default_factory=set)
    trouble: list[Answered] = field(default_factory=list)
    """What is answered to the next questions instead, one each."""
    log: list[Asked] = field(default_factory=list)
    """All that it was asked."""

    def token(self, name: str = "one") -> str:
        """Return a setup token."""
        return base64.b64encode(f"{self.url}/simplefin/claim/{name}".encode()).decode()

    def lines(self, number: int) -> list[object]:
        """Return an account's transactions, to be changed."""
        found = self.accounts[number]["transactions"]
        if not isinstance(found, list):
            raise TypeError("an account's transactions are a list")
        return found

    def answer(self, asked: Asked) -> Answered:
        """Answer as the bridge does."""
        self.log.append(asked)
        if asked.path.startswith("/simplefin/claim/") and asked.method == "POST":
            return self._claim(asked.path.rpartition("/")[2])
        if asked.path != "/simplefin/accounts":
            return Answered(status=404)
        if self.trouble:
            return self.trouble.pop(0)
        given = asked.headers.get("Authorization", "").removeprefix("Basic ")
        user, _, password = base64.b64decode(given).decode().partition(":")
        if user != "reader" or password not in self.passwords:
            return Answered(b"Forbidden", 403)
        wanted = asked.all("account")
        shown = [
            {key: value for key, value in each.items() if key != "transactions"}
            | ({} if asked.one("balances-only") else {"transactions": _within(asked, each["transactions"])})
            for each in self.accounts
            if not wanted or each["id"] in wanted
        ]
        return Answered(json.dumps({"errors": self.errors, "accounts": shown}).encode())

    def _claim(self, name: str) -> Answered:
        if name in self.claimed:
            return Answered(b"Forbidden", 403)
        self.claimed.add(name)
        self.passwords.add(f"pass-{name}")
        return Answered(f"http://reader:pass-{name}@{self.url.removeprefix('http://')}/simplefin".encode())


def _within(asked: Asked, transactions: object) -> list[object]:
    end = int(asked.one("end-date"))
    start = max(int(asked.one("start-date")), end - WINDOW_SECONDS_MAX)
    rows = transactions if isinstance(transactions, list) else []
    return [each for each in rows if not _posted(each) or start <= _posted(each) < end]


def _posted(row: object) -> int:
    value = row.get("posted", 0) if isinstance(row, dict) else 0
    return value if isinstance(value, int) else 0
