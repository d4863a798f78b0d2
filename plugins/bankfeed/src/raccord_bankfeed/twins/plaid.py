"""A twin of Plaid: pages on which a person signs in, accesses to banks, and changes from a cursor on, page by page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from raccord_bankfeed.twins.http import Answered, Asked
from raccord_bankfeed.twins.pages import asked_passcode, through, typed_passcode

Row = dict[str, object]
_NUMBER = re.compile(r'"#(-?[0-9.]+)#"')
CLIENT_ID, SECRET = "client-1", "canary-plaid-secret"


@dataclass(slots=True)
class PlaidTwin:
    """One bank with its accounts; ``log`` of changes in order, a cursor being a place in it."""

    accounts: list[Row] = field(default_factory=list)
    banks: tuple[str, ...] = ("RBC Royal Bank", "Royal Credit Union")
    passcode: str = "4711"
    """What the bank's page wants as a second factor."""
    ready: bool = True
    trouble: str = ""
    """An error code that the bank's access has until the person signs in there again."""
    mutations: int = 0
    """So many times the data changes while it is paged through."""
    late: list[tuple[str, Row]] = field(default_factory=list)
    """Changes that come when that happens."""
    answers: list[Answered] = field(default_factory=list)
    """What is answered to the next questions instead, one each."""
    failing: str = ""
    """What is asked for in vain."""
    away: int = 0
    """What is answered instead to whoever gives an access back."""
    removed: list[str] = field(default_factory=list)
    """Accesses that were given back."""
    consent_ends: str | None = None
    log: list[Asked] = field(default_factory=list)
    changes: list[tuple[str, Row]] = field(default_factory=list)
    access: str = ""
    made: int = 0
    links: dict[str, Row] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def answer(self, asked: Asked) -> Answered:
        """Answer as Plaid does."""
        self.log.append(asked)
        if asked.path.startswith("/hl/"):
            return self._page(asked)
        said = json.loads(asked.body, parse_float=Decimal)
        keys = {name.casefold(): value for name, value in asked.headers.items()}
        if (keys.get("plaid-client-id"), keys.get("plaid-secret")) != (CLIENT_ID, SECRET):
            return error("INVALID_INPUT", "INVALID_API_KEYS", "invalid client_id or secret provided")
        if asked.path == self.failing:
            return Answered(status=500)
        if self.answers:
            return self.answers.pop(0)
        match asked.path:
            case "/institutions/search":
                found = [each for each in self.banks if said["query"].casefold() in each.casefold()]
                return _said({"institutions": [{"institution_id": f"ins_{each}", "name": each} for each in found]})
            case "/link/token/create":
                return self._link(said)
            case "/link/token/get":
                if said["link_token"] not in self.links:
                    return error("INVALID_INPUT", "INVALID_LINK_TOKEN", "the link token has expired")
                return _said({"link_token": said["link_token"], "link_sessions": self.links[said["link_token"]]["is"]})
            case "/item/public_token/exchange":
                return self._exchange(said["public_token"])
        if said.get("access_token") != self.access or not self.access:
            return error("ITEM_ERROR", "ITEM_NOT_FOUND", "The Item you requested cannot be found")
        match asked.path:
            case "/item/get":
                item = {
                    "item_id": f"item-{self.made}", "institution_id": "ins_1", "institution_name": "Banque Test",
                    "consent_expiration_time": self.consent_ends,
                    "error": _error("ITEM_ERROR", self.trouble, "sign in again") if self.trouble else None,
                }  # fmt: skip
                return _said({"item": item})
            case "/item/remove":
                if self.away:
                    return error("API_ERROR", "INTERNAL_SERVER_ERROR", "an unexpected error occurred", self.away)
                self.removed.append(self.access)
                self.access = ""
                return _said({"request_id": f"r{len(self.log)}"})
            case "/accounts/get":
                return _said({"accounts": self.accounts})
            case "/transactions/sync":
                return self._sync(said)
            case _:
                return error("INVALID_REQUEST", "UNKNOWN_FIELDS", "no such endpoint")

    def type_at_the_bank(self, passcode: str) -> bool:
        """Do what a person does on the last page: sign in at the bank; a wrong second factor can be given again."""
        link = list(self.links.values())[-1]
        session: Row = {"link_session_id": "session", "started_at": "2026-06-30T16:00:00Z"}
        link["is"] = [session]
        if passcode != self.passcode:
            session["events"] = [{"event_name": "SUBMIT_MFA"}]
            return False
        session["finished_at"] = "2026-06-30T16:05:00Z"
        self.trouble = ""
        if not link["renews"]:
            session["results"] = {"item_add_results": [{"public_token": f"public-{len(self.links)}"}]}
        return True

    def leave_the_page(self) -> None:
        """Close the last page before the end."""
        exit_ = {"error": _error("ITEM_ERROR", "INVALID_MFA", "the code was wrong"), "metadata": {"status": "x"}}
        list(self.links.values())[-1]["is"] = [{"finished_at": "2026-06-30T16:05:00Z", "exit": exit_}]

    def _page(self, asked: Asked) -> Answered:
        """Answer a browser on the last page, which no key opens."""
        if asked.path != f"/hl/link-token-{len(self.links)}":
            return Answered(status=404)
        if asked.method == "GET":
            return asked_passcode()
        if self.type_at_the_bank(typed_passcode(asked)):
            return through("Your accounts are linked. You may close this page.")
        return asked_passcode("The code was wrong.")

    def _link(self, said: Row) -> Answered:
        if ("access_token" in said) == ("products" in said) or not said["user"]:
            return error("INVALID_REQUEST", "INVALID_FIELD", "products and access_token exclude each other")
        token = f"link-token-{len(self.links) + 1}"
        self.links[token] = {"renews": "access_token" in said, "is": []}
        return _said({"link_token": token, "hosted_link_url": f"https://secure.plaid.com/hl/{token}"})

    def _exchange(self, public: str) -> Answered:
        if not self.links or public in self.used or public != f"public-{len(self.links)}":
            return error("INVALID_INPUT", "INVALID_PUBLIC_TOKEN", "the public token was used or has expired")
        self.used.add(public)
        self.made += 1
        self.access = f"access-{self.made}-canary"
        return _said({"access_token": self.access, "item_id": f"item-{self.made}"})

    def _sync(self, said: Row) -> Answered:
        if self.trouble:
            return error("ITEM_ERROR", self.trouble, "the login details of this item have changed")
        if not self.ready:
            nothing = {"added": [], "modified": [], "removed": [], "next_cursor": "", "has_more": False}
            return _said({**nothing, "accounts": self.accounts, "transactions_update_status": "NOT_READY"})
        count = int(str(said["count"]))
        item, place, paging = str(said.get("cursor") or f"item-{self.made}/0/new").split("/")
        if item != f"item-{self.made}":
            return error("INVALID_REQUEST", "INVALID_FIELD", "cursor not associated with access_token")
        start, anew = int(place), paging in ("new", "new-page")
        if paging in ("page", "new-page") and self.mutations:
            self.mutations -= 1
            self.changes += self.late
            self.late = []
            return error("TRANSACTIONS_ERROR", "TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION", "restart")
        told = _since_beginning(self.changes) if anew else self.changes
        page, more = told[start : start + count], start + count < len(told)
        following = f"{start + count}/{'new-page' if anew else 'page'}" if more else f"{len(self.changes)}/on"
        answer: Row = {kind: [row for each, row in page if each == kind] for kind in ("added", "modified", "removed")}
        return _said(
            {
                **answer, "accounts": self.accounts, "next_cursor": f"item-{self.made}/{following}", "has_more": more,
                "transactions_update_status": "HISTORICAL_UPDATE_COMPLETE", "request_id": f"r{len(self.log)}",
            }
        )  # fmt: skip


