"""What a connector answers: Protocols that are both the pluggy specification and the static types.

``connector: Connector = raccord_chase`` in a connector's test makes mypy and pyright check the signatures that every
connector has; a module that answers more is checked against :class:`Hooks` (all of them) or the single Protocols.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pluggy

from raccord.plugin.contexts import (
    ConflictContext,
    FetchContext,
    MapContext,
    PushContext,
    ReportContext,
    ResolveContext,
    SignInContext,
)
from raccord.plugin.drafts import Draft
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.ledger import (
    AccountChoice,
    AccountNeed,
    Conflict,
    LedgerObject,
    ListDeed,
    Outcome,
    PushResult,
    Resolution,
    SourceTask,
)
from raccord.plugin.records import Page, Record
from raccord.plugin.signing import SignIn, Subscribed
from raccord.plugin.texts import Text

NAMESPACE = "raccord"
hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)


@dataclass(frozen=True, slots=True)
class Mapped:
    """The drafts a record becomes; their money effects add up to the record's amount."""

    drafts: Sequence[Draft]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that posts nothing, with the reason; ``report`` also shows it to people (unknown kinds).

    ``takes_back``: the source took it back, so what is posted of it is emptied by the next plan. Without that word, a
    posted document that the source no longer gives is left to a person.
    """

    code: str
    reason: Text
    report: bool = False
    takes_back: bool = False


class Describes(Protocol):
    @hookspec(firstresult=True)
    def describe(self) -> ConnectorInfo | None:
        """Return the manifest; called once, at admission, without any context."""
        ...


class Fetches(Protocol):
    @hookspec(firstresult=True)
    def fetch_records(self, context: FetchContext, stream: str, cursor: str | None) -> Page | None:
        """Return the page of ``stream`` after ``cursor`` (``None``: from the beginning), at most 1000 records."""
        ...


class Maps(Protocol):
    @hookspec(firstresult=True)
    def map_record(self, context: MapContext, record: Record) -> Mapped | Skipped | None:
        """Turn a record into drafts; pure, so it may be replayed at will."""
        ...


class Resolves(Protocol):
    @hookspec(firstresult=True)
    def resolve_account(self, context: ResolveContext, need: AccountNeed) -> AccountChoice | None:
        """Suggest what fills a role; asked only where the company has no saved choice."""
        ...


class Settles(Protocol):
    @hookspec(firstresult=True)
    def on_conflict(self, context: ConflictContext, conflict: Conflict) -> Resolution | None:
        """Answer a conflict with one of the resolutions it allows; core's own answer is to hold."""
        ...


class Pushes(Protocol):
    @hookspec(firstresult=True)
    def push_records(self, context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
        """Bring entries of a declared list to the source, at most 200 at once; ``stream`` is the list's name.

        Idempotent: the same entry may come again, found at the source by its ledger id. An entry that became inactive
        comes once more, to be archived there and never deleted. What is neither pushed nor refused comes again.
        """
        ...


class Tends(Protocol):
    @hookspec(firstresult=True)
    def tend_list(
        self, context: PushContext, stream: str, deed: ListDeed, source_ids: Sequence[str]
    ) -> PushResult | None:
        """Tag or delete entries of a list at the source, at most 200 at once, by their ids there.

        Asked only by a person, for lists with ``of_stream``. Idempotent: what has the tag, or is gone, is done. Both
        parts of each pair of ``pushed`` are the id; an entry that something at the source hangs on is refused.
        """
        ...


class Surveys(Protocol):
    @hookspec(firstresult=True)
    def source_tasks(self, context: PushContext) -> Sequence[SourceTask] | None:
        """Return what people have to do at the source for everything to go by itself, and how far it is; reads only."""
        ...


class Reports(Protocol):
    @hookspec(firstresult=True)
    def report_outcome(self, context: ReportContext, outcomes: Sequence[Outcome]) -> bool | None:
        """Tell the source what became of its records, at most 200 outcomes at once; ``True`` when it took note.

        Called after posting with everything that is not yet told as it is now: what was posted, held, left out or not
        understood, and what the source sent again though nothing changed. Without ``True`` the next run tells it again,
        and after a crash too, so it is idempotent. ``TooLate`` names those that the source never waits for any more:
        each becomes a problem until the source sends the record anew.
        """
        ...


class SignsIn(Protocol):
    @hookspec(firstresult=True)
    def sign_in(self, context: SignInContext, answers: Mapping[str, str]) -> SignIn | None:
        """Take one step of letting a person in at the source; called again with the answers to what it asks.

        Asked only while a person waits, never in a run. ``answers`` is empty at the beginning. Wrong credentials and
        wrong answers are told with the question again, not raised.
        """
        ...


class Closes(Protocol):
    @hookspec(firstresult=True)
    def close_source(self, context: SignInContext) -> bool | None:
        """Give back what the source holds for a connection that was disconnected; ``True`` when nothing is left there.

        Called with the settings as they were, once the connection has ended, and never where it only went to another
        company. Idempotent: what is gone already is done. What is raised is said to people and tried again a few times
        within two days; it never holds up the disconnection. ``None``: the source holds nothing.
        """
        ...


class Subscribes(Protocol):
    @hookspec(firstresult=True)
    def subscribe_messages(self, context: ReportContext, address: str) -> Subscribed | None:
        """Have the source send its messages to an address, and no more to one it had before; where the address is
        empty, to none.

        Asked only while a person waits. Idempotent: what an attempt that failed left at the source is taken away by the
        next one. What is raised is said to the person, and runs go on looking for themselves.
        """
        ...


class Connector(Describes, Fetches, Maps, Protocol):
    """The hooks of a connector that maps its records itself."""


class TableConnector(Describes, Fetches, Protocol):
    """The hooks of a connector whose records follow the plain contract: core maps them by their terms."""


class Hooks(
    Describes, Fetches, Maps, Resolves, Settles, Pushes, Tends, Surveys, Reports, SignsIn, Subscribes, Closes, Protocol
):
    """All hooks. Each is synchronous, returns a value, and answers ``None`` for "not mine, ask the next"."""
