"""A twin of Enable Banking: tokens signed by an application, banks by country, consents that end, accounts in pages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from raccord_bankfeed.twins.http import Answered, Asked
from raccord_bankfeed.twins.pages import asked_passcode, sent_on, typed_passcode

Row = dict[str, object]
APPLICATION, RETURN = "app-1", "https://books.example.com/back"
BANKS = (("Crédit Agricole Paris", 180), ("Crédit Agricole Nord", 90), ("BNP Paribas", 90))


@dataclass(slots=True)
class EnableBankingTwin:
    """``lines`` are the transactions of each account by its place; a person consents by ``consent_at_the_bank``."""

    key: RSAKey
    now: datetime
    lines: list[list[Row]] = field(default_factory=lambda: [[], []])
    passcode: str = "4711"
    history_days: int = 90
    page_size: int = 50
    back: str = RETURN
    """The redirect URL that the application has."""
    looks_a_day: int = 4
    """How often an account's transactions may be asked for in a day; pages count once."""
    troubles: dict[str, Answered] = field(default_factory=dict)
    """What is answered to questions whose path ends so."""
    log: list[Asked] = field(default_factory=list)
    auth: Row = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    sessions: int = 0
    status: str = "AUTHORIZED"
    ends: datetime | None = None
    looks: dict[tuple[str, date], int] = field(default_factory=dict)

    def answer(self, asked: Asked) -> Answered:
        """Answer as Enable Banking does."""
        self.log.append(asked)
        if asked.path == "/welcome":
            # The bank's own page, which a browser opens without a token.
            return (
                asked_passcode() if asked.method == "GET" else sent_on(self.consent_at_the_bank(typed_passcode(asked)))
            )
        if not self._known(asked.headers.get("Authorization", "").removeprefix("Bearer ")):
            return error(401, "UNAUTHORIZED_ACCESS")
        for path, answered in self.troubles.items():
            if asked.path.endswith(path):
                return answered
        said = json.loads(asked.body or b"{}", parse_float=Decimal)
        match asked.method, asked.path.split("/")[1:]:
            case "GET", ["aspsps"]:
                banks = [(name, days) for name, days in BANKS if asked.one("country") == "FR"]
                told = [
                    {"name": name, "country": "FR", "maximum_consent_validity": days * 86_400} for name, days in banks
                ]
                return _said({"aspsps": told})
            case "POST", ["auth"]:
                return self._auth(said)
            case "POST", ["sessions"]:
                return self._session(str(said["code"]))
            case "GET", ["sessions", session]:
                if session != f"session-{self.sessions}" or self._over():
                    return error(401, "EXPIRED_SESSION")
                return _said({"status": self.status, "access": {"valid_until": str(self.ends)}})
            case "DELETE", ["sessions", session]:
                if session != f"session-{self.sessions}" or self._over():
                    return error(401, "EXPIRED_SESSION")
                self.status = "CLOSED"
                return _said({"message": "OK"})
            case "GET", ["accounts", uid, what]:
                return self._account(asked, uid, what)
            case _:
                return error(404, "NOT_FOUND")

    def consent_at_the_bank(self, passcode: str) -> str:
        """Do what a person does on the bank's page; return the address on which they end."""
        if passcode != self.passcode:
            refused = {"error": "access_denied", "error_description": "Wrong code", "state": self.auth["state"]}
            return f"{self.back}?{urlencode(refused)}"
        code = f"code-{len(self.codes) + 1}"
        self.codes.add(code)
        return f"{self.back}?{urlencode({'state': self.auth['state'], 'code': code})}"

    def _known(self, token: str) -> bool:
        try:
            read = jwt.decode(token, self.key, algorithms=["RS256"])
        except (JoseError, ValueError):
            return False
        claims = read.claims
        lasts = int(claims["exp"]) - int(claims["iat"])
        right = (claims["iss"], claims["aud"]) == ("enablebanking.com", "api.enablebanking.com")
        return right and read.header.get("kid") == APPLICATION and 0 < lasts <= timedelta(1).total_seconds()

    def _over(self) -> bool:
        return self.ends is None or self.now >= self.ends or self.status != "AUTHORIZED"

    def _auth(self, said: Row) -> Answered:
        access, bank = said["access"], said["aspsp"]
        if said["redirect_url"] != self.back:
            return error(422, "REDIRECT_URI_NOT_ALLOWED")
        if not isinstance(access, dict) or not isinstance(bank, dict) or bank["name"] not in dict(BANKS):
            return error(422, "WRONG_ASPSP_PROVIDED")
        until = datetime.fromisoformat(str(access["valid_until"]))
        if until > self.now + timedelta(dict(BANKS)[bank["name"]]):
            return error(422, "WRONG_REQUEST_PARAMETERS")
        self.auth = {"state": said["state"], "until": until}
        return _said({"url": "https://tilisy.enablebanking.com/welcome?sessionid=x", "authorization_id": "a"})

    def _session(self, code: str) -> Answered:
        if code not in self.codes:
            return error(422, "WRONG_AUTHORIZATION_CODE")
        self.codes.discard(code)
        self.sessions += 1
        until = self.auth["until"]
        self.ends, self.status = until if isinstance(until, datetime) else None, "AUTHORIZED"
        return _said(
            {
                "session_id": f"session-{self.sessions}", "access": {"valid_until": str(until)},
                "accounts": [self._told(place) for place in range(len(self.lines))],
            }
        )  # fmt: skip

    def _told(self, place: int) -> Row:
        card = place > 0
        return {
            "uid": f"uid-{self.sessions}-{place}", "identification_hash": f"hash-{place}", "currency": "CAD",
            "account_id": {"iban": None if card else "FR7630006000011234567890189"}, "name": "Ana Roy",
            "details": "Carte Pro" if card else "Compte courant", "cash_account_type": "CARD" if card else "CACC",
        }  # fmt: skip

    def _account(self, asked: Asked, uid: str, what: str) -> Answered:
        _, session, place = uid.split("-")
        if self._over():
            return error(401, "EXPIRED_SESSION")
        if int(session) != self.sessions or int(place) >= len(self.lines):
            return error(404, "ACCOUNT_DOES_NOT_EXIST")
        if what == "balances":
            booked = {"balance_type": "CLBD", "balance_amount": {"amount": "1250.75", "currency": "CAD"}}
            at_hand = {"balance_type": "ITAV", "balance_amount": {"amount": "1200.00", "currency": "CAD"}}
            return _said({"balances": [at_hand, booked | {"reference_date": "2026-06-29"}]})
        first, last = (date.fromisoformat(asked.one(name)) for name in ("date_from", "date_to"))
        if (self.now.date() - first).days > self.history_days:
            return error(422, "WRONG_TRANSACTIONS_PERIOD")
        start = int(asked.one("continuation_key") or 0)
        if not start:
            looks = self.looks[uid, self.now.date()] = self.looks.get((uid, self.now.date()), 0) + 1
            if looks > self.looks_a_day:
                return error(429, "ASPSP_RATE_LIMIT_EXCEEDED")
        found = [each for each in self.lines[int(place)] if first.isoformat() <= _day(each) <= last.isoformat()]
        following = str(start + self.page_size) if start + self.page_size < len(found) else None
        return _said({"transactions": found[start : start + self.page_size], "continuation_key": following})


def line(key: str | None, day: date, amount: str, text: str = "CAFE", *, status: str = "BOOK", **more: object) -> Row:
    """Return a transaction; ``amount`` is signed here, as nowhere at Enable Banking."""
    out = amount.startswith("-")
    party: Row = {"name": text}
    return {
        "entry_reference": key, "transaction_amount": {"currency": "CAD", "amount": amount.removeprefix("-")},
        "credit_debit_indicator": "DBIT" if out else "CRDT", "status": status, "booking_date": day.isoformat(),
        "value_date": day.isoformat(), "creditor": party if out else None, "debtor": None if out else party,
        "remittance_information": [f"PAIEMENT {text}"], **more,
    }  # fmt: skip


def error(status: int, code: str) -> Answered:
    """Return an error as Enable Banking tells it."""
    return Answered(json.dumps({"code": status, "message": f"{code} it is", "error": code}).encode(), status)


def _day(row: Row) -> str:
    return str(row["booking_date"] or row["value_date"])


def _said(value: object) -> Answered:
    return Answered(json.dumps(value).encode())
