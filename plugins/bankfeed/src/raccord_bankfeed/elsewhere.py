"""Accounts that other connections of the company bring: one account may come by files and by a provider.

Each connection would put the same lines into the books. So what the others told of the days of a connection's files is
held against its accounts as accounts of its own files are (``one_account.py``). Said to be one, the account's lines are
left out here, for the other connection brings them.

Where that one is disconnected since, or leaves the account out, the files whose lines were left to it are read again:
what it posted is a line that came by another road (``crossing.py``), and all else is brought from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from raccord.plugin import Beside, Text
from raccord_bankfeed.identity import plain_amount
from raccord_bankfeed.pairing import DAYS_APART, Entry
from raccord_bankfeed.providers.chosen import read_choices
from raccord_bankfeed.readers.questions import digest
from raccord_bankfeed.readers.told import SAME, SEPARATE
from raccord_bankfeed.settings import OVER_THE_NETWORK, BankFeedSettings, named_accounts, set_aside

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
    ended: bool = False
    """Whether the other connection brings its lines no more: then what it posted stays, and all else comes here."""
    entries: list[Entry] = field(default_factory=list)
    """Its lines; once it has ended, those of which QuickBooks has a document."""

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
        here, there = self.is_one(mine, said), self.is_one(mine, self.said)
        return here and not self.ended and (self.first or not there)

    def is_one(self, mine: str, said: Mapping[str, frozenset[str]]) -> bool:
        """Tell whether a person said that it is an account of this connection."""
        return SAME in said.get(self.question_key(mine), ())

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
        ended: dict[str, bool] = {}
        for record in beside.records:
            raw = {name: str(record.raw.get(name) or "") for name in _READ}
            if record.amount is None or not raw["account"]:
                continue
            account = raw["account"]
            if account not in ended:
                ended[account] = not brings_still(beside, account)
            if ended[account] and record.source_id not in beside.in_books:
                continue
            key = f"{_key(beside)}{account}"
            away = found.get(key)
            if away is None:
                away = found[key] = Away(
                    key, account, raw["account_number"], beside.label, beside.pair, beside.first, said, ended[account]
                )  # fmt: skip
            away.entries.append(
                Entry(
                    len(away.entries), f"{key}/{record.source_id}", frozenset({key}), record.day,
                    plain_amount(record.amount.amount), raw["currency"], raw["name"], raw["memo"],
                    (raw["reference"], raw["check_number"]),
                )
            )  # fmt: skip
    return list(found.values())


def brings_still(beside: Beside, account: str) -> bool:
    """Tell whether another connection still brings an account: it is connected, and the account not left out there."""
    if not beside.connected:
        return False
    said = {name: str(beside.settings.get(name) or "") for name in ("left_out", "chosen", "accounts", "input_kind")}
    chosen = {each.key for each in read_choices(said["chosen"])}
    if chosen and said["input_kind"] in OVER_THE_NETWORK and account not in chosen:
        return False
    if beside.settings.get("only_named") and account not in named_accounts(said["chosen"], said["accounts"]):
        return False
    return account not in set_aside(said["left_out"])


def all_bring_still(ask: AskBeside, keys: Sequence[str]) -> bool:
    """Tell whether accounts that were left to other connections still come by them."""
    beside = [(_key(each), each) for each in ask(date.max, date.max)] if keys else []
    return all(
        any(key.startswith(start) and brings_still(each, key.removeprefix(start)) for start, each in beside)
        for key in keys
    )


def _key(beside: Beside) -> str:
    """Return how the keys of the accounts of another connection begin."""
    return f"{ELSEWHERE}-{digest(beside.pair)}-"


_READ = ("account", "account_number", "currency", "name", "memo", "reference", "check_number")
