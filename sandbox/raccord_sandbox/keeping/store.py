"""All companies of one sandbox."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock, RLock

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import MAX_WRITES, Company, assert_books_balance
from raccord_sandbox.keeping.deletions import Deletion
from raccord_sandbox.keeping.portable import Portable, UnreadableError, assert_readable, row_doc, row_of
from raccord_sandbox.keeping.storage import Pending, Row, Storage
from raccord_sandbox.oauth.clients import Client, Clients
from raccord_sandbox.oauth.grants import Grants
from raccord_sandbox.oauth.openid import Identity
from raccord_sandbox.posting.ledger import UnbalancedError
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.seeds import facts_of, fill
from raccord_sandbox.serving.limits import Throttle
from raccord_sandbox.switches import SWITCHES, read_switches, starting
from raccord_sandbox.webhooks.delivery import Webhooks

SCOPE = "sandbox"
DAMAGED = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, UnbalancedError, FaultError)
"""What reading books raises that were changed by hand."""


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
        self._snapshots: dict[tuple[str, str], Snapshot | None] = {}
        """None is one that is read from the file when it is needed."""
        self._made = 0
        self._lock = Lock()
        self._asleep: set[str] = set()
        """Saved companies whose books nobody has asked for yet: a large one takes seconds to read."""
        self._waking = RLock()
        self._load()
        for template in config.seeds:
            if not any(company.settings["template"] == template for company in self.listed()):
                self.add(template)

    def __iter__(self) -> Iterator[Company]:
        return iter([self._awake(company) for company in self.listed()])

    def listed(self) -> list[Company]:
        """Return the companies for their realm and settings alone; their books need not be read yet."""
        return list(self._companies.values())

    def get(self, realm: str) -> Company | None:
        """Return a company."""
        found = self._companies.get(realm)
        return None if found is None else self._awake(found)

    def of_template(self, template: str) -> Company:
        """Return the first company made from a template."""
        return self._awake(next(company for company in self.listed() if company.settings["template"] == template))

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
                self.storage.forget(company.realm, _snapshots_of(company.realm))

    def bring_in(self, found: Portable) -> Company:
        """Take in a company from its file, under its realm id if that is free.

        Raises FullError, UnreadableError, and AssertionError for books that do not balance.
        """
        with self._lock:
            if len(self._companies) >= self.config.max_companies:
                raise FullError(self.config.max_companies)
            free = found.realm.isascii() and found.realm.isdecimal() and found.realm not in self._companies
            company = Company(found.realm if free else self._new_realm(), self.clock, self.storage)
            try:
                company.restore(found.settings, iter(found.rows), found.answers, found.deletions)
                assert_books_balance(company)
                assert_readable(company)
            except DAMAGED as error:
                reason = f"{type(error).__name__}: {error}"[:200]
                raise UnreadableError(
                    f"ses objets sont abîmés ({reason})", f"its objects are damaged ({reason})"
                ) from error
            company.writes.extend(found.writes)
            for content in found.files:
                company.files.put(content)
            if self.storage is not None:
                rows: dict[tuple[str, str], Row | None] = {(row.kind, row.id): row for row in found.rows}
                answers = {f"answer:{name}": text for name, text in found.answers.items()}
                facts = {"settings": found.settings, **answers}
                self.storage.replace(company.realm, Pending(rows, facts, list(found.writes), list(found.deletions)))
            company.hear = self.webhooks.hear
            self._companies[company.realm] = company
            self._save_realms()
            return company

    def snapshot(self, company: Company, name: str) -> None:
        """Remember a company's state under a name. Raises FullError."""
        with company.lock:
            known = self.snapshots(company)
            if name not in known and len(known) >= self.config.max_snapshots:
                raise FullError(self.config.max_snapshots)
            taken = Snapshot(_copied(company.settings), tuple(company.rows()), tuple(company.deletions))
            self._snapshots[company.realm, name] = taken
            if self.storage is not None:
                body = {
                    "settings": taken.settings,
                    "rows": [row_doc(row) for row in taken.rows],
                    "deletions": [asdict(deletion) for deletion in taken.deletions],
                }
                self.storage.put_facts(_snapshots_of(company.realm), {name: body})

    def snapshots(self, company: Company) -> list[str]:
        """Return the names of a company's snapshots."""
        return [name for realm, name in self._snapshots if realm == company.realm]

    def drop_snapshot(self, company: Company, name: str) -> None:
        """Forget a snapshot. Raises KeyError."""
        with company.lock:
            del self._snapshots[company.realm, name]
            if self.storage is not None:
                self.storage.put_facts(_snapshots_of(company.realm), {name: None})

    def restore(self, company: Company, name: str) -> None:
        """Bring a company back to a remembered state. Raises KeyError."""
        with company.lock:
            snapshot = self._snapshots[company.realm, name] or self._saved_snapshot(company.realm, name)
            settings = _copied(snapshot.settings)
            company.restore(settings, iter(snapshot.rows), {}, snapshot.deletions)
            company.writes.clear()
            company.mails.clear()
            if self.storage is not None:
                rows: dict[tuple[str, str], Row | None] = {(row.kind, row.id): row for row in snapshot.rows}
                whole = Pending(rows, {"settings": settings}, deletions=list(snapshot.deletions))
                self.storage.replace(company.realm, whole)

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
            company.settings = _read_settings(self.storage.fact(realm, "settings"))
            company.clock.resume(company.settings.get("clock", {"offset": "0"}))
            self._snapshots |= {(realm, name): None for name in self.storage.names(_snapshots_of(realm))}
            company.hear = self.webhooks.hear
            self._companies[realm] = company
            self._asleep.add(realm)

    def _awake(self, company: Company) -> Company:
        """Return a company with its books, read if they were not."""
        if company.realm in self._asleep:
            with self._waking, company.lock:
                if company.realm in self._asleep:
                    # The collector would walk every loaded document again and again while many of them are made.
                    gc.disable()
                    try:
                        self._read_books(company)
                    finally:
                        gc.enable()
                    self._asleep.discard(company.realm)
        return company

    def _read_books(self, company: Company) -> None:
        if self.storage is None:
            return
        realm = company.realm
        facts = self.storage.facts(realm)
        answers = {name.removeprefix("answer:"): text for name, text in facts.items() if name != "settings"}
        company.restore(company.settings, self.storage.rows(realm), answers, self.storage.deletions(realm))
        if not self.snapshots(company):
            company.files.keep_only({doc[CONTENT] for doc in company.table("Attachable") if CONTENT in doc})
        company.writes.extend(self.storage.writes(realm, MAX_WRITES))

    def _saved_snapshot(self, realm: str, name: str) -> Snapshot:
        if self.storage is None:
            raise KeyError(name)
        body = self.storage.fact(_snapshots_of(realm), name)
        rows = tuple(row_of(doc) for doc in body["rows"])
        deletions = tuple(Deletion(**doc) for doc in body["deletions"])
        taken = self._snapshots[realm, name] = Snapshot(_read_settings(body["settings"]), rows, deletions)
        return taken


def _snapshots_of(realm: str) -> str:
    """Return the scope under which a company's snapshots are saved."""
    return f"snapshots:{realm}"


def _read_settings(saved: Doc) -> Doc:
    """Return settings as they were before they were written as JSON."""
    return {**saved, **read_switches({name: saved[name] for name in SWITCHES if name in saved})}


def _copied(settings: Doc) -> Doc:
    """Return settings whose inner tables can be changed without touching the original."""
    return {name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()}


def assert_all_books_balance(store: Store) -> None:
    """Raise AssertionError unless every company's books balance."""
    for company in store:
        with company.lock:
            assert_books_balance(company)
