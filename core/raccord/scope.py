"""The hooks of one connection: core's own plugin, its connector and the company's extensions, and nobody else."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import pluggy
from sqlalchemy.orm import Session

from raccord import defaults, enablement
from raccord.admission import Hook, examine_hooks
from raccord.answers import wrong_answer
from raccord.catalog import Admitted, Catalog, Extension, Plugin
from raccord.errors import RaccordError
from raccord.guard import CONTRADICTED, WRONG_ANSWER, Answered, PluginFault, call
from raccord.plugin.contexts import (
    ConflictContext,
    FetchContext,
    MapContext,
    PushContext,
    ReportContext,
    ResolveContext,
    SignInContext,
)
from raccord.plugin.hooks import NAMESPACE, Hooks, Mapped, Skipped, hookimpl
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
from raccord.signatures import hook_arguments, specification

SCOPES_MAX = 1024
"""How many scopes are kept built; the one unused for longest goes first."""

CORE = Plugin("core", "raccord", "", examine_hooks("core", defaults))


class ScopeError(RaccordError):
    """Raised when a scope cannot be built: its connector is not there, not allowed or not enabled."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An account that a plugin suggests for a role, and which plugin it was."""

    choice: AccountChoice
    plugin: str
    version: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The answer to a conflict and whose it is: a plugin's, or nobody's where a person gave it or core holds."""

    resolution: Resolution
    plugin: str = ""
    version: str = ""


class Scope:
    """The only way core calls hooks. Every call may raise ``ConnectorError`` (said by the plugin) or ``PluginFault``.

    The order is: the company's extensions by their names, the connector, core; the first that answers counts. Where an
    extension answers, those after it are asked too: two that contradict each other are a fault, and neither counts.
    A running scope never changes; a new revision of the connection gets a new one.
    """

    def __init__(self, connector: Admitted, extensions: Iterable[Extension] = ()) -> None:
        self.connector = connector
        self._manager = pluggy.PluginManager(NAMESPACE)
        self._manager.add_hookspecs(Hooks)
        self._manager.register(_guarded(CORE, trylast=True), CORE.name)
        self._manager.register(_guarded(connector), connector.name)
        self._extensions = {each.name: _guarded(each, tryfirst=True) for each in extensions}
        # pluggy asks the one registered last first, so the first extension is registered last.
        for name, extension in reversed(self._extensions.items()):
            self._manager.register(extension, name)

    @property
    def info(self) -> ConnectorInfo:
        return self.connector.info

    @property
    def version(self) -> str:
        """The version of the connector's distribution."""
        return self.connector.version

    @property
    def terms_digest(self) -> str:
        """A fingerprint of the connector's own terms."""
        rows = sorted((term.word, term.ledger, term.role, *term.one_of) for term in self.info.terms)
        return hashlib.sha256(repr(rows).encode()).hexdigest()[:8]

    def answers(self, hook: str) -> bool:
        """Tell whether anybody here answers ``hook`` at all."""
        return bool(getattr(self._manager.hook, hook).get_hookimpls())

    def fetch(self, context: FetchContext, stream: str, cursor: str | None) -> Page:
        """Return the stream's page after ``cursor``; "not mine" to a declared stream is a fault."""
        page = self._ask("fetch_records", context=context, stream=stream, cursor=cursor)
        if page is None:
            raise PluginFault(self.connector.name, self.version, "fetch_records", "None", WRONG_ANSWER)
        return cast(Page, page.answer)

    def map(self, context: MapContext, record: Record) -> Mapped | Skipped | None:
        """Return what the record becomes; nothing leaves it to the term table."""
        found = self._ask("map_record", context=context, record=record)
        return None if found is None else cast(Mapped | Skipped, found.answer)

    def resolve(self, context: ResolveContext, need: AccountNeed) -> Suggestion | None:
        """Return what a plugin suggests for a role that has no choice; always one of the candidates."""
        found = self._ask_all("resolve_account", _account, context=context, need=need)
        return None if found is None else Suggestion(cast(AccountChoice, found.answer), found.plugin, found.version)

    def conflict(self, context: ConflictContext, conflict: Conflict) -> Settled:
        """Return an allowed answer to the conflict; core's own is to hold."""
        found = self._ask_all("on_conflict", _deed, context=context, conflict=conflict)
        if found is None:
            raise RuntimeError("core's own answer to a conflict is missing")
        resolution = cast(Resolution, found.answer)
        return Settled(resolution) if found.plugin == CORE.name else Settled(resolution, found.plugin, found.version)

    def push(self, context: PushContext, stream: str, documents: Sequence[LedgerObject]) -> PushResult | None:
        """Bring lists of the ledger to the source; nothing when the connector takes none."""
        found = self._ask("push_records", context=context, stream=stream, documents=documents)
        return None if found is None else cast(PushResult, found.answer)

    def tend(self, context: PushContext, stream: str, deed: ListDeed, source_ids: Sequence[str]) -> PushResult | None:
        """Tag or delete entries of a list at the source; nothing when the connector does no such thing."""
        found = self._ask("tend_list", context=context, stream=stream, deed=deed, source_ids=source_ids)
        return None if found is None else cast(PushResult, found.answer)

    def tasks(self, context: PushContext) -> Sequence[SourceTask]:
        """Return what people have to do at the source; nothing where the connector does not say."""
        found = self._ask("source_tasks", context=context)
        return () if found is None else cast(Sequence[SourceTask], found.answer)

    def report(self, context: ReportContext, outcomes: Sequence[Outcome]) -> bool:
        """Tell the source what became of its records; whether it took note."""
        found = self._ask("report_outcome", context=context, outcomes=outcomes)
        return found is not None and found.answer is True

    def sign_in(self, context: SignInContext, answers: Mapping[str, str]) -> SignIn | None:
        """Take one step of letting a person in at the source; nothing where its connector has no such steps."""
        found = self._ask("sign_in", context=context, answers=answers)
        return None if found is None else cast(SignIn, found.answer)

    def subscribe(self, context: ReportContext, address: str) -> Subscribed | None:
        """Have the source send its messages to an address; nothing where a person has to tell it the address."""
        found = self._ask("subscribe_messages", context=context, address=address)
        return None if found is None else cast(Subscribed, found.answer)

    def close(self, context: SignInContext) -> bool | None:
        """Give back what the source holds for a connection that ended; nothing where it holds nothing."""
        found = self._ask("close_source", context=context)
        return None if found is None else found.answer is True

    # The casts above rest on the guard, which has checked every answer's type.
    def _ask(self, hook: str, **asked: object) -> Answered | None:
        found: Answered | None = getattr(self._manager.hook, hook)(**asked)
        return found

    def _ask_all(self, hook: str, says: Callable[[object], object], **asked: object) -> Answered | None:
        """Return the first answer; raise ``PluginFault`` where a later extension ``says`` something else."""
        found = self._ask(hook, **asked)
        if found is None or found.plugin not in self._extensions:
            return found
        names = list(self._extensions)
        for name in names[names.index(found.plugin) + 1 :]:
            alone = [each for _, each in self._manager.list_name_plugin() if each is not self._extensions[name]]
            other: Answered | None = self._manager.subset_hook_caller(hook, alone)(**asked)
            if other is not None and says(other.answer) != says(found.answer):
                cause = f"{other.plugin} {other.version}"
                raise PluginFault(found.plugin, found.version, hook, cause, CONTRADICTED)
        return found


