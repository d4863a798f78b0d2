"""Which tax goes with an account of money spent or given back: as its last lines say, else as QuickBooks has it; pure.

It is shown beside the account with its reason, and written only where the account is accepted with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from raccord.overview.lines.last_time import LastTime
from raccord.overview.questions import Candidate
from raccord.sync.lines.treatments import TREATMENT, Treated

LINES = 5
"""Last lines of an account that are looked at."""
SURE = 3
"""So many that agree say more than QuickBooks' own default of the account."""


class TaxFrom(StrEnum):
    """Who says which tax goes with an account."""

    LAST_TIME = "last_time"
    """The last line with the same text."""
    CATEGORY = "category"
    """The account's last lines."""
    QUICKBOOKS = "quickbooks"
    """QuickBooks' default of the account."""


@dataclass(frozen=True, slots=True)
class UsualTax:
    """A tax code with who says it; without an id it is said that there is none."""

    id: str
    name: str
    origin: TaxFrom
    lines: int = 0
    """How many last lines say so."""


def usual_taxes(
    accounts: Iterable[Candidate],
    taxes: Sequence[Candidate],
    answers: Iterable[Mapping[str, Any]],
    last: LastTime | None,
) -> dict[str, UsualTax]:
    """Return by account what is said of its tax; ``answers`` are those of closed questions, the newest first.

    What is inactive by now is never among ``taxes``, and not said. Of an account where last lines differ and QuickBooks
    has no default, nothing is.
    """
    names = {"": "", **{each.id: each.name for each in taxes}}
    said = _said(answers)
    found: dict[str, UsualTax] = {}
    for account in accounts:
        codes = said.get(account.id, [])
        agreed = bool(codes) and len(set(codes)) == 1 and codes[0] in names
        default = account.tax_code if account.tax_code in names else ""
        if last is not None and last.account.id == account.id and last.tax_code in names:
            found[account.id] = UsualTax(last.tax_code, names[last.tax_code], TaxFrom.LAST_TIME)
        elif agreed and (len(codes) >= SURE or not default):
            found[account.id] = UsualTax(codes[0], names[codes[0]], TaxFrom.CATEGORY, len(codes))
        elif default:
            found[account.id] = UsualTax(default, names[default], TaxFrom.QUICKBOOKS)
    return found


def _said(answers: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return by account the tax codes of its last lines of money spent; money received mostly bears none."""
    found: dict[str, list[str]] = {}
    for answer in answers:
        treatment = answer.get(TREATMENT)
        if not isinstance(treatment, Mapping) or treatment.get("kind") not in (Treated.CATEGORY, Treated.SPLIT):
            continue
        if str(treatment.get("of", "")).endswith(" bank"):
            continue
        for part in treatment.get("parts", ()):
            codes = found.setdefault(str(part["account"]), [])
            if len(codes) < LINES:
                codes.append(str(part.get("tax_code", "")))
    return found
