"""The tax that the panel of a bank line shows beside each account, and that accepting the account writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from raccord.overview.lines.line_choices import LineChoices
from raccord.overview.lines.line_proposals import Proposed
from raccord.overview.lines.usual_taxes import UsualTax
from raccord.overview.questions import Candidate

BESIDE = "beside"
"""Stands for a tax code where the one shown beside the chosen account is meant."""
SHOWN = "taxes_shown"
"""The form's field that says which those were: what is written is what was seen, whatever is usual by then."""


@dataclass(frozen=True, slots=True)
class TaxOffer:
    """What is shown of tax beside the accounts that a panel offers."""

    by_account: Mapping[str, UsualTax] = field(default_factory=dict)
    any: bool = False
    """Whether one of them has a tax; else none is shown beside any, and none is written unless it is chosen."""

    @property
    def shown(self) -> str:
        """Return what a form keeps of it."""
        return " ".join(f"{account}={each.id}" for account, each in self.by_account.items() if each.id)


def tax_offer(choices: LineChoices | None, source: Candidate | None, proposed: Proposed | None) -> TaxOffer:
    """Return the taxes of the accounts that are offered by number, by the source, or as the last time."""
    if choices is None or not choices.taxes:
        return TaxOffer()
    offered = [*choices.usual, *([source] if source else []), *([choices.last.account] if choices.last else [])]
    usual = choices.usual_taxes
    by_account = {each.id: usual[each.id] for each in offered if each.id in usual}
    written = proposed is not None and bool(proposed.taxes)
    return TaxOffer(by_account, written or any(each.id for each in by_account.values()))


def tax_beside(fields: Mapping[str, str], account: str) -> str:
    """Return the tax code that a form showed beside an account; none of one that it did not show."""
    shown = fields.get(SHOWN, "").split()
    return next((tax for each in shown for of, _, tax in [each.partition("=")] if of == account), "")
