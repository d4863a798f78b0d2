"""Writes the statement of the bank account that Chase pays into, as OFX 2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from raccord_chase.sandbox.story import Report

OPENING_BALANCE = Decimal("10000.00")


def statement(reports: Sequence[Report], currency: str) -> str:
    """Return the statement: one line a transfer; a settlement of nothing leaves no trace at the bank."""
    entries = sorted(_entries(reports))
    balance = OPENING_BALANCE + sum((amount for _, amount, _, _ in entries), Decimal(0))
    lines = "".join(
        f"<STMTTRN><TRNTYPE>{'CREDIT' if amount > 0 else 'DEBIT'}</TRNTYPE><DTPOSTED>{day:%Y%m%d}</DTPOSTED>"
        f"<TRNAMT>{amount}</TRNAMT><FITID>{fitid}</FITID><NAME>{name}</NAME></STMTTRN>\n"
        for day, amount, fitid, name in entries
    )
    first, last = (entries[0][0], entries[-1][0]) if entries else (reports[0].start, reports[-1].end)
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        '<?OFX OFXHEADER="200" VERSION="211" SECURITY="NONE" OLDFILEUID="NONE" NEWFILEUID="NONE"?>\n'
        "<OFX><SIGNONMSGSRSV1><SONRS><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>"
        f"<DTSERVER>{last:%Y%m%d}</DTSERVER><LANGUAGE>ENG</LANGUAGE></SONRS></SIGNONMSGSRSV1>\n"
        "<BANKMSGSRSV1><STMTTRNRS><TRNUID>1</TRNUID><STATUS><CODE>0</CODE><SEVERITY>INFO</SEVERITY></STATUS>\n"
        f"<STMTRS><CURDEF>{currency}</CURDEF><BANKACCTFROM><BANKID>000100012</BANKID><ACCTID>1234</ACCTID>"
        "<ACCTTYPE>CHECKING</ACCTTYPE></BANKACCTFROM>\n"
        f"<BANKTRANLIST><DTSTART>{first:%Y%m%d}</DTSTART><DTEND>{last:%Y%m%d}</DTEND>\n{lines}</BANKTRANLIST>\n"
        f"<LEDGERBAL><BALAMT>{balance}</BALAMT><DTASOF>{last:%Y%m%d}</DTASOF></LEDGERBAL>"
        "</STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )


def _entries(reports: Sequence[Report]) -> Iterator[tuple[date, Decimal, str, str]]:
    for report in reports:
        if report.net:
            yield report.funded, report.net, f"CH{report.transfer}", "CHASE MERCHANT SERVICES"
        if report.charge:
            yield report.funded, -report.charged, f"CH{report.charge_transfer}", "CHASE MERCHANT FEES"
