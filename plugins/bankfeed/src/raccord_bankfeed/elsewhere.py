"""Accounts that other connections of the company bring: one account may come by files and by a provider.

Each connection would put the same lines into the books. So what the others told of the days of a connection's files is
held against its accounts as accounts of its own files are (``one_account.py``). Said to be one, the account's lines are
left out here, for the other connection brings them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from raccord.plugin import Beside, Text
from raccord_bankfeed.identity import plain_amount
from raccord_bankfeed.pairing import DAYS_APART, Entry
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import SAME, SEPARATE
from raccord_bankfeed.settings import BankFeedSettings

ELSEWHERE = "elsewhere"
"""How the key begins of an account that another connection brings."""

AskBeside = Callable[[date, date], Sequence[Beside]]


@dataclass(slots=True)
class Away:
    """An account of another connection."""

    key: str
    account: str
    """Its key there."""
    number: str
    label: str
    pair: str
    first: bool
    """Whether it was connected first."""
    said: Mapping[str, frozenset[str]]
    """What people said at the other connection."""
    entries: list[Entry] = field(default_factory=list)

    def question_key(self, mine: str) -> str:
        """Return under which key a person says whether it is one of this connection's; the same from either side."""
        return f"one-{digest(self.pair, *sorted((mine, self.account)))}"

    def settled_there(self, mine: str) -> bool:
        """Tell whether that was said at the other connection already."""
        return not {SAME, SEPARATE}.isdisjoint(self.said.get(self.question_key(mine), ()))

    def brings(self, mine: str, said: Mapping[str, frozenset[str]]) -> bool:
        """Tell whether a person said that the other connection brings the lines of an account of this one.

        Said at both, each would leave them to the other: then the one that was connected first brings them.
        """
        here, there = (SAME in each.get(self.question_key(mine), ()) for each in (said, self.said))
        return here and (self.first or not there)

    def called(self) -> Text:
        """Return what it is called in a question."""
        return Text(
            f"le compte {self.number} de la connexion « {self.label} »",
            f"the account {self.number} of the connection “{self.label}”",
        )


def accounts_away(ask: AskBeside, first: date, last: date) -> list[Away]:
    """Return the accounts of other connections with their lines of some days, and of those just around them."""
    low, high = max(first.toordinal() - DAYS_APART, 1), min(last.toordinal() + DAYS_APART, date.max.toordinal())
    found: dict[str, Away] = {}
    for beside in ask(date.fromordinal(low), date.fromordinal(high)):
        said = BankFeedSettings(answers=str(beside.settings.get("answers", ""))).known().answers
        for record in beside.records:
            raw = {name: str(record.raw.get(name) or "") for name in _READ}
            if record.amount is None or not raw["account"]:
                continue
            key = f"{ELSEWHERE}-{digest(beside.pair)}-{raw['account']}"
            away = found.get(key)
            if away is None:
                away = found[key] = Away(
                    key, raw["account"], raw["account_number"], beside.label, beside.pair, beside.first, said
                )  # fmt: skip
            away.entries.append(
                Entry(
                    len(away.entries), f"{key}/{record.source_id}", frozenset({key}), record.day,
                    plain_amount(record.amount.amount), raw["currency"], raw["name"], raw["memo"],
                    (raw["reference"], raw["check_number"]),
                )
            )  # fmt: skip
    return list(found.values())


_READ = ("account", "account_number", "currency", "name", "memo", "reference", "check_number")
