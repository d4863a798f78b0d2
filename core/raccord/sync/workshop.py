"""What runs need, put together once a process: database, plugins, secrets, clients, clock."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache, partial
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from raccord.clock import Clock
from raccord.plugin.texts import Language
from raccord.quickbooks import (
    LOCAL,
    PUBLISHED,
    AppCredentials,
    Governor,
    OAuthClient,
    QuickBooks,
    Secret,
    TokenKeeper,
    Tokens,
)
from raccord.scope import Scope, Scopes
from raccord.settings import Settings
from raccord.store.database import Database
from raccord.store.files import StoredFileBox
from raccord.store.models import Company, Connection
from raccord.store.tokens import StoredTokens
from raccord.store.vault import Vault, join_secrets
from raccord.sync.books.bucket import StoredBucket
from raccord.sync.books.company import Facts, read_facts
from raccord.sync.books.meter import StoredMeter
from raccord.sync.days import days_of
from raccord.sync.environments import CALLBACK_PATH, SOURCE_CALLBACK_PATH, environment_of, is_local
from raccord.sync.fetching.file_guard import GuardedFileBox
from raccord.sync.fetching.following import Tell
from raccord.sync.fetching.kept import said_last, told_beside
from raccord.sync.fetching.renewing import Ask, renew_secrets
from raccord.sync.fetching.source_http import SourceHttp, allowed_hosts
from raccord.sync.resolving.terms import DatedTerms
from raccord.sync.resolving.views import FetchView, MapView, ReportView, SignInView, View

RUNS_AT_ONCE = 64
"""Runs whose books one process remembers to know; one that is forgotten costs a request."""
PLANS_AT_ONCE = 32
"""Plans whose facts one process remembers; several companies are planned at the same time."""


def settings_handle(connection_id: str) -> str:
    """Return where a connection's secret settings lie in the vault."""
    return f"connection:{connection_id}:settings"


@dataclass(frozen=True, slots=True)
class Bench:
    """One run's connection with everything around it, as it was when the unit of work began."""

    company: Company
    connection: Connection
    scope: Scope
    view: View
    workshop: Workshop

    def client(self) -> QuickBooks:
        return self.workshop.client(self.company)


