"""What the tests of the set-up share beside its fixtures."""

from __future__ import annotations

from sqlalchemy import func, select

from raccord.sync.workshop import Workshop


def count(workshop: Workshop, model: type) -> int:
    with workshop.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def ofx(*accounts: str) -> bytes:
    """Return one file with a statement of one line for each account."""
    statements = "".join(
        "<STMTTRNRS><STMTRS><CURDEF>CAD<BANKACCTFROM><BANKID>0815"
        f"<ACCTID>{account}<ACCTTYPE>CHECKING</BANKACCTFROM><BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT"
        f"<DTPOSTED>20260310<TRNAMT>-12.50<FITID>F{account}<NAME>COFFEE</STMTTRN></BANKTRANLIST></STMTRS></STMTTRNRS>"
        for account in accounts
    )
    return f"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><BANKMSGSRSV1>{statements}</BANKMSGSRSV1></OFX>".encode()
