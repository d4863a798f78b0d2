"""The twin writes the same statements as MT940 and MT942 messages, in the dialects of ``:86:``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from enum import StrEnum

from raccord_bankfeed.twins.bank import MadeAccount, MadeLine

_WIDTH = 27
"""How many characters a German subfield holds."""


class Information(StrEnum):
    """How a bank writes ``:86:``."""

    GERMAN = "german"
    SLASHED = "slashed"
    FREE = "free"


def mt940_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    total: Decimal | None = None,
    opening: Decimal = Decimal("100.00"),
    information: Information = Information.GERMAN,
    number: str = "00000/001",
    envelope: bool = False,
    newline: str = "\r\n",
    charset: str = "utf-8",
) -> Iterator[bytes]:
    """Yield one message piece by piece, a line a piece; ``total`` (of the lines) closes it with a balance."""

    def encoded(*rows: str) -> bytes:
        return "".join(row + newline for row in rows).encode(charset)

    if envelope:
        yield encoded("{1:F01ASNBNL21XXXX0000000000}{2:O940ASNBNL21XXXXN}{3:}{4:")
    yield encoded(":20:STARTUMS", f":25:{account.number}", f":28C:{number}", f":60F:{_balance(opening, account)}")
    for line in lines:
        mark = "C" if line.amount >= 0 else "D"
        amount = f"{abs(line.amount):f}".replace(".", ",")
        amount += "" if "," in amount else ","
        bank = f"//{line.native}" if line.native else ""
        yield encoded(
            f":61:{line.day:%y%m%d}{line.day:%m%d}{mark}{amount}NTRF{line.reference or 'NONREF'}{bank}",
            *_information(line, information),
        )
    if total is not None:
        yield encoded(f":62F:{_balance(opening + total, account)}")
    yield encoded("-}{5:}" if envelope else "-")


def _balance(amount: Decimal, account: MadeAccount) -> str:
    mark = "C" if amount >= 0 else "D"
    return f"{mark}260331{account.currency}{abs(amount):f}".replace(".", ",")


def _information(line: MadeLine, information: Information) -> list[str]:
    match information:
        case Information.GERMAN:
            text = f"SVWZ+{line.memo}"
            parts = [text[at : at + _WIDTH] for at in range(0, len(text), _WIDTH)]
            purpose = "".join(f"?{20 + number}{part}" for number, part in enumerate(parts))
            whole = f":86:166?00GUTSCHRIFT?100399{purpose}?32{line.name[:_WIDTH]}?33{line.name[_WIDTH:]}"
        case Information.SLASHED:
            whole = (
                f":86:/TRTP/SEPA OVERBOEKING/IBAN/NL26VAYB8060476890/NAME/{line.name}/REMI/{line.memo}/EREF/NOTPROVIDED"
            )
        case Information.FREE:
            whole = f":86:{line.name} {line.memo}"
    return [whole[at : at + 65] for at in range(0, len(whole), 65)] if information is Information.GERMAN else [whole]