@dataclass(slots=True)
class Workshop:
    """Builds benches; one for each process, safe to use from several threads."""

    settings: Settings
    database: Database
    scopes: Scopes
    vault: Vault
    clock: Clock
    _facts: OrderedDict[str, Facts] = field(default_factory=OrderedDict, repr=False)
    _clients: dict[str, QuickBooks] = field(default_factory=dict, repr=False)
    _meters: dict[str, StoredMeter] = field(default_factory=dict, repr=False)
    _sources: dict[tuple[str, int], SourceHttp] = field(default_factory=dict, repr=False)
    _oauths: dict[str, OAuthClient] = field(default_factory=dict, repr=False)
    _oauth_lock: Lock = field(default_factory=Lock, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)
    _followed: OrderedDict[str, int] = field(default_factory=OrderedDict, repr=False)
    """Runs whose books this process is acquainted with, and the fence of the last unit it did of each."""

    def __post_init__(self) -> None:
        """Let the audit chain be told by the same clock."""
        self.database.clock = self.clock

    def follows(self, run_id: str, fence: int) -> bool:
        """Tell whether this process did the unit right before ``fence`` and was acquainted with the books then.

        No other process wrote for the run since, and no older copy of the database was put in the place of this one.
        """
        with self._lock:
            return self._followed.get(run_id) == fence - 1

    def follow(self, run_id: str, fence: int) -> None:
        """Note that the unit of ``fence`` is done, with the books known."""
        with self._lock:
            self._followed[run_id] = fence
            self._followed.move_to_end(run_id)
            while len(self._followed) > RUNS_AT_ONCE:
                self._followed.popitem(last=False)

    def bench_of(
        self,
        session: Session,
        company: Company,
        connection: Connection,
        kept: tuple[Mapping[str, Any], Mapping[str, Any]] | None = None,
        *,
        enabled: bool = False,
    ) -> Bench:
        """Put a connection on the bench; raises ``ScopeError`` when its connector may not work.

        ``kept`` are settings (plain ones and secrets) that count instead of those it has. ``enabled`` says that this
        transaction has seen that its connector is.
        """
        scope = self.scopes.get(session, company.id, connection.connector, connection.revision, enabled=enabled)
        language: Language = "en" if company.language == "en" else "fr"
        if kept is None:
            vault, handle = self.vault.within(session), settings_handle(connection.id)
            kept = connection.settings, vault.get_mapping(handle, missing_ok=True)
        settings = join_secrets(scope.info.settings, *kept)
        days = days_of(connection)
        zone = days.rule_on(days.day_of(self.clock.now())).zone
        view = View(settings, zone, company.home_currency, language, connection.starts_on, days)
        return Bench(company, connection, scope, view, self)

    def fetch_view(self, bench: Bench, tell: Tell | None = None) -> FetchView:
        """Return what fetching may see of the connection; ``tell`` takes how far its large files are read."""
        view = bench.view
        box = self.files(bench.connection.id)
        source = self._source_http(bench)
        return FetchView(
            view.settings,
            view.time_zone,
            view.home_currency,
            view.language,
            view.starts_on,
            view.days,
            source,
            self.clock,
            self._renewal(bench),
            GuardedFileBox(box, self.settings.may_read, tell),
            partial(said_last, self.database, bench.connection.id),
            source.connect,
            partial(told_beside, self.database, bench.connection.id),
        )

    def _renewal(self, bench: Bench) -> Callable[[str, Ask], Mapping[str, str]]:
        handle = settings_handle(bench.connection.id)
        return partial(renew_secrets, self.database, self.vault, self.settings.data_dir, handle)

    def files(self, connection_id: str) -> StoredFileBox:
        """Return the received files of a connection."""
        return StoredFileBox(self.vault, self.settings.data_dir, connection_id, self.clock)

    def report_view(self, bench: Bench) -> ReportView:
        view = bench.view
        return ReportView(
            view.settings,
            view.time_zone,
            view.home_currency,
            view.language,
            view.starts_on,
            view.days,
            self._source_http(bench),
            self.clock,
            self._renewal(bench),
        )

    @contextmanager
    def closing_view(self, bench: Bench) -> Iterator[SignInView]:
        """Open a way to a source with settings that the connection may no longer have."""
        with closing(self._new_source(bench)) as source:
            yield self.sign_in_view(bench, source)

    def sign_in_view(self, bench: Bench, source: SourceHttp | None = None) -> SignInView:
        view = bench.view
        return SignInView(
            view.settings,
            view.time_zone,
            view.home_currency,
            view.language,
            view.starts_on,
            view.days,
            self._source_http(bench) if source is None else source,
            self.clock,
            f"{self.settings.web_url}{SOURCE_CALLBACK_PATH}" if self.settings.web_url else "",
            bench.connection.id,
        )

    def map_view(self, session: Session, bench: Bench) -> Callable[[date], MapView]:
        """Return what mapping may see of the connection, for a record of each day (K9)."""
        view = bench.view
        terms = DatedTerms.read(session, bench.connection.id, bench.scope.info.terms)

        @cache
        def of_day(day: date) -> MapView:
            return MapView(
                view.settings,
                view.time_zone,
                view.home_currency,
                view.language,
                view.starts_on,
                view.days,
                terms.on(day),
                bench.company.taxed,
            )

        return of_day

    def keep_facts(self, plan_id: str, facts: Facts) -> None:
        """Remember the facts a plan is made with, so that its later slices ask nothing."""
        with self._lock:
            self._facts[plan_id] = facts
            while len(self._facts) > PLANS_AT_ONCE:
                self._facts.popitem(last=False)

    def _source_http(self, bench: Bench) -> SourceHttp:
        key = (bench.connection.id, bench.connection.revision)
        with self._lock:
            if key not in self._sources:
                self._sources[key] = self._new_source(bench)
            return self._sources[key]

    def _new_source(self, bench: Bench) -> SourceHttp:
        hosts = allowed_hosts(bench.scope.info.hosts, bench.view.settings)
        # Where an address is a setting, a person chose it: it may not lead into the operator's own network.
        guarded = frozenset(hosts) - {host.casefold() for host in bench.scope.info.hosts}
        return SourceHttp(hosts, self.clock, guarded=guarded - self.settings.own_network())

    def facts(self, plan_id: str, company: Company) -> Facts:
        """Return the facts of a plan; another process that takes the plan over reads them again."""
        with self._lock:
            known = self._facts.get(plan_id)
        if known is None:
            known = read_facts(self.client(company))
            self.keep_facts(plan_id, known)
        return known

    def client(self, company: Company) -> QuickBooks:
        """Return the company's one client in this process; its connections and limits are shared by all threads."""
        with self._lock:
            if company.id not in self._clients:
                self._clients[company.id] = self._new_client(company)
            return self._clients[company.id]

    def meter(self, company_id: str) -> StoredMeter:
        """Return the one meter of a company in this process."""
        with self._lock:
            return self._meter(company_id)

    def _meter(self, company_id: str) -> StoredMeter:
        if company_id not in self._meters:
            self._meters[company_id] = StoredMeter(self.database, company_id, self.clock)
        return self._meters[company_id]

    def keep_counts(self) -> None:
        """Write what all meters of this process counted; never while this thread holds a transaction open."""
        with self._lock:
            meters = list(self._meters.values())
        for meter in meters:
            meter.flush()

    def forget_client(self, company_id: str) -> None:
        """Make the next client of a company anew, after its tokens or address changed."""
        with self._lock:
            client = self._clients.pop(company_id, None)
        if client is not None:
            client.close()

    def keeper(self, company: Company) -> TokenKeeper:
        """Return a token keeper on the company's vault entry."""
        return TokenKeeper(company.realm, self.stored_tokens(company), self.oauth(company.environment), self.clock)

    def stored_tokens(self, company: Company) -> StoredTokens[Tokens]:
        """Return the company's vault entry of tokens."""
        return StoredTokens(self.vault, self.settings.data_dir, company.id, Tokens.to_vault, Tokens.from_vault)

    def oauth(self, environment: str) -> OAuthClient:
        """Return the client of an environment's authorisation host, one a process."""
        with self._oauth_lock:
            if environment not in self._oauths:
                self._oauths[environment] = self._new_oauth(environment)
            return self._oauths[environment]

    def _new_oauth(self, environment: str) -> OAuthClient:
        credentials = AppCredentials(
            self.settings.quickbooks_client_id,
            Secret(self.settings.quickbooks_client_secret.get_secret_value()),
            self.settings.web_url + CALLBACK_PATH,
        )
        return OAuthClient(environment_of(environment), credentials, clock=self.clock)

    def close(self) -> None:
        self.keep_counts()
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            for source in self._sources.values():
                source.close()
            self._sources.clear()
        with self._oauth_lock:
            for oauth in self._oauths.values():
                oauth.close()
            self._oauths.clear()
        self.database.dispose()

    def _new_client(self, company: Company) -> QuickBooks:
        return QuickBooks(
            environment_of(company.environment),
            company.realm,
            self.keeper(company),
            self._governor(company),
            clock=self.clock,
            meter=self._meter(company.id),
        )

    def _governor(self, company: Company) -> Governor:
        if is_local(company) and self.settings.quickbooks_limits == "usual":
            return Governor(LOCAL, clock=self.clock)
        bucket = StoredBucket(self.database, company.id, PUBLISHED, self.clock)
        return Governor(PUBLISHED, bucket, self.clock)
