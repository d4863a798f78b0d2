"""All companies of one sandbox."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.company import MAX_WRITES, Company, assert_books_balance
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.deletions import Deletion
from raccord_sandbox.faults import Doc
from raccord_sandbox.limits import Throttle
from raccord_sandbox.oauth.clients import Client, Clients
from raccord_sandbox.oauth.grants import Grants
from raccord_sandbox.oauth.openid import Identity
from raccord_sandbox.seeds import facts_of, fill
from raccord_sandbox.storage import Pending, Row, Storage
from raccord_sandbox.switches import SWITCHES, read_switches, starting
from raccord_sandbox.webhooks.delivery import Webhooks

SCOPE = "sandbox"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of one company at one moment."""

    settings: Doc
    rows: tuple[Row, ...]
    deletions: tuple[Deletion, ...]


class FullError(Exception):
    """There are as many companies, or snapshots of one company, as the sandbox keeps."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"there are {limit} already, and no more are kept")
        self.limit = limit


class Store:
    """Opens the saved companies, or makes those of the configured seeds."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.clock = config.clock
        self.storage = None if config.data is None else Storage(config.data)
        own = Client(config.client_id, config.client_secret, "Raccord", config.redirect_uris)
        self.clients = Clients(own, self.storage)
        self.grants = Grants(config.clock, config.lifetimes, self.storage, config.client_id)
        self.identity = Identity(config.clock, config.random_seed, self.storage)
        self.throttle = Throttle(config.limits, config.clock)
        self.webhooks = Webhooks(config.clock, self.storage, self.grants.is_connected)
        self._companies: dict[str, Company] = {}
        self._snapshots: dict[tuple[str, str], Snapshot] = {}
        self._made = 0
        self._lock = Lock()
        # The collector would walk every loaded document again and again while millions of them are being made.
        gc.disable()
        try:
            self._load()
        finally:
            gc.enable()
        for template in config.seeds:
            if not any(company.settings["template"] == template for company in self):
                self.add(template)

    def __iter__(self) -> Iterator[Company]:
        return iter(list(self._companies.values()))

    def get(self, realm: str) -> Company | None:
        """Return a company."""
        return self._companies.get(realm)

    def of_template(self, template: str) -> Company:
        """Return the first company made from a template."""
        return next(company for company in self if company.settings["template"] == template)

    def add(
        self,
        template: str,
        *,
        name: str = "",
        country: str = "",
        currency: str = "",
        begins: datetime | None = None,
        frozen: bool = False,
        switches: Mapping[str, object] | None = None,
    ) -> Company:
        """Make a company from a template; its realm id follows from the sandbox's seed.

        `begins` is what its own clock says at first; a country and a currency are chosen for the empty template only.
        Raises ValueError, SwitchError and FullError.
        """
        facts = facts_of(template, name=name, country=country, currency=currency)
        chosen = starting({**self.config.switches, **(switches or {})})
        with self._lock:
            if len(self._companies) >= self.config.max_companies:
                raise FullError(self.config.max_companies)
            company = Company(self._new_realm(), self.clock, self.storage)
            if begins is not None:
                company.clock.set(begins)
            if frozen:
                company.clock.freeze(still=True)
            fill(company, template, chosen, facts)
            if begins is not None or frozen:
                company.move_clock()
            company.flush()
            company.hear = self.webhooks.hear
            self._companies[company.realm] = company
            self._save_realms()
            return company

    def remove(self, company: Company) -> None:
        """Delete a company with its books, snapshots and grants."""
        self.grants.disconnect(company.realm)
        with self._lock, company.lock:
            company.retire()
            del self._companies[company.realm]
            for key in [key for key in self._snapshots if key[0] == company.realm]:
                del self._snapshots[key]
            self._save_realms()
            if self.storage is not None:
                self.storage.forget(company.realm)

    def snapshot(self, company: Company, name: str) -> None:
        """Remember a company's state under a name. Raises FullError."""
        with company.lock:
            known = self.snapshots(company)
            if name not in known and len(known) >= self.config.max_snapshots:
                raise FullError(self.config.max_snapshots)
            self._snapshots[company.realm, name] = Snapshot(
                _copied(company.settings), tuple(company.rows()), tuple(company.deletions)
            )

    def snapshots(self, company: Company) -> list[str]:
        """Return the names of a company's snapshots, oldest first."""
        return [name for realm, name in self._snapshots if realm == company.realm]

    def drop_snapshot(self, company: Company, name: str) -> None:
        """Forget a snapshot. Raises KeyError."""
        with company.lock:
            del self._snapshots[company.realm, name]

    def restore(self, company: Company, name: str) -> None:
        """Bring a company back to a remembered state. Raises KeyError."""
        with company.lock:
            snapshot = self._snapshots[company.realm, name]
            settings = _copied(snapshot.settings)
            company.restore(settings, iter(snapshot.rows), {}, snapshot.deletions)
            company.writes.clear()
            company.mails.clear()
            if self.storage is not None:
                rows = {(row.kind, row.id): row for row in snapshot.rows}
                self.storage.replace(
                    company.realm, Pending(dict(rows), {"settings": settings}, deletions=list(snapshot.deletions))
                )

    def save_clock(self) -> None:
        """Remember where the sandbox's clock stands, after the lab moved it."""
        if self.storage is not None:
            self.storage.put_facts(SCOPE, {"clock": self.clock.state()})

    def close(self) -> None:
        """Close the file."""
        if self.storage is not None:
            self.storage.close()

    def _new_realm(self) -> str:
        """Return the next realm id of this sandbox's seed; that of a deleted company is not given again."""
        chance = random.Random(f"{self.config.random_seed}:{self._made}")  # noqa: S311  # not a secret
        self._made += 1
        return f"9130{chance.randrange(10**11, 10**12)}"

    def _save_realms(self) -> None:
        if self.storage is not None:
            self.storage.put_facts(SCOPE, {"realms": list(self._companies), "made": self._made})

    def _load(self) -> None:
        if self.storage is None:
            return
        saved = self.storage.facts(SCOPE)
        realms = saved.get("realms", [])
        self._made = saved.get("made", len(realms))
        if "clock" in saved:
            self.clock.resume(saved["clock"])
        for realm in realms:
            company = Company(realm, self.clock, self.storage)
            facts = self.storage.facts(realm)
            settings = facts.pop("settings")
            settings.update(read_switches({name: settings[name] for name in SWITCHES if name in settings}))
            answers = {name.removeprefix("answer:"): text for name, text in facts.items()}
            company.restore(settings, self.storage.rows(realm), answers, self.storage.deletions(realm))
            company.files.keep_only({doc[CONTENT] for doc in company.table("Attachable") if CONTENT in doc})
            company.writes.extend(self.storage.writes(realm, MAX_WRITES))
            company.hear = self.webhooks.hear
            self._companies[realm] = company


def _copied(settings: Doc) -> Doc:
    """Return settings whose inner tables can be changed without touching the original."""
    return {name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()}


def assert_all_books_balance(store: Store) -> None:
    """Raise AssertionError unless every company's books balance."""
    for company in store:
        with company.lock:
            assert_books_balance(company)
