"""One company's books in memory, and the unit of work through which alone they change."""

from __future__ import annotations

import copy
import random
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from threading import RLock

from raccord_sandbox.attachments.files import Files
from raccord_sandbox.clock import CompanyClock, SandboxClock, stamp
from raccord_sandbox.keeping.changes import CREATE, DELETE, UPDATE, Change
from raccord_sandbox.keeping.deletions import Deletion, Deletions
from raccord_sandbox.keeping.storage import Pending, Row, Storage
from raccord_sandbox.keeping.table import Table
from raccord_sandbox.posting.chart import BALANCE_SHEET
from raccord_sandbox.posting.closed_books import refuse_closed
from raccord_sandbox.posting.exchange import in_home_currency
from raccord_sandbox.posting.invariants import assert_currencies_follow, assert_liabilities_follow, assert_taxes_follow
from raccord_sandbox.posting.ledger import Entry, Ledger, Posting, assert_balanced
from raccord_sandbox.posting.mutual import assert_links_mutual
from raccord_sandbox.posting.receivables import assert_receivables
from raccord_sandbox.posting.stock import Layers, Valuation, assert_stock
from raccord_sandbox.posting.subledgers import assert_payables
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.serving.running import Running
from raccord_sandbox.switches import SWITCHES, Setting

MAX_ANSWERS = 20_000
MAX_ANSWER_CHARACTERS = 50_000_000
MAX_WRITES = 500_000
MAX_MAILS = 1000
LONG_IDS = frozenset({"class", "department", "attachable"})


