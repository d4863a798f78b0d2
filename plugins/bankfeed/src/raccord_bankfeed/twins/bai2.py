"""The twin writes the same statements as BAI2 files, with the control totals that belong to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal

from raccord_bankfeed.twins.bank import MadeAccount, MadeLine


def bai2_chunks(
    account: MadeAccount,
    lines: Iterable[MadeLine],
    *,
    decimals: int = 2,
    opening: Decimal = Decimal("100.00"),
    funds: str = "V,260314,,",
    text_width: int = 40,
    newline: str = "\r\n",
    day: date = date(2026, 3, 14),
    wrong_by: int = 0,
) -> Iterator[bytes]:
    """Yield a file piece by piece, a transaction a piece; its lines are of one ``day``, as the format wants it."""

    def encoded(*rows: str) -> bytes:
        return "".join(row + newline for row in rows).encode()

    units = int(opening.scaleb(decimals))
    yield encoded(
        f"01,BANK,COMPANY,{day:%y%m%d},0900,1,,,2/",
        f"02,COMPANY,BANK,1,{day:%y%m%d},2359,{account.currency},2/",
        f"03,{account.number},,010,{units:+d},,/",
    )
    control, records = units, 2
    for line in lines:
        amount = abs(int(line.amount.scaleb(decimals)))
        control += amount
        text = f"{line.name} {line.memo}".strip()
        parts = [text[at : at + text_width] for at in range(0, len(text), text_width)] or [""]
        code = line.type if line.type.isdigit() else "195" if line.amount >= 0 else "475"
        yield encoded(
            f"16,{code},{amount},{funds}{line.native},{line.reference},{parts[0]}/",
            *(f"88,{part}/" for part in parts[1:]),
        )
        records += len(parts)
    yield encoded(
        f"49,{control + wrong_by:+d},{records}/",
        f"98,{control:+d},1,{records + 2}/",
        f"99,{control:+d},1,{records + 4}/",
    )