class Scopes:
    """The scopes of this process, built on first use and kept under (company, connector, revision)."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._lock = threading.Lock()
        self._built: OrderedDict[tuple[str, str, int, tuple[str, ...]], Scope] = OrderedDict()

    def get(self, session: Session, company_id: str, connector: str, revision: int, *, enabled: bool = False) -> Scope:
        """Return the scope of a connection; what is enabled is asked of the database each time, but for its connector
        where the caller asked in this same transaction and found it ``enabled``.

        Raises ``ScopeError`` when the connector is not admitted here, or ``ConnectorDisabledError`` when it is not
        allowed for the installation or not enabled for the company.
        """
        admitted = self.catalog.get(connector)
        if admitted is None:
            raise _not_here(self.catalog, connector)
        if not enabled:
            enablement.require_enabled(session, connector, company_id)
        names = tuple(name for name in self.catalog.extensions if enablement.is_enabled(session, name, company_id))
        key = (company_id, connector, revision, names)
        with self._lock:
            if key not in self._built:
                self._built[key] = Scope(admitted, [self.catalog.extensions[name] for name in names])
                if len(self._built) > SCOPES_MAX:
                    self._built.popitem(last=False)
            self._built.move_to_end(key)
            return self._built[key]


def _account(choice: object) -> object:
    return cast(AccountChoice, choice).id


def _deed(resolution: object) -> object:
    answer = cast(Resolution, resolution)
    return answer.kind, answer.target


class _Guarded:
    """A plugin as the manager of a scope sees it: each of its hooks behind the guard."""


def _guarded(plugin: Plugin, *, tryfirst: bool = False, trylast: bool = False) -> _Guarded:
    wrapped = _Guarded()
    for hook in plugin.hooks.values():
        if hook.name != "describe":
            function = _guarded_hook(plugin, hook)
            setattr(wrapped, hook.name, hookimpl(tryfirst=tryfirst, trylast=trylast)(function))
    return wrapped


def _guarded_hook(plugin: Plugin, hook: Hook) -> Callable[..., Answered | None]:
    names = hook_arguments(hook.name)

    def guarded(*values: object, **later: object) -> Answered | None:
        # Arguments that a later core added have a default, and pluggy hands them over by their names.
        asked = {**dict(zip(names, values, strict=False)), **later}
        answer = call(
            plugin,
            hook.name,
            lambda: hook.function(*(asked[name] for name in hook.arguments)),
            lambda found: wrong_answer(hook.name, found, asked),
        )
        return None if answer is None else Answered(plugin.name, plugin.version, answer)

    # pluggy reads the argument names through __wrapped__; with all of them, an answer can be held against its question.
    vars(guarded)["__wrapped__"] = specification(hook.name)
    return guarded


def _not_here(catalog: Catalog, connector: str) -> ScopeError:
    for one in catalog.quarantined:
        if one.name == connector:
            return ScopeError(str(one.code), one.reason, one.fix)
    return ScopeError(
        "connector.not_installed",
        Text(f"Le connecteur « {connector} » n'est pas installé.", f"The connector “{connector}” is not installed."),
        Text(
            "Installez sa distribution, puis redémarrez Raccord ; « raccord plugins » montre ceux qui sont là.",
            "Install its distribution, then restart Raccord; “raccord plugins” shows those that are there.",
        ),
    )
