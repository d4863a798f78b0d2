"""The twin writes the same statements as CAMT messages, of any version and with any prefix."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from raccord_bankfeed.twins.bank import MadeAccount, MadeLine

_ROOTS = {
    "052": ("BkToCstmrAcctRpt", "Rpt"),
    "053": ("BkToCstmrStmt", "Stmt"),
    "054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"),
}
_TAG = re.compile(r"<(/?)")


def camt_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    message: str = "053",
    version: str = "08",
    prefix: str = "",
    pending: Sequence[MadeLine] = (),
    total: Decimal | None = None,
    opening: Decimal = Decimal("100.00"),
    times: bool = False,
    charset: str = "utf-8",
) -> Iterator[bytes]:
    """Yield a message piece by piece, an entry a piece; ``total`` (of the lines) makes balances stand in it."""
    root, statement = _ROOTS[message]
    tag = f"{prefix}:" if prefix else ""
    spaces = f"xmlns{':' + prefix if prefix else ''}"
    space = quoteattr(f"urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}")

    def xml(text: str) -> bytes:
        return _TAG.sub(rf"<\1{tag}", text).encode(charset)

    yield f'<?xml version="1.0" encoding="{charset}"?>\n<{tag}Document {spaces}={space}>\n'.encode(charset)
    yield xml(f"<{root}>\n<GrpHdr><MsgId>M-1</MsgId></GrpHdr>\n<{statement}><Id>S-1</Id>")
    name = "IBAN" if account.number[:2].isalpha() else "Id"
    number = f"<{name}>{account.number}</{name}>"
    number = number if name == "IBAN" else f"<Othr>{number}</Othr>"
    yield xml(f"<Acct><Id>{number}</Id><Ccy>{account.currency}</Ccy></Acct>\n")
    if total is not None:
        yield xml(_balance("OPBD", opening, account.currency) + _balance("CLBD", opening + total, account.currency))
    for line in lines:
        yield xml(_entry(line, account.currency, "BOOK", version, times=times))
    for line in pending:
        yield xml(_entry(line, account.currency, "PDNG", version, times=times))
    yield xml(f"</{statement}></{root}></Document>\n")


def _balance(code: str, amount: Decimal, currency: str) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(amount, currency)}"
        f"<Dt><Dt>2026-03-31</Dt></Dt></Bal>\n"
    )


def _money(amount: Decimal, currency: str) -> str:
    direction = "CRDT" if amount >= 0 else "DBIT"
    return f'<Amt Ccy="{currency}">{abs(amount):f}</Amt><CdtDbtInd>{direction}</CdtDbtInd>'


def _entry(line: MadeLine, currency: str, status: str, version: str, *, times: bool) -> str:
    state = f"<Cd>{status}</Cd>" if version >= "08" else status
    role, party = ("Dbtr", "<Pty><Nm>{}</Nm></Pty>") if line.amount >= 0 else ("Cdtr", "<Pty><Nm>{}</Nm></Pty>")
    name = (party if version >= "08" else "<Nm>{}</Nm>").format(escape(line.name))
    reference = f"<AcctSvcrRef>{escape(line.native)}</AcctSvcrRef>" if line.native else ""
    end_to_end = escape(line.reference or "NOTPROVIDED")
    return (
        f"<Ntry>{_money(line.amount, currency)}<Sts>{state}</Sts><BookgDt>{_day(line.day, times)}</BookgDt>{reference}"
        f"<NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs><RltdPties><{role}>{name}</{role}>"
        f"</RltdPties><RmtInf><Ustrd>{escape(line.memo)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>\n"
    )


def _day(day: date, times: bool) -> str:
    return f"<DtTm>{day.isoformat()}T23:30:00-05:00</DtTm>" if times else f"<Dt>{day.isoformat()}</Dt>"
