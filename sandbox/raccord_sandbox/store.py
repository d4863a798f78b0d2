"""All companies of one sandbox."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

from raccord_sandbox import seed
from raccord_sandbox.company import MAX_WRITES, Company, assert_books_balance
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.deletions import Deletion
from raccord_sandbox.faults import Doc
from raccord_sandbox.grants import Grants
from raccord_sandbox.limits import Throttle
from raccord_sandbox.storage import Pending, Row, Storage

SCOPE = "sandbox"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole state of one company at one moment."""

    settings: Doc
    rows: tuple[Row, ...]
    deletions: tuple[Deletion, ...]


class Store:
    """Opens the saved companies, or makes those of the configured seeds."""

    def __init__(self, config: SandboxConfig) -> None:
        self.config = config
        self.clock = config.clock
        self.storage = None if config.data is None else Storage(config.data)
        self.grants = Grants(config.clock, config.lifetimes, self.storage)
        self.throttle = Throttle(config.limits, config.clock)
        self._companies: dict[str, Company] = {}
        self._snapshots: dict[tuple[str, str], Snapshot] = {}
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

    def add(self, template: str) -> Company:
        """Make a company from a template; its realm id follows from the sandbox's seed."""
        with self._lock:
            chance = random.Random(f"{self.config.random_seed}:{len(self._companies)}")  # noqa: S311  # not a secret
            realm = f"9130{chance.randrange(10**11, 10**12)}"
            company = Company(realm, self.clock, self.storage)
            behaviour = self.config.behaviour
            seed.fill(
                company,
                template,
                {
                    "ignore_requestid": behaviour.ignore_requestid,
                    "replay_faulted_answers": behaviour.replay_faulted_answers,
                    "store_deposit_number": behaviour.store_deposit_number,
                    "closed_books_password": behaviour.closed_books_password,
                    "cap_max_results": behaviour.cap_max_results,
                    "cdc_limit_per_entity": behaviour.cdc_limit_per_entity,
                    "tax_tolerance": behaviour.tax_tolerance,
                },
            )
            company.flush()
            self._companies[realm] = company
            if self.storage is not None:
                self.storage.put_fact(SCOPE, "realms", list(self._companies))
            return company

    def snapshot(self, company: Company, name: str) -> None:
        """Remember a company's state under a name."""
        with company.lock:
            self._snapshots[company.realm, name] = Snapshot(
                _copied(company.settings), tuple(company.rows()), tuple(company.deletions)
            )

    def restore(self, company: Company, name: str) -> None:
        """Bring a company back to a remembered state. Raises KeyError."""
        snapshot = self._snapshots[company.realm, name]
        with company.lock:
            settings = _copied(snapshot.settings)
            company.restore(settings, iter(snapshot.rows), {}, snapshot.deletions)
            company.writes.clear()
            if self.storage is not None:
                self.storage.forget(company.realm)
                rows = {(row.kind, row.id): row for row in snapshot.rows}
                self.storage.save(
                    company.realm, Pending(dict(rows), {"settings": settings}, deletions=list(snapshot.deletions))
                )

    def close(self) -> None:
        """Close the file."""
        if self.storage is not None:
            self.storage.close()

    def _load(self) -> None:
        if self.storage is None:
            return
        for realm in self.storage.facts(SCOPE).get("realms", []):
            company = Company(realm, self.clock, self.storage)
            facts = self.storage.facts(realm)
            settings = facts.pop("settings")
            settings["tax_tolerance"] = Decimal(settings["tax_tolerance"])
            answers = {name.removeprefix("answer:"): text for name, text in facts.items()}
            company.restore(settings, self.storage.rows(realm), answers, self.storage.deletions(realm))
            company.writes.extend(self.storage.writes(realm, MAX_WRITES))
            self._companies[realm] = company


def _copied(settings: Doc) -> Doc:
    """Return settings whose inner tables can be changed without touching the original."""
    return {name: dict(value) if isinstance(value, dict) else value for name, value in settings.items()}


def assert_all_books_balance(store: Store) -> None:
    """Raise AssertionError unless every company's books balance."""
    for company in store:
        with company.lock:
            assert_books_balance(company)
