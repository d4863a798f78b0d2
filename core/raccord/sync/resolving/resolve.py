"""From keys and roles to ledger ids: the choice valid on the draft's day, a hook's, core's default, or a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.drafts import (
    Accepts,
    Account,
    Customer,
    CustomerOf,
    Decision,
    Draft,
    Item,
    ItemFor,
    LedgerId,
    Link,
    MoneyOf,
    Ref,
    Role,
    Vendor,
)
from raccord.plugin.info import NewObject, RoleInfo
from raccord.plugin.ledger import AccountNeed, LedgerObject
from raccord.plugin.texts import Language
from raccord.scope import Scope, Suggestion
from raccord.store.made_once import made_once
from raccord.store.models import Action, Choice, Connection, LineState, LinkRow, LinkState, PlanLine, PushedEntry
from raccord.sync.books.company import PEOPLE, fits, kind_of
from raccord.sync.books.lists import Entry, Lists
from raccord.sync.books.names import proposals
from raccord.sync.chunks import CHUNK, chunks
from raccord.sync.resolving.answered import Answered
from raccord.sync.resolving.conflict_rules import INACTIVE, NAME_TAKEN
from raccord.sync.resolving.money_places import Landed, lying_at
from raccord.sync.resolving.views import View

CHOICE_MISSING = "resolve.choice_missing"
DECISION_MISSING = "resolve.decision_missing"
LINK_MISSING = "resolve.link_missing"
LINK_WAITS = "resolve.link_waits"
LINK_GONE = "resolve.link_gone"
CANDIDATES_MAX = 200
MONEY_OF = "money_of"
"""Under this name stands, among a draft's decisions, the account on which a payment's money lies."""

Place = tuple[str, str, str]
"""One of core's own entries: a role's default or the item of its account, the role, and of what."""


class Held(Exception):  # noqa: N818 - a question, not an error
    """Raised when only a person can say what fills a place of a draft."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(slots=True)
class Wanted:
    """A list object that core wants to exist: made or found by the plan under its own key."""

    key: str
    draft: Draft
    accepts: Accepts
    role: str = ""
    of: str = ""


@made_once
def _choices(connection_id: str) -> Select[Choice]:
    return select(Choice).where(Choice.connection_id == connection_id).order_by(Choice.valid_from)


@made_once
def _own_items(company_id: str, connection_id: str) -> Select[str]:
    return select(LinkRow.document_id).where(
        LinkRow.company_id == company_id,
        LinkRow.connection_id == connection_id,
        LinkRow.kind == "Item",
        LinkRow.key.like("item-for/%"),
        LinkRow.state == LinkState.LIVE,
    )