class Company:
    """The tables, ledger and settings of one realm; guarded by `lock`."""

    def __init__(self, realm: str, clock: SandboxClock, storage: Storage | None = None) -> None:
        self.realm = realm
        self.clock = CompanyClock(clock)
        self.lock = RLock()
        self.tables: dict[str, Table] = {}
        self.ledger = Ledger()
        self.stock: dict[str, Layers] = {}
        """What the last movement left of inventory items, for those that moved since the start."""
        self.deletions = Deletions()
        self.files = Files(realm, clock, storage)
        self.settings: Doc = {}
        """Template, country, home currency, sequences, last numbers, tax accounts: everything that is not an object."""
        self.answers: OrderedDict[str, str] = OrderedDict()
        self._answered: dict[str, datetime] = {}
        self._restored_at = clock.now()
        self.writes: deque[Doc] = deque(maxlen=MAX_WRITES)
        self.mails: deque[Doc] = deque(maxlen=MAX_MAILS)
        """What would have been sent, latest last."""
        self.running = Running()
        self.hear: Callable[[str, Sequence[Change]], None] | None = None
        """Who is told of every change, once it is made."""
        self._storage = storage
        self._pending = Pending()
        self._answer_characters = 0

    @property
    def is_us(self) -> bool:
        """Tell whether the United States tax model applies."""
        return bool(self.settings["country"] == "US")

    @property
    def home_currency(self) -> str:
        """Return the currency of the books."""
        return str(self.settings["currency"])

    @property
    def multicurrency(self) -> bool:
        """Tell whether names, accounts and documents may be in a foreign currency."""
        preferences = self.get("Preferences", "1") or {}
        return bool(preferences.get("CurrencyPrefs", {}).get("MultiCurrencyEnabled", False))

    def switch(self, name: str) -> Setting:
        """Return the value of a switch."""
        value: Setting = self.settings.get(name, SWITCHES[name].default)
        return value

    def table(self, kind: str) -> Table:
        """Return the table of an entity, made at first use."""
        found = self.tables.get(kind)
        if found is None:
            found = self.tables[kind] = Table()
        return found

    def get(self, kind: str, key: str) -> Doc | None:
        """Return a stored object, which must not be changed."""
        found = self.tables.get(kind)
        return None if found is None else found.get(key)

    def accounts_of(self, **wanted: str) -> list[str]:
        """Return the ids of the accounts with these properties, in order of creation."""
        return [
            doc["Id"] for doc in self.table("Account") if all(doc.get(name) == value for name, value in wanted.items())
        ]

    def first_account(self, **wanted: str) -> Doc:
        """Return the first account with these properties. Raises a business fault if the company has none."""
        for key in self.accounts_of(**wanted):
            found = self.get("Account", key)
            if found is not None:
                return found
        raise FaultError(6000, f"Business Validation Error: the company has no account with {wanted}")

    def answer_to(self, request_id: str) -> str | None:
        """Return the answer kept for a request id, unless it is older than `requestid_hours`."""
        hours = int(self.switch("requestid_hours"))
        # What a file or a snapshot brought is as old as its loading.
        kept = self._answered.get(request_id, self._restored_at)
        if hours and self.clock.now() - kept >= timedelta(hours=hours):
            return None
        return self.answers.get(request_id)

    def keep_answer(self, request_id: str, text: str) -> None:
        """Store the answer to a request id for replay; the oldest are forgotten."""
        self._answer_characters -= len(self.answers.pop(request_id, ""))
        self.answers[request_id] = text
        self._answered[request_id] = self.clock.now()
        self._answer_characters += len(text)
        self._pending.facts[f"answer:{request_id}"] = text
        while len(self.answers) > MAX_ANSWERS or self._answer_characters > MAX_ANSWER_CHARACTERS:
            old, forgotten = self.answers.popitem(last=False)
            self._answer_characters -= len(forgotten)
            self._answered.pop(old, None)
            self._pending.facts[f"answer:{old}"] = None

    def note_write(self, write: Doc) -> None:
        """Append to the log of writes."""
        self.writes.append(write)
        if self._storage is not None:
            self._pending.writes.append(write)

    def save_settings(self) -> None:
        """Mark the settings as changed."""
        self._pending.facts["settings"] = self.settings

    def apply(
        self,
        rows: Sequence[tuple[str, str, Doc | None, tuple[Entry, ...] | None]],
        told: Mapping[tuple[str, str], Change] | None = None,
    ) -> None:
        """Put (or, for None, drop) objects and their postings at once. Raises UnbalancedError before any change.

        `told` holds the changes that are more than a create, an update or a delete.
        """
        for _, _, _, entries in rows:
            assert_balanced(entries or ())
        changes = [] if self.hear is None else [*self._changes(rows, told or {})]
        for kind, key, doc, entries in rows:
            if doc is None:
                self.table(kind).drop(key)
                self.ledger.unpost(kind, key)
                self._pending.rows[kind, key] = None
                self._note_deletion(Deletion(kind, key, stamp(self.clock.now())))
                continue
            table = self.table(kind)
            table.put(doc)
            if entries is not None:
                if entries:
                    self.ledger.post(Posting(kind, key, doc["TxnDate"], entries))
                else:
                    self.ledger.unpost(kind, key)
            if self._storage is not None:
                posting = self.ledger.posting(kind, key)
                entries = posting.entries if posting else None
                self._pending.rows[kind, key] = Row(kind, key, table.serial(key), doc, entries)
        if self.hear is not None:
            self.hear(self.realm, changes)

    def move_clock(self) -> None:
        """Remember where the company's own clock stands, after it was moved."""
        self.settings["clock"] = self.clock.state()
        self.save_settings()

    def retire(self) -> None:
        """Save nothing any more: the company was deleted."""
        self._storage = None

    def flush(self) -> None:
        """Save what the request changed."""
        if self._storage is not None and self._pending:
            self._storage.save(self.realm, self._pending)
        self._pending = Pending()

    def rows(self) -> Iterator[Row]:
        """Yield every object with its posting, in order of creation within its table."""
        for kind, table in self.tables.items():
            for doc in table:
                posting = self.ledger.posting(kind, doc["Id"])
                yield Row(kind, doc["Id"], table.serial(doc["Id"]), doc, posting.entries if posting else None)

    def restore(
        self, settings: Doc, rows: Iterator[Row], answers: dict[str, str], deletions: Iterable[Deletion] = ()
    ) -> None:
        """Replace everything by what was saved."""
        self.tables, self.ledger, self.settings = {}, Ledger(), settings
        self.stock = {}
        self.deletions = Deletions(deletions)
        self.clock.resume(settings.get("clock", {"offset": "0"}))
        for row in rows:
            self.table(row.kind).put(row.doc, row.serial)
            if row.entries:
                self.ledger.post(Posting(row.kind, row.id, row.doc["TxnDate"], row.entries))
        self.answers, self._answered, self._restored_at = OrderedDict(answers), {}, self.clock.now()
        self._answer_characters = sum(len(text) for text in answers.values())

    def _changes(
        self,
        rows: Sequence[tuple[str, str, Doc | None, tuple[Entry, ...] | None]],
        told: Mapping[tuple[str, str], Change],
    ) -> Iterator[Change]:
        """Yield what these rows will change; a name made inactive is told of as deleted, as no name really is."""
        now = stamp(self.clock.now())
        vanished = {(change.kind, change.vanished) for change in told.values()}
        for kind, key, doc, _ in rows:
            old = self.get(kind, key)
            if doc is not None and doc is old:
                continue  # posted again at another home value; the object itself is what it was
            if (kind, key) in told:
                yield told[kind, key]
            elif (kind, key) in vanished:
                continue
            elif doc is None or (old is not None and old.get("Active", True) and not doc.get("Active", True)):
                yield Change(kind, key, DELETE, now)
            else:
                yield Change(kind, key, CREATE if old is None else UPDATE, now)

    def _note_deletion(self, deletion: Deletion) -> None:
        self.deletions.note(deletion)
        if self._storage is not None:
            self._pending.deletions.append(deletion)