def _since_beginning(changes: list[tuple[str, Row]]) -> list[tuple[str, Row]]:
    """Return what there is, each once as it is now: who asks from the beginning never hears of what is gone."""
    rows: dict[object, Row] = {}
    for kind, row in changes:
        rows.pop(row["transaction_id"], None)
        if kind != "removed":
            rows[row["transaction_id"]] = row
    return [("added", row) for row in rows.values()]


def account(key: str, name: str, kind: str = "depository", current: str = "100.25", mask: str = "6789") -> Row:
    """Return an account as Plaid tells it."""
    balances = {"current": _number(current), "available": 90, "iso_currency_code": "CAD", "limit": None}
    return {"account_id": key, "name": name, "mask": mask, "type": kind, "subtype": "x", "balances": balances}


def line(key: str, day: date, amount: str, text: str = "CAFE", account_id: str = "ACC-1", **more: object) -> Row:
    """Return a transaction; ``amount`` is Plaid's, money out positive."""
    return {
        "transaction_id": key, "account_id": account_id, "date": day.isoformat(), "amount": _number(amount),
        "name": text,
        "iso_currency_code": "CAD", "unofficial_currency_code": None, "pending": False,
        "pending_transaction_id": None, "merchant_name": None, "original_description": text, **more,
    }  # fmt: skip


def gone(key: str, account_id: str = "ACC-1") -> Row:
    """Return a transaction that is taken back."""
    return {"transaction_id": key, "account_id": account_id}


def error(type_: str, code: str, said: str, status: int = 400) -> Answered:
    """Return an error as Plaid tells it."""
    return Answered(json.dumps(_error(type_, code, said)).encode(), status)


def _error(type_: str, code: str, said: str) -> Row:
    return {"error_type": type_, "error_code": code, "error_message": said, "display_message": None}


def _number(said: str) -> str:
    return f"#{said}#"


def _said(value: object) -> Answered:
    """Answer with JSON in which amounts are numbers, digit by digit as they were given."""
    return Answered(_NUMBER.sub(r"\1", json.dumps(value)).encode())
