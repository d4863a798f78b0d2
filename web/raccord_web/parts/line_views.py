"""Which side of a line's panel is open, and what its fields say before anybody types."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from raccord.overview.lines.bank_lines import BankLine
from raccord.overview.lines.line_choices import LineChoices
from raccord.overview.lines.line_proposals import Proposed
from raccord.overview.lines.said_by_source import SaidBySource
from raccord.overview.questions import Candidate
from raccord.plugin.drafts import PaymentType
from raccord.sync.lines.treatments import Treated
from raccord_web.parts.line_taxes import BESIDE, TaxOffer
from raccord_web.parts.reviewing import Asked, View, beside


def view_of(
    asked: Asked,
    line: BankLine | None,
    choices: LineChoices | None,
    refused: str,
    proposals: Mapping[str, Proposed],
    source: Candidate | None,
) -> View:
    """Return which side of the panel is open: the one refused or asked for, else what is most likely wanted.

    That is what it pays; else the transfer of which another line tells; else what is proposed, by a rule, earlier
    answers or the source; else the transfer or the split that the file says; else a transfer where the bank calls it
    one.
    """
    if refused in set(View):
        return View(refused)
    if asked.view is not None or line is None or choices is None:
        return asked.view or View.CATEGORY
    if line.matches:
        return View.MATCH
    if choices.other_sides:
        return View.TRANSFER
    if line.hold_id in proposals:
        return View(proposals[line.hold_id].treatment.kind)
    said = None if choices.said is None else choices.said.view
    if said in (Treated.TRANSFER, Treated.SPLIT):
        return View(said)
    return View.TRANSFER if choices.says_transfer and source is None else View.CATEGORY


def filled(
    typed: Mapping[str, str] | None,
    proposed: Proposed | None,
    offer: TaxOffer,
    view: View,
    choices: LineChoices | None,
    line: BankLine | None,
    language: str,
) -> Mapping[str, str]:
    """Return what each of the panel's fields says, mostly nothing: what was typed, else what is proposed, or the split
    of the file; and the number of a cheque, where the bank tells it.
    """
    said = defaultdict(str, typed or (beside(proposed) if proposed else _split(choices, view, language)))
    cheque = "" if line is None else line.cheque
    if cheque and not typed and (proposed is None or proposed.treatment.payment_type is not PaymentType.CASH):
        said |= {"payment": str(PaymentType.CHECK), "number": cheque}
    if view is View.CATEGORY and offer.any and (not typed or "tax" not in typed):
        said["tax"] = BESIDE
    return said


def _split(choices: LineChoices | None, view: View, language: str) -> Mapping[str, str]:
    """Return the rows of a split that the line's file holds; where no account has a part's name, a person says which.

    Parts that do not come to the line's amount fill none.
    """
    said = None if choices is None else choices.said
    if view is not View.SPLIT or said is None or not fills_split(said):
        return {}
    found: dict[str, str] = {}
    for place, part in enumerate(said.parts, 1):
        # No part of a split is an account that money is on.
        known = part.account is not None and not part.said.transfer
        found[f"account{place}"] = part.account.name if known and part.account is not None else ""
        amount = format(part.said.amount or 0, "f")
        found[f"amount{place}"] = amount.replace(".", ",") if language == "fr" else amount
        found[f"text{place}"] = part.said.memo
    return found


def fills_split(said: SaidBySource) -> bool:
    """Tell whether what a source says is written into the rows of a split."""
    return said.view is Treated.SPLIT and said.adds_up
