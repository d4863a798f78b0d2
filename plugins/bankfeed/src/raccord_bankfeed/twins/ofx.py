"""A twin of a bank's OFX server: sign-on, a second factor, the list of accounts and statements of some days."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date

from raccord_bankfeed.twins.bank import Dialect, Header, MadeAccount, MadeLine, statement_file
from raccord_bankfeed.twins.http import Answered, Asked


@dataclass(slots=True)
class OfxTwin:
    """Knows one customer; ``factor`` holds the questions of a second factor with their answers."""

    accounts: list[tuple[MadeAccount, str, list[MadeLine]]] = field(default_factory=list)
    user: str = "marie"
    password: str = "s&cret<1>"  # noqa: S105 - of a twin
    factor: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By the id of the phrase: its words and the answer."""
    token: str = ""
    """A code that works once, asked of a program that is not known."""
    gives_key: bool = True
    """Whether the second factor gives a key for later; else the program is remembered."""
    status: int = 0
    """What is said of every request instead, if not 0."""
    known: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    body: bytes = b""
    """What is answered instead of OFX, if anything."""

    def answer(self, asked: Asked) -> Answered:
        """Answer one request."""
        text = asked.body.decode("cp1252")
        self.log.append(text)
        if self.body:
            return Answered(self.body)
        if asked.headers.get("Content-Type") != "application/x-ofx":
            return Answered(status=400)
        code = self.status or self._sign_on(text)
        if "<MFACHALLENGERQ>" in text and code in (0, 3000):
            asks = "".join(
                _group("MFACHALLENGE", _leaf("MFAPHRASEID", key), _leaf("MFAPHRASELABEL", words))
                for key, (words, _) in self.factor.items()
            )
            inner = _group("MFACHALLENGETRNRS", _leaf("TRNUID", "1"), _status(0), _group("MFACHALLENGERS", asks))
            return self._answered(0, inner, "")
        if code:
            return self._answered(code, "", "")
        key = _leaf("ACCESSKEY", "key-for-later") if self.factor and self.gives_key else ""
        if "<ACCTINFORQ>" in text:
            infos = "".join(map(self._info, self.accounts))
            listed = _group("ACCTINFOTRNRS", _leaf("TRNUID", "1"), _status(0), _group("ACCTINFORS", infos))
            return self._answered(0, "", key, _group("SIGNUPMSGSRSV1", listed))
        return Answered(self._statements(text))

    def _sign_on(self, text: str) -> int:
        if (_value(text, "USERID"), _value(text, "USERPASS")) != (self.user, self.password):
            return 15500
        client = _value(text, "CLIENTUID")
        if self.token and client not in self.known:
            if _value(text, "AUTHTOKEN") != self.token:
                return 15513 if _value(text, "AUTHTOKEN") else 15512
            self.known.add(client)
        remembered = client in self.known if not self.gives_key else _value(text, "ACCESSKEY") == "key-for-later"
        if not self.factor or remembered:
            return 0
        given = dict(zip(_values(text, "MFAPHRASEID"), _values(text, "MFAPHRASEA"), strict=True))
        if not given:
            return 3000
        if given != {key: said for key, (_, said) in self.factor.items()}:
            return 3001
        self.known.add(client)
        return 0

    def _statements(self, text: str) -> bytes:
        first, last = (date.fromisoformat(_value(text, name)[:8]) for name in ("DTSTART", "DTEND"))
        numbers = _values(text, "ACCTID")
        files = [
            statement_file(
                account, [each for each in lines if first <= each.day <= last], starts=first, ends=last,
                dialect=Dialect(header=Header.NONE),
            ).decode()
            for account, _, lines in self.accounts
            if account.number in numbers
        ]  # fmt: skip
        inner = "".join(each.partition("</SIGNONMSGSRSV1>")[2].rpartition("</OFX>")[0] for each in files)
        return self._answered(0, "", "", inner).body

    def _info(self, one: tuple[MadeAccount, str, list[MadeLine]]) -> str:
        account, name, _ = one
        if account.card:
            inner = _group("CCACCTINFO", _group("CCACCTFROM", _leaf("ACCTID", account.number)))
        else:
            named = (("BANKID", account.bank), ("BRANCHID", account.branch), ("ACCTID", account.number))
            leaves = "".join(_leaf(*each) for each in (*named, ("ACCTTYPE", account.type)))
            inner = _group("BANKACCTINFO", _group("BANKACCTFROM", leaves), _leaf("SUPTXDL", "Y"))
        return _group("ACCTINFO", _leaf("DESC", name), inner)

    def _answered(self, code: int, signed: str, key: str, *parts: str) -> Answered:
        on = _group("SONRS", _status(code), _leaf("LANGUAGE", "ENG"), key)
        header = "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:103\r\nENCODING:USASCII\r\nCHARSET:1252\r\n\r\n"
        text = header + _group("OFX", _group("SIGNONMSGSRSV1", on, signed), *parts)
        return Answered(text.encode("cp1252"), headers={"Content-Type": "application/x-ofx"})


def three_accounts(lines: list[MadeLine]) -> list[tuple[MadeAccount, str, list[MadeLine]]]:
    """Return a chequing account with lines, a savings account of the same number, and a card."""
    cheque = MadeAccount(number="0123456789")
    return [
        (cheque, "Chequing", [*lines]),
        (replace(cheque, number="9876543210", type="SAVINGS"), "Savings", []),
        (MadeAccount(number="4111111111111111", card=True), "Visa", []),
    ]


def _group(name: str, *inner: str) -> str:
    return f"<{name}>{''.join(inner)}</{name}>\r\n"


def _leaf(name: str, value: str) -> str:
    return f"<{name}>{value}\r\n"


def _status(code: int) -> str:
    return _group("STATUS", _leaf("CODE", str(code)), _leaf("SEVERITY", "ERROR" if code else "INFO"))


def _values(text: str, name: str) -> list[str]:
    found = re.findall(rf"<{name}>([^<\r\n]*)", text)
    return [each.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") for each in found]


def _value(text: str, name: str) -> str:
    return next(iter(_values(text, name)), "")