class Work:
    """Stages the changes of one operation; nothing is visible until `commit`."""

    def __init__(self, company: Company, by: str = "api") -> None:
        self.company = company
        self.by = by
        """Who writes: the API, a person in the browser, or the seed."""
        self._staged: dict[tuple[str, str], tuple[Doc | None, tuple[Entry, ...] | None]] = {}
        self._numbers: dict[str, str] = {}
        self._told: dict[tuple[str, str], Change] = {}

    def get(self, kind: str, key: str) -> Doc | None:
        """Return an object as this operation sees it."""
        staged = self._staged.get((kind, key))
        return staged[0] if staged is not None else self.company.get(kind, key)

    def all(self, kind: str) -> Iterator[Doc]:
        """Yield the objects of an entity as this operation sees them."""
        staged = {key: doc for (name, key), (doc, _) in self._staged.items() if name == kind}
        stored = self.company.table(kind)
        for doc in stored:
            seen = staged.pop(doc["Id"], doc)
            if seen is not None:
                yield seen
        yield from (doc for doc in staged.values() if doc is not None)

    def entries(self, kind: str, key: str) -> tuple[Entry, ...]:
        """Return what an object posts as this operation sees it."""
        staged = self._staged.get((kind, key))
        if staged is not None and staged[1] is not None:
            return staged[1]
        posting = self.company.ledger.posting(kind, key)
        return () if posting is None else posting.entries

    def touch(self, kind: str, key: str) -> Doc:
        """Return a copy of another object with its SyncToken raised, staged, free to be changed."""
        staged = self._staged.get((kind, key))
        if staged is not None and staged[0] is not None:
            return staged[0]
        stored = self.company.get(kind, key)
        if stored is None:
            raise KeyError(f"{kind} {key}")
        doc = copy.deepcopy(stored)
        self.renew(doc, stored)
        self._staged[kind, key] = (doc, None)
        return doc

    def fresh(self, doc: Doc, sequence: str) -> Doc:
        """Return an object that does not exist yet with its id, SyncToken and times."""
        now = stamp(self.company.clock.now())
        times = {"CreateTime": now, "LastUpdatedTime": now}
        head = {"domain": "QBO", "sparse": False, "Id": self.next_id(sequence), "SyncToken": "0", "MetaData": times}
        return {**doc, **head}

    def renew(self, doc: Doc, stored: Doc) -> None:
        """Raise the SyncToken and the time of the last update."""
        doc["SyncToken"] = str(int(stored["SyncToken"]) + 1)
        now = stamp(self.company.clock.now())
        doc["MetaData"] = {"CreateTime": stored["MetaData"]["CreateTime"], "LastUpdatedTime": now}

    def put(self, kind: str, doc: Doc, entries: Sequence[Entry] | None = None) -> None:
        """Stage an object and, where given, its postings."""
        self._staged[kind, doc["Id"]] = (doc, None if entries is None else tuple(entries))

    def drop(self, kind: str, key: str) -> None:
        """Stage a removal."""
        self._staged[kind, key] = (None, None)

    def next_id(self, sequence: str) -> str:
        """Return the next id of a sequence; an id that a failed operation took is not given again."""
        sequences: dict[str, int] = self.company.settings.setdefault("sequences", {})
        if sequence not in sequences:
            chance = random.Random(f"{self.company.realm}:{sequence}")  # noqa: S311  # not a secret
            low, high = (10**18, 9 * 10**18) if sequence in LONG_IDS else (1, 400)
            sequences[sequence] = chance.randrange(low, high)
        sequences[sequence] += 1
        self.company.save_settings()
        return str(sequences[sequence])

    def number(self, sequence: str, value: str) -> None:
        """Stage the last document number of a sequence."""
        self._numbers[sequence] = value

    def tell(self, kind: str, key: str, operation: str, vanished: str = "") -> None:
        """Stage what those who listen are told of an object, where it is more than a change."""
        self._told[kind, key] = Change(kind, key, operation, stamp(self.company.clock.now()), vanished)

    def commit(self, *, past_closing: bool = False) -> None:
        """Make everything visible at once, valued in home currency. Raises 6200 for what would change closed books."""
        valuation = Valuation(self.company, in_home_currency(self.company, self._staged))
        changes = valuation.run()
        if not past_closing:
            refuse_closed(self.company, changes)
        rows = [(kind, key, doc, entries) for (kind, key), (doc, entries) in changes.items()]
        self.company.apply(rows, self._told)
        self.company.stock.update(valuation.ends)
        if self._numbers:
            self.company.settings.setdefault("last_numbers", {}).update(self._numbers)
            self.company.save_settings()
        self._staged.clear()
        self._told.clear()


