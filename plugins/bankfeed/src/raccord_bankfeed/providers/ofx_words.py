"""OFX as a client writes it: sign-on, lists of accounts, statements; and what a server says of each in its answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from raccord_bankfeed.readers.texts import one_line, unescape

_HEADER = (
    "OFXHEADER:100\r\nDATA:OFXSGML\r\nVERSION:{version}\r\nSECURITY:NONE\r\nENCODING:USASCII\r\nCHARSET:1252\r\n"
    "COMPRESSION:NONE\r\nOLDFILEUID:NONE\r\nNEWFILEUID:NONE\r\n\r\n"
)
_XML_HEADER = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\r\n'
    '<?OFX OFXHEADER="200" VERSION="{version}" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\r\n'
)
APPLICATION, APPLICATION_VERSION = "QWIN", "2700"
"""What servers ask to be told; they refuse programs that they do not know."""
_LEAF = re.compile(r"<([A-Z0-9.]+)>([^<\r\n]*)")
_DEPTH_CHARS_MAX = 512 * 1024

Leaves = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one version: leaves of OFX 1 have no end, those of OFX 2 do."""

    version: str

    def leaf(self, name: str, value: str) -> str:
        """Return a leaf, or nothing where there is no value."""
        if not value:
            return ""
        text = one_line(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<{name}>{text}" + (f"</{name}>" if self.version >= "200" else "\r\n")

    def group(self, name: str, *inner: str) -> str:
        """Return an aggregate."""
        return f"<{name}>{''.join(inner)}</{name}>\r\n"

    def leaves(self, leaves: Leaves) -> str:
        return "".join(self.leaf(name, value) for name, value in leaves)

    def request(self, *inner: str) -> bytes:
        """Return a whole request."""
        header = _XML_HEADER if self.version >= "200" else _HEADER
        text = header.format(version=self.version) + self.group("OFX", *inner)
        return text.encode("utf-8" if self.version >= "200" else "cp1252", "xmlcharrefreplace")


@dataclass(frozen=True, slots=True)
class SignOn:
    """Who asks; ``answers`` are those to a second factor, by the id of its phrase."""

    user: str
    password: str
    org: str
    fid: str
    client: str
    access_key: str = ""
    token: str = ""
    answers: tuple[tuple[str, str], ...] = ()

    def write(self, writer: Writer, now: datetime, *after: str) -> str:
        """Return the part of a request that signs on, in the order that the standard wants."""
        finds_client = writer.version not in ("102", "151", "160", "200", "201", "202")
        about = self.leaves_of_client() if finds_client else ()
        phrases = [
            writer.group("MFACHALLENGEANSWER", writer.leaves((("MFAPHRASEID", key), ("MFAPHRASEA", said))))
            for key, said in self.answers
        ]
        fi = writer.leaves((("ORG", self.org), ("FID", self.fid)))
        return writer.group(
            "SIGNONMSGSRQV1",
            writer.group(
                "SONRQ",
                writer.leaves(
                    (
                        ("DTCLIENT", f"{now:%Y%m%d%H%M%S}"), ("USERID", self.user), ("USERPASS", self.password),
                        ("LANGUAGE", "ENG"),
                    )
                ),
                writer.group("FI", fi) if fi else "",
                writer.leaves((("APPID", APPLICATION), ("APPVER", APPLICATION_VERSION), *about)),
                *(phrases if finds_client else ()),
            ),
            *after,
        )  # fmt: skip

    def leaves_of_client(self) -> Sequence[tuple[str, str]]:
        return (("CLIENTUID", self.client), ("AUTHTOKEN", self.token), ("ACCESSKEY", self.access_key))


def list_request(writer: Writer, sign_on: SignOn, now: datetime, uid: str) -> bytes:
    """Return a request for the accounts of a customer."""
    asked = writer.group("ACCTINFORQ", writer.leaf("DTACCTUP", "19700101000000"))
    wrapped = writer.group("ACCTINFOTRNRQ", writer.leaf("TRNUID", uid), asked)
    return writer.request(sign_on.write(writer, now), writer.group("SIGNUPMSGSRQV1", wrapped))


def challenge_request(writer: Writer, sign_on: SignOn, now: datetime, uid: str) -> bytes:
    """Return a request for the questions of a second factor."""
    asked = writer.group("MFACHALLENGERQ", writer.leaf("DTCLIENT", f"{now:%Y%m%d%H%M%S}"))
    wrapped = writer.group("MFACHALLENGETRNRQ", writer.leaf("TRNUID", uid), asked)
    return writer.request(sign_on.write(writer, now, wrapped))


def statement_request(
    writer: Writer,
    sign_on: SignOn,
    now: datetime,
    uid: str,
    accounts: Sequence[Mapping[str, str]],
    days: tuple[date, date],
) -> bytes:
    """Return a request for the lines of bank and card accounts, from the first day to the last."""
    span = writer.group(
        "INCTRAN",
        writer.leaves((("DTSTART", f"{days[0]:%Y%m%d}"), ("DTEND", f"{days[1]:%Y%m%d}235959"), ("INCLUDE", "Y"))),
    )
    banks: list[str] = []
    cards: list[str] = []
    for number, ids in enumerate(accounts, 1):
        card = not ids.get("ACCTTYPE")
        names = ("ACCTID",) if card else ("BANKID", "BRANCHID", "ACCTID", "ACCTTYPE")
        named = writer.group(
            "CCACCTFROM" if card else "BANKACCTFROM", writer.leaves((name, ids.get(name, "")) for name in names)
        )
        kind = "CCSTMT" if card else "STMT"
        asked = writer.group(
            f"{kind}TRNRQ", writer.leaf("TRNUID", f"{uid}-{number}"), writer.group(f"{kind}RQ", named, span)
        )
        (cards if card else banks).append(asked)
    return writer.request(
        sign_on.write(writer, now),
        writer.group("BANKMSGSRQV1", *banks) if banks else "",
        writer.group("CREDITCARDMSGSRQV1", *cards) if cards else "",
    )


class Status(NamedTuple):
    """What a server says of a request: 0 is well."""

    code: int
    message: str


def answer_text(answer: bytes) -> str:
    """Return the beginning of an answer, in which all but statements stands."""
    head = answer[:_DEPTH_CHARS_MAX]
    try:
        return head.decode()
    except UnicodeDecodeError:
        return head.decode("cp1252", "replace")


def status_of(text: str, name: str) -> Status | None:
    """Return the status of an aggregate; nothing where there is none."""
    start = text.find(f"<{name}>")
    end = text.find("</STATUS>", start)
    if start < 0 or end < 0:
        return None
    read = dict(_LEAF.findall(text[start:end]))
    code = read.get("CODE", "").strip()
    return (
        Status(int(code), one_line(unescape(read.get("MESSAGE", "")))) if code.isdecimal() and len(code) < 8 else None
    )


def leaf_of(text: str, name: str) -> str:
    """Return the first leaf of a name, or nothing."""
    start = text.find(f"<{name}>")
    if start < 0:
        return ""
    found = _LEAF.match(text, start)
    return one_line(unescape(found[2])) if found else ""


def groups_of(text: str, name: str) -> list[str]:
    """Return what stands between the beginnings and ends of aggregates of a name."""
    return [each.partition(f"</{name}>")[0] for each in text.split(f"<{name}>")[1:]]


def leaves_of(text: str) -> dict[str, str]:
    """Return the leaves of an aggregate; what it says twice, the first time."""
    found: dict[str, str] = {}
    for name, value in _LEAF.findall(text):
        if value.strip():
            found.setdefault(name, one_line(unescape(value)))
    return found