@dataclass(slots=True)
class Resolver:
    """Answers references for one connection while its plan is built; holds lists in memory, never records.

    ``wanted`` collects what the plan must create first.
    """

    connection: Connection
    scope: Scope
    view: View
    language: Language
    lists: Lists = field(default_factory=Lists)
    choices: dict[tuple[str, str], list[Choice]] = field(default_factory=dict)
    wanted: dict[str, Wanted] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    """Keys of this chunk's references to document ids."""
    planned: dict[str, str] = field(default_factory=dict)
    """Keys of this plan's lines to their action."""
    kinds: dict[str, str] = field(default_factory=dict)
    """Keys of both to what they are, or become, in QuickBooks."""
    gone: set[str] = field(default_factory=set)
    renamed: dict[Place, str] = field(default_factory=dict)
    """Names that people gave to core's own entries, where the usual one is taken."""
    inactive: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Inactive entries that people want active again, by list and id, with the text that makes them so."""
    reactivated: set[tuple[str, str]] = field(default_factory=set)
    """Those of them that this slice's drafts use; below those of this draft, and what stands in for others in it."""
    awaited: set[tuple[str, str]] = field(default_factory=set)
    replaced: Mapping[tuple[str, str], str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    """The draft's own decisions."""
    landed: Sequence[Landed] = ()
    """Where QuickBooks says that the money of payments lies to which this slice refers."""
    lying: Mapping[str, str] = field(default_factory=dict)
    """The same by key, with the one account; empty where that is unclear."""
    drawn: str = ""
    """The account that this draft's document moves already."""
    draft_key: str = ""
    day: date | None = None
    answered: Answered = field(default_factory=Answered)
    """What plugins answered for the draft."""
    taken: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Entries that the source took into its lists: by list and the source's id, the ledger's."""
    _roles: dict[str, RoleInfo] = field(default_factory=dict)
    _known: dict[tuple[str, str], str] = field(default_factory=dict)
    """Roles of this slice that have the same answer on every day."""
    _own_items: list[Entry] = field(default_factory=list)
    """Items that core made or found for income accounts, under whatever name they go now."""

    def load(self, session: Session) -> None:
        """Read choices and lists; called once for each slice of planning."""
        self.choices = {}
        for choice in session.scalars(*_choices(self.connection.id)):
            self.choices.setdefault((choice.role, choice.of), []).append(choice)
        self.lists = Lists.read(session, self.connection.company_id)
        self.taken = taken_entries(session, self.connection.id, {role.from_list for role in self.scope.info.roles})
        self._roles = {role.name: role for role in self.scope.info.roles}
        self._known.clear()
        ids = session.scalars(*_own_items(self.connection.company_id, self.connection.id))
        own = [self.lists.by_id.get(("Item", each)) for each in ids]
        self._own_items = sorted((each for each in own if each is not None), key=lambda each: not each.active)

    def load_links(self, session: Session, keys: Sequence[str], plan_id: str) -> None:
        """Read what became of the documents that this chunk's drafts refer to."""
        self.lying = lying_at(session, self.connection.id, self.landed)
        self.links, self.planned, self.kinds, self.gone = {}, {}, {}, set()
        for some in chunks(sorted(set(keys)), CHUNK):
            for key, kind, document_id, state in session.execute(
                select(LinkRow.key, LinkRow.kind, LinkRow.document_id, LinkRow.state).where(
                    LinkRow.company_id == self.connection.company_id,
                    LinkRow.connection_id == self.connection.id,
                    LinkRow.key.in_(some),
                )
            ):
                self.kinds[key] = kind
                if state == LinkState.LIVE:
                    self.links[key] = document_id
                elif state not in (LinkState.UNDONE, LinkState.RELEASED):
                    self.gone.add(key)
            for key, kind, action in session.execute(
                select(PlanLine.key, PlanLine.kind, PlanLine.action).where(
                    PlanLine.plan_id == plan_id, PlanLine.key.in_(some), PlanLine.state != LineState.LEFT
                )
            ):
                self.planned[key], self.kinds[key] = action, kind

    def begin(
        self,
        draft_key: str,
        day: date | None,
        answers: Mapping[str, str],
        replaced: Mapping[tuple[str, str], str] | None = None,
        drawn: str = "",
    ) -> None:
        """Turn to one draft; ``replaced`` names what stands in for inactive entries in it."""
        self.draft_key, self.day, self.answers, self.drawn = draft_key, day, answers, drawn
        self.replaced, self.awaited = replaced or {}, set()
        self.answered.accounts.clear()

    def resolve(self, ref: Ref) -> str:
        """Return the ledger id, or ``{link:KEY}`` for something that this plan creates; raise ``Held`` otherwise."""
        match ref:
            case LedgerId():
                return self._active(ref.kind, ref.id) if ref.kind else ref.id
            case Link():
                return self._link(ref.key)
            case Role():
                return self._role(ref.name, ref.of)
            case ItemFor():
                return self._item(ref)
            case Decision():
                answer = self.answers.get(ref.name)
                if answer is None:
                    raise Held(DECISION_MISSING, accepts=str(ref.accepts), suggestion=ref.suggestion, **_asked(ref))
                entry = self.lists.by_id.get((kind_of(ref.accepts), answer))
                if entry is not None and not entry.active:
                    asked = {"accepts": str(ref.accepts), "suggestion": ref.suggestion, **_asked(ref)}
                    raise Held(DECISION_MISSING, **asked, inactive=entry.name)
                return answer
            case MoneyOf():
                return self._money_of(ref)
            case CustomerOf():
                # What is known of it stands in the draft by now: the document has not come.
                raise Held(LINK_MISSING, keys=[ref.document.key])

    def kind_of(self, ref: Ref) -> str:
        """Return which kind of document, or which of QuickBooks' lists of people, a reference names one of; nothing
        where it is not known.
        """
        match ref:
            case Link():
                return self.kinds.get(ref.key, "")
            case Role():
                kind = kind_of(self._info(ref.name).accepts)
            case Decision():
                kind = kind_of(ref.accepts)
            case LedgerId():
                kind = ref.kind or next((each for each in PEOPLE if (each, ref.id) in self.lists.by_id), "")
            case _:
                kind = ""
        return kind if kind in PEOPLE else ""

    def _link(self, key: str) -> str:
        if key in self.links:
            return self.links[key]
        if self.planned.get(key) in (Action.CREATE, Action.LINK):
            return f"{{link:{key}}}"
        raise Held(LINK_GONE if key in self.gone else LINK_MISSING, keys=[key])

    def _money_of(self, ref: MoneyOf) -> str:
        """Return where a payment's money lies; what a document of ours was drawn on once, it stays drawn on."""
        known = self.drawn or self.answers.get(MONEY_OF)
        if known:
            return self._active("Account", known)
        account = self.lying.get(ref.payment.key)
        if account is None:
            return self.resolve(ref.otherwise)
        if not account:
            raise Held(DECISION_MISSING, decision=MONEY_OF, accepts=str(Accepts.CLEARING), suggestion="")
        return self._active("Account", account)

    def _role(self, name: str, of: str) -> str:
        known = self._known.get((name, of))
        if known is not None:
            return known
        info = self._info(name)
        choice = self._choice(name, of)
        if choice is not None:
            return self._active(choice.ledger_kind, choice.ledger_id, role=name)
        taken = self.taken.get((info.from_list, of)) if info.from_list and of else None
        if taken is not None:
            return self._active(kind_of(info.accepts), taken, role=name)
        if info.same_as:
            # What holds for all instances of a role is chosen without one.
            try:
                return self._role(info.same_as, of if (info.same_as, of) in self.choices else "")
            except Held as held:
                if not (of and info.instances and held.code == CHOICE_MISSING):
                    raise
                # Nobody answered for all of them, so this one is asked about by its own name.
                raise Held(CHOICE_MISSING, role=name, of=of, accepts=str(info.accepts)) from None
        if self.scope.answers("resolve_account"):
            suggested = self._suggested(info, of)
            if suggested is not None:
                return self._active(kind_of(info.accepts), suggested.choice.id, role=name)
        answer = self._without_choice(info, of)
        its_own = bool(self.replaced or self.awaited)
        if (name, of) not in self.choices and not its_own and not self.scope.answers("resolve_account"):
            self._known[name, of] = answer
        return answer

    def _suggested(self, info: RoleInfo, of: str) -> Suggestion | None:
        """Return what a plugin gives to a role. One that fails is not passed over for a default that it would have
        stood before: a person is asked.
        """
        answered, place = self.answered, (info.name, of)
        if place not in answered.accounts:
            try:
                found = self.scope.resolve(self.view, self._need(info, of))
            except PluginFault as fault:
                answered.faults.append(fault)
                raise Held(CHOICE_MISSING, role=info.name, of=of, accepts=str(info.accepts)) from None
            answered.accounts[place] = found
            if found is not None:
                entry = self.lists.by_id.get((kind_of(info.accepts), found.choice.id))
                answered.names[place] = "" if entry is None else entry.name
        return answered.accounts[place]

    def _without_choice(self, info: RoleInfo, of: str) -> str:
        own = self.lists.of_subtype(info.accepts, info.subtype) if info.subtype else None
        if own is not None:
            return own.id
        names = [*info.found_as, *([of] if info.found_by_instance and of else [])]
        for entry in (each for name in names for each in self.lists.named((kind_of(info.accepts),), name)):
            if entry.active and fits(info.accepts, entry):
                return entry.id
        if info.default is not None:
            return self._default(info, info.default, of)
        if info.stays_empty:
            return ""
        raise Held(CHOICE_MISSING, role=info.name, of=of, accepts=str(info.accepts))

    def _need(self, info: RoleInfo, of: str) -> AccountNeed:
        candidates: tuple[LedgerObject, ...] = tuple(self.lists.fitting(info.accepts)[:CANDIDATES_MAX])
        return AccountNeed(info.name, of, info.accepts, self.day or date.min, self.draft_key, candidates)

    def _choice(self, name: str, of: str) -> Choice | None:
        valid = [
            choice for choice in self.choices.get((name, of), []) if self.day is None or choice.valid_from <= self.day
        ]
        return valid[-1] if valid else None

    def _default(self, info: RoleInfo, default: NewObject, of: str) -> str:
        """Want core's default: found by its name if the company has it, else created by this plan."""
        key = f"default/{info.name}" + (f"/{of}" if of else "")
        name = self.renamed.get(("default", info.name, of)) or default.name.get(self.language)
        kind = kind_of(info.accepts)
        for entry in self.lists.named(PEOPLE if kind in PEOPLE else (kind,), name):
            if not fits(info.accepts, entry):
                raise _name_taken(("default", info.name, of), name, entry, kind)
            return self._active(kind, entry.id, role=info.name)
        if key not in self.wanted:
            self.wanted[key] = Wanted(key, _new_object(kind, key, name, default), info.accepts, info.name, of)
        return f"{{link:{key}}}"

    def _item(self, ref: ItemFor) -> str:
        """Return the service item of an income account: the one named like it, or a new one."""
        account = self._role(ref.account.name, ref.account.of)
        known = self.lists.by_id.get(("Account", account))
        if known is not None:
            name = known.name.rsplit(":", 1)[-1]
        else:
            name = _name_of(self.wanted[account[len("{link:") : -1]].draft)
        name = self.renamed.get(("item", ref.account.name, ref.account.of), name)
        for entry in self._own_items:
            if entry.account_id == account:
                return self._active("Item", entry.id)
        same_name = self.lists.named(("Item",), name)
        for entry in same_name:
            if entry.account_id == account:
                return self._active("Item", entry.id)
        if same_name:
            raise _name_taken(("item", ref.account.name, ref.account.of), name, same_name[0], "Item")
        key = f"item-for/{account[len('{link:') : -1] if known is None else account}"
        if key not in self.wanted:
            target: Ref = LedgerId(account) if known is not None else Link(account[len("{link:") : -1])
            self.wanted[key] = Wanted(key, Item(key=key, name=name, income_account=target), Accepts.ITEM)
        return f"{{link:{key}}}"

    def _active(self, kind: str, object_id: str, role: str = "") -> str:
        entry = self.lists.by_id.get((kind, object_id))
        if entry is None or entry.active:
            return object_id
        other = self.lists.by_id.get((kind, self.replaced.get((kind, object_id), "")))
        if other is not None and other.active:
            return other.id
        if (kind, object_id) in self.reactivated:
            self.awaited.add((kind, object_id))
            return object_id
        raise Held(INACTIVE, kind=kind, id=object_id, name=entry.name, role=role)

    def _info(self, name: str) -> RoleInfo:
        info = self._roles.get(name)
        if info is None:
            raise Held("resolve.role_unknown", role=name)
        return info


def taken_entries(session: Session, connection_id: str, lists: set[str]) -> dict[tuple[str, str], str]:
    """Return the entries that a source took into some of its lists: by list and the source's id, the ledger's."""
    if not any(lists):
        return {}
    of = select(PushedEntry.list_name, PushedEntry.source_id, PushedEntry.object_id)
    rows = session.execute(
        of.where(
            PushedEntry.connection_id == connection_id,
            PushedEntry.list_name.in_(lists),
            PushedEntry.source_id != "",
        )
    )
    return {(name, source_id): object_id for name, source_id, object_id in rows}


def _new_object(kind: str, key: str, name: str, default: NewObject) -> Draft:
    match kind:
        case "Customer":
            return Customer(key=key, name=name)
        case "Vendor":
            return Vendor(key=key, name=name)
        case _:
            return Account(key=key, name=name, type=default.type, subtype=default.subtype)


def _name_taken(place: Place, name: str, holder: Entry, kind: str) -> Held:
    """Return the question about a taken name of one of core's own entries; its holder cannot take their place."""
    params = {"place": place[0], "role": place[1], "of": place[2], "name": name, "kind": holder.kind, "id": holder.id}
    return Held(NAME_TAKEN, **params, type=holder.type, linkable=False, proposals=proposals(name, kind))


def _name_of(draft: Draft) -> str:
    if isinstance(draft, Account | Customer | Vendor | Item):
        return draft.name
    raise TypeError(f"{draft.kind} has no name")


def _asked(ref: Decision) -> dict[str, str]:
    """Return what a question is about: its name, and in people's words where the connector has some."""
    if ref.label is None:
        return {"decision": ref.name}
    return {
        "decision": ref.name,
        "fr": f"Cette opération attend qu'une personne indique : {ref.label.fr}.",
        "en": f"This line waits for a person to say: {ref.label.en}.",
    }