def assert_books_balance(company: Company) -> None:
    """Raise AssertionError unless debits equal credits, balances follow from entries and sub-ledgers from documents."""
    total: dict[str, Decimal] = {}
    for posting in company.ledger.postings():
        one = sum((entry.amount for entry in posting.entries), Decimal(0))
        if one != 0:
            raise AssertionError(f"{posting.kind} {posting.id} is out of balance by {one}")
        doc = company.get(posting.kind, posting.id)
        if doc is None:
            raise AssertionError(f"{posting.kind} {posting.id} posts and does not exist")
        assert_taxes_follow(doc, posting)
        for entry in posting.entries:
            total[entry.account] = total.get(entry.account, Decimal(0)) + entry.amount
    if sum(total.values(), Decimal(0)) != 0:
        raise AssertionError("the trial balance does not balance")
    for account in company.table("Account"):
        expected = total.pop(account["Id"], Decimal(0))
        if company.ledger.balance(account["Id"]) != expected:
            raise AssertionError(f"account {account['Name']}: balance differs from its entries")
        if company.ledger.balance(account["Id"], first="0001-01-01") != expected:
            raise AssertionError(f"account {account['Name']}: daily totals differ from its entries")
    if any(total.values()):
        raise AssertionError(f"entries on accounts that do not exist: {total}")
    agencies = [company.settings.get(name, {}) for name in ("tax_accounts", "input_tax_accounts")]
    assert_liabilities_follow(company.tables, company.ledger, agencies)
    assert_currencies_follow(company.tables, company.ledger, company.home_currency)
    assert_receivables(company)
    assert_links_mutual(company.tables)
    assert_payables(company.tables, company.ledger)
    assert_stock(company)


def is_balance_sheet(account: Doc) -> bool:
    """Tell whether an account belongs on the balance sheet."""
    return account["Classification"] in BALANCE_SHEET
