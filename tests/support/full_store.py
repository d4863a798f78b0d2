"""A store as it is after two years of a busy company: made in bulk, the same for every seed.

100 000 records of a shop's cards and its bank, with the drafts, plans, postings, documents, runs, proofs, questions,
problems and changes that two years of them leave behind.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from raccord.plugin.drafts import (
    Accepts,
    Decision,
    Draft,
    Expense,
    ExpenseLine,
    ItemFor,
    PaymentType,
    Role,
    SalesLine,
    SalesReceipt,
    TaxMode,
)
from raccord.store import events
from raccord.store.columns import new_id
from raccord.store.database import Database
from raccord.store.models import (
    Certificate,
    Choice,
    Company,
    Connection,
    ConnectorSwitch,
    DraftRow,
    Drift,
    Gap,
    Hold,
    LedgerEntry,
    LinkRow,
    Plan,
    PlanLine,
    Posting,
    Problem,
    Proof,
    Run,
    RunCount,
    Schedule,
    SourceFile,
    SourceRecord,
)
from raccord.store.models.records import memo_of
from raccord.sync.bodies import digest, dump_draft, mark, marker
from raccord.sync.planning.figures import keep_figures

NOW = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
DAYS = 730
FIRST = NOW.date() - timedelta(days=DAYS)
REALM = 4620816365000001
MERCHANTS = ("PATISSERIE MERCIER", "HYDRO QUEBEC", "BELL CANADA", "COSTCO WHOLESALE", "AMAZON CA", "STM OPUS",
             "PETRO CANADA", "BUREAU EN GROS", "GOOGLE ADS", "LOYER 4200 ST-DENIS")  # fmt: skip
CAUSES = ("posting.refused", "mapping.bad_record", "mapping.amount_differs", "posting.amount_differs")
BULK = 5000


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything there is."""

    records: int = 100_000
    holds: int = 5_000
    answered: int = 20_000
    """Lines that somebody answered in the last year, the newest, each after a suggestion."""
    problems: int = 600
    drifts: int = 300
    entries: int = 2_000


@dataclass(frozen=True, slots=True)
class FullStore:
    """What was made, by the ids that addresses name."""

    company_id: str
    cards: str
    bank: str
    first_plan: str
    waiting_plan: str
    run: str
    certificate: str
    record: str


def addresses(store: FullStore) -> list[str]:
    """Return every page that a person opens, and every list that a program reads."""
    pages = [
        "/", "/connections", "/records", "/records?offset=50000", "/records?q=L0099999", "/records?q=nothing-like-it",
        "/records?fate=posted", "/records?fate=posted&offset=50000", "/records?fate=review", "/records?fate=failed",
        "/records?kind=SalesReceipt", "/records?kind=Transfer", "/records?kind=Purchase&fate=review",
        "/records?fate=left_out", "/records?fate=waiting", "/records?fate=resolved",
        "/records?first=2026-02-01&last=2026-02-28", f"/records?connection={store.bank}",
        f"/records?connection={store.bank}&first=2026-02-02&last=2026-02-02",
        f"/records?connection={store.bank}&fate=posted&q=L00",
        "/runs", "/problems", "/problems?code=posting.refused", "/questions", "/questions?offset=4000", "/drift",
        "/review", "/review?offset=4000&direction=out", "/review?q=12.50", "/review?state=answered", "/doctor",
        "/gaps", "/proof", "/status", "/plugins", "/plugins/chase", "/people", "/audit", "/settings",
        "/settings/start", "/tokens", "/quickbooks", f"/companies/{store.company_id}/bank-rules",
        f"/companies/{store.company_id}/bank-rules/new", f"/companies/{store.company_id}/suggestions",
        "/help", "/help/errors/posting.refused", "/menu", "/connect",
        f"/records/{store.record}", f"/records/{store.record}/undo",
        f"/records/undo?record={store.record}", f"/runs/{store.run}", f"/runs/{store.run}/undo",
        f"/plans/{store.waiting_plan}", f"/plans/{store.first_plan}", f"/certificates/{store.certificate}",
        f"/companies/{store.company_id}/statements",
    ]  # fmt: skip
    for id_ in (store.cards, store.bank):
        own = f"/connections/{id_}"
        rest = ("proof", "mapping", "repost", "settings", "rules", "lists", "switch", "upgrade", "baseline", "shadow",
                "linking", "doubles", "imported", "sold", "mapping/comments", "undo")  # fmt: skip
        pages += [own, *(f"{own}/{each}" for each in rest)]
    pages.append(f"/connections/{store.bank}/files")
    lists = [
        "me", "companies", "plugins", "connections", "records", "records?fate=posted", "records?kind=Purchase",
        "problems", "problem-causes",
        "holds", "runs", "drifts", "certificates", "audit", f"records/{store.record}", f"runs/{store.run}",
        f"plans/{store.waiting_plan}", f"plans/{store.waiting_plan}/lines", f"plans/{store.waiting_plan}/effects",
        f"plans/{store.first_plan}", f"plans/{store.first_plan}/lines", f"plans/{store.first_plan}/effects",
        f"connections/{store.cards}", f"connections/{store.cards}/coverage", f"connections/{store.cards}/gaps",
        f"connections/{store.cards}/missing-choices", f"connections/{store.cards}/proofs",
        f"connections/{store.cards}/proof-totals",
    ]  # fmt: skip
    return pages + [f"/api/v1/{each}" for each in lists]


@dataclass
class _Making:
    session: Session
    sizes: Sizes
    chance: random.Random
    company_id: str
    cards: str
    bank: str
    realm: str
    after: int
    """The number of the last record that is there already."""

    def add(self, model: Any, rows: Iterator[dict[str, Any]]) -> None:
        while batch := list(islice(rows, BULK)):
            self.session.execute(insert(model), batch)


def fill(database: Database, sizes: Sizes | None = None, seed: int = 1, after: int = 0) -> FullStore:
    """Add a company with all that two years leave behind; ``after`` so many records of other such companies."""
    with Session(database.engine) as session, session.begin():
        ids = new_id(), new_id(), new_id()
        making = _Making(session, sizes or Sizes(), random.Random(seed), *ids, f"{REALM + after}", after)
        _companies(making)
        _lists(making)
        plans = _plans(making)
        _records(making, plans)
        for sealed in (plans.ids[0], plans.waiting):
            keep_figures(session, session.get_one(Plan, sealed))
        _proofs(making)
        certificate = _around(making)
        _told(making)
    if database.dialect == "postgresql":
        # What autovacuum does by itself within a minute.
        with database.engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("ANALYZE")
    return FullStore(
        making.company_id, making.cards, making.bank, plans.ids[0], plans.waiting, plans.runs[-1], certificate,
        str(making.after + making.sizes.records),
    )  # fmt: skip


def _companies(making: _Making) -> None:
    making.add(
        Company,
        iter([
            {"id": making.company_id, "realm": making.realm, "environment": "sandbox", "name": "Atelier Boréal inc.",
             "country": "CA", "home_currency": "CAD", "taxed": True, "created_at": NOW - timedelta(days=DAYS)}
        ]),
    )  # fmt: skip
    rows = (
        (
            making.cards,
            "chase",
            "Boutique en ligne",
            f"{123_456 + making.after}",
            {"merchant_id": "123456", "input_kind": "upload"},
        ),
        (making.bank, "bankfeed", "Desjardins … 4021", f"bank-{4021 + making.after}", {"input_kind": "upload"}),
    )
    making.add(
        Connection,
        (
            {"id": id_, "company_id": making.company_id, "connector": connector, "label": label,
             "source_identity": identity, "settings": settings, "starts_on": FIRST, "plugin_version": "0.1.0",
             "approved_at": NOW - timedelta(days=DAYS), "set_up_at": NOW - timedelta(days=DAYS), "created_by": "Odile"}
            for id_, connector, label, identity, settings in rows
        ),
    )  # fmt: skip
    making.add(
        ConnectorSwitch,
        (
            {"connector": connector, "company_id": company_id, "enabled": True, "changed_by": "Odile",
             "changed_at": NOW}
            for connector in ("chase", "bankfeed") for company_id in ("", making.company_id)
            if company_id or not making.after
        ),
    )  # fmt: skip
    making.add(
        Schedule,
        (
            {"connection_id": id_, "cron": "10 3 * * *", "time_zone": "America/Toronto", "enabled": True,
             "next_at": NOW + timedelta(hours=12)}
            for id_ in (making.cards, making.bank)
        ),
    )  # fmt: skip


def _lists(making: _Making) -> None:
    kinds = (
        [("Account", "Bank", "Checking"), ("Account", "Credit Card", "CreditCard")] * 3
        + [("Account", "Expense", "SuppliesMaterials")] * 90 + [("Account", "Income", "SalesOfProductIncome")] * 40
        + [("Account", "Other Current Asset", "UndepositedFunds")] + [("Customer", "", "")] * 1500
        + [("Vendor", "", "")] * 600 + [("Item", "Service", "")] * 120 + [("TaxCode", "", "")] * 12
    )  # fmt: skip
    making.add(
        LedgerEntry,
        (
            {"company_id": making.company_id, "kind": kind, "object_id": str(number), "name": f"{kind} {number:04}",
             "name_key": f"{kind} {number:04}".casefold(), "active": True, "type": type_, "subtype": subtype,
             "currency": "CAD", "seen_at": NOW}
            for number, (kind, type_, subtype) in enumerate(kinds, 1)
        ),
    )  # fmt: skip
    chosen = (("cards", "deposit_bank", "Account", "1"), ("cards", "income", "Account", "97"),
              ("cards", "customer", "Customer", "140"), ("bank", "bank", "Account", "3"))  # fmt: skip
    making.add(
        Choice,
        (
            {"id": new_id(), "connection_id": getattr(making, which), "role": role, "valid_from": date.min,
             "ledger_kind": kind, "ledger_id": id_, "ledger_name": f"{kind} {int(id_):04}", "origin": "person",
             "chosen_by": "Odile", "chosen_at": NOW}
            for which, role, kind, id_ in chosen
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Plans:
    runs: Sequence[str]
    ids: Sequence[str]
    waiting: str

    def of(self, day: int) -> tuple[str, str]:
        """Return run and plan of a day; the first year came with the first plan."""
        place = max(0, day - DAYS // 2)
        return self.runs[place], self.ids[place]


def _plans(making: _Making) -> _Plans:
    """Make the first year's plan, one a day since, and the bank's plan that waits."""
    count = DAYS - DAYS // 2
    runs, ids = [new_id() for _ in range(count)], [new_id() for _ in range(count)]
    waiting, waiting_run = new_id(), new_id()
    ended = [NOW - timedelta(days=count - place) for place in range(count)]
    making.add(
        Plan,
        iter([
            *(
                {"id": ids[place], "connection_id": making.cards, "run_id": runs[place], "state": "applied",
                 "hash": digest(ids[place]), "created_at": ended[place], "approved_at": ended[place],
                 "approved_by": "standing"}
                for place in range(count)
            ),
            {"id": waiting, "connection_id": making.bank, "run_id": waiting_run, "state": "waiting",
             "hash": digest(waiting), "created_at": NOW, "approved_at": None, "approved_by": ""},
        ]),
    )  # fmt: skip
    made = [
        {"id": id_, "connection_id": making.cards, "company_id": making.company_id, "trigger": "schedule",
         "started_by": "", "state": "done", "phase": "done", "plan_id": ids[place], "created_at": ended[place],
         "started_at": ended[place], "finished_at": ended[place] + timedelta(minutes=3)}
        for place, id_ in enumerate(runs)
    ]  # fmt: skip
    made.append({**made[-1], "id": waiting_run, "connection_id": making.bank, "state": "approval", "plan_id": waiting,
                 "phase": "post", "finished_at": None})  # fmt: skip
    making.add(Run, iter(made))
    making.add(
        RunCount,
        (
            {"run_id": each["id"], "stream": stream, "fetched": 137, "posted": 130, "unchanged": 0, "skipped": 3,
             "held": 3, "failed": 1}
            for each in made for stream in ("sales", "lines")
        ),
    )  # fmt: skip
    return _Plans(runs, ids, waiting)


@dataclass(frozen=True)
class _Row:
    """One record with all that became of it."""

    number: int
    cards: bool
    held: bool
    failed: bool
    skipped: bool
    day: int
    amount: Decimal
    text: str

    @property
    def key(self) -> str:
        return f"{'sales' if self.cards else 'lines'}/{self.source_id}"

    @property
    def source_id(self) -> str:
        return f"{'T' if self.cards else 'L'}{self.number:07}"

    @property
    def date(self) -> date:
        return FIRST + timedelta(days=self.day)

    @property
    def posted(self) -> bool:
        return not (self.held or self.failed or self.skipped)


def _rows(making: _Making) -> list[_Row]:
    total, chance = making.sizes.records, making.chance
    lines = total * 3 // 10
    found = []
    for place in range(total):
        number, day = making.after + place + 1, place * DAYS // total
        cards = chance.random() > lines / total
        amount = Decimal(chance.randint(100, 60_000)).scaleb(-2)
        found.append([number, cards, False, False, False, day, amount if cards else -amount, chance.choice(MERCHANTS)])
    bank = [row for row in found if not row[1]]
    for row in bank[-making.sizes.holds :]:
        row[2] = True
    cards_rows = [row for row in found if row[1]]
    for row in chance.sample(cards_rows, making.sizes.problems):
        row[3] = True
    for row in chance.sample(cards_rows, len(cards_rows) // 50):
        row[4] = not row[3]
    return [_Row(*row) for row in found]


def _records(making: _Making, plans: _Plans) -> None:
    rows = _rows(making)
    making.add(SourceRecord, (_record(making, plans, row) for row in rows))
    drafted = [row for row in rows if not row.skipped]
    making.add(DraftRow, (_draft(making, row) for row in drafted))
    planned = [row for row in drafted if not row.failed]
    making.add(PlanLine, (_line(making, plans, row) for row in planned))
    posted = [row for row in rows if row.posted]
    making.add(Posting, (_posting(making, row) for row in posted))
    making.add(LinkRow, (_link(making, row) for row in posted))
    making.add(Hold, (_hold(making, row) for row in rows if row.held))
    lines = [row for row in posted if not row.cards][-making.sizes.answered :]
    making.add(Hold, (_answered(making, row, place, len(lines)) for place, row in enumerate(lines)))
    failed = [row for row in rows if row.failed]
    making.add(Problem, (_problem(making, place, row) for place, row in enumerate(failed)))
    making.add(Drift, (_drift(making, row) for row in making.chance.sample(posted, making.sizes.drifts)))


def _connection(making: _Making, row: _Row) -> str:
    return making.cards if row.cards else making.bank


def _record(making: _Making, plans: _Plans, row: _Row) -> dict[str, Any]:
    said = {"id": row.source_id, "date": row.date.isoformat(), "amount": str(row.amount), "payee": row.text,
            "card": "VISA", "reference": f"{row.number:012}"}  # fmt: skip
    state = "skipped" if row.skipped else "failed" if row.failed else "mapped"
    return {
        "id": row.number, "connection_id": _connection(making, row), "stream": row.key.partition("/")[0],
        "source_id": row.source_id, "revision": 1, "content_hash": digest(row.key), "day": row.date,
        "amount": row.amount, "currency": "CAD", "raw": json.dumps(said, sort_keys=True, ensure_ascii=False),
        "state": state, "reason": "chase.training" if row.skipped else "", "run_id": plans.of(row.day)[0],
        "fetched_at": datetime.combine(row.date, datetime.min.time(), UTC),
    }  # fmt: skip


def _body(row: _Row) -> Draft:
    if row.cards:
        line = SalesLine(item=ItemFor(Role("income")), amount=row.amount, tax_code=Role("tax"))
        return SalesReceipt(
            key=row.key, day=row.date, currency="CAD", deposit_to=Role("clearing"), lines=(line,), total=row.amount,
            tax_mode=TaxMode.NONE, customer=Role("customer"), reference=row.source_id,
        )  # fmt: skip
    out = ExpenseLine(account=Decision("category", Accepts.CATEGORY), amount=-row.amount)
    return Expense(
        key=row.key, day=row.date, currency="CAD", paid_from=Role("bank"), payment_type=PaymentType.CASH,
        lines=(out,), total=-row.amount, memo=row.text,
    )  # fmt: skip


def _draft(making: _Making, row: _Row) -> dict[str, Any]:
    body = dump_draft(_body(row))
    state = "held" if row.held else "failed" if row.failed else "posted"
    said = {"category": _category(row)} if row.posted and not row.cards else {}
    return {
        "id": row.number, "connection_id": _connection(making, row), "record_id": row.number, "key": row.key,
        "revision": 1, "kind": "SalesReceipt" if row.cards else "Purchase", "day": row.date, "body": body,
        "body_hash": digest(body), "state": state, "decisions": said, "mapped_by": "chase 0.1.0", "mapped_under": 1,
        "memo": memo_of(body),
    }  # fmt: skip


def _line(making: _Making, plans: _Plans, row: _Row) -> dict[str, Any]:
    cents, account = row.amount, "1" if row.cards else "3"
    return {
        "id": row.number, "plan_id": plans.waiting if row.held else plans.of(row.day)[1], "rank": 3,
        "action": "hold" if row.held else "create", "draft_id": row.number, "key": row.key, "revision": 1,
        "kind": "SalesReceipt" if row.cards else "Purchase", "day": row.date,
        "payload": json.dumps({"TotalAmt": str(cents), "TxnDate": row.date.isoformat(), "Line": [row.text] * 3}),
        "payload_hash": digest(row.key), "needs": [], "reason": "resolve.decision_missing" if row.held else "",
        "params": {}, "effect": {account: str(cents), str(20 + row.number % 60): str(-cents)}, "amount": cents,
        "currency": "CAD", "money_account": account, "state": "left" if row.held else "done",
        "mapped_by": "chase 0.1.0", "mapped_under": 1,
    }  # fmt: skip


def _posting(making: _Making, row: _Row) -> dict[str, Any]:
    code = mark(making.realm, _connection(making, row), row.key)
    return {
        "plan_line_id": row.number, "company_id": making.company_id, "connection_id": _connection(making, row),
        "key": row.key, "revision": 1, "kind": "SalesReceipt" if row.cards else "Purchase", "operation": "create",
        "request_id": digest(row.key)[:32], "marker": marker(code, 1), "body": "{}", "body_hash": digest("{}"),
        "state": "done", "attempts": 1, "document_id": str(10_000 + row.number),
        "created_at": NOW, "finished_at": NOW,
    }  # fmt: skip


def _link(making: _Making, row: _Row) -> dict[str, Any]:
    code = mark(making.realm, _connection(making, row), row.key)
    return {
        "id": row.number, "company_id": making.company_id, "connection_id": _connection(making, row), "key": row.key,
        "kind": "SalesReceipt" if row.cards else "Purchase", "document_id": str(10_000 + row.number),
        "document_number": f"CHA-{code}", "sync_token": "0", "revision": 1, "marker": code,
        "payload_hash": digest(row.key), "stream": row.key.partition("/")[0], "day": row.date, "amount": row.amount,
        "currency": "CAD", "money_account": "1" if row.cards else "3", "state": "live",
        "linked_at": datetime.combine(row.date, datetime.min.time(), UTC) + timedelta(hours=30),
    }  # fmt: skip


def _hold(making: _Making, row: _Row) -> dict[str, Any]:
    return {
        "id": new_id(), "connection_id": making.bank, "draft_id": row.number, "code": "resolve.decision_missing",
        "params": {"decision": "category", "accepts": "category", "suggestion": ""}, "opened_at": NOW,
        "closed_at": None, "answer": None, "line": True,
    }  # fmt: skip


def _category(row: _Row) -> str:
    """Return the account that a line was answered."""
    return str(40 + len(row.text))


def _answered(making: _Making, row: _Row, place: int, count: int) -> dict[str, Any]:
    """Return the question of a line that was answered, all of them in the last year: one in eight otherwise than it
    was suggested, and one in five without a suggestion."""
    behind = {"connection_id": making.bank, "day": row.date.isoformat(), "text": row.text, "amount": str(row.amount),
              "kind": "Purchase", "document": "10001", "number": "BAN-1"}  # fmt: skip
    account = _category(row) if place % 8 != 3 else "7"
    told = {"kind": "category", "account": account, "name": f"Account {int(account):04}", "confidence": 984,
            "examples": [{**behind, "key": f"lines/L{row.number - each:07}"} for each in range(3)]}  # fmt: skip
    closed = NOW - timedelta(days=365) * (count - place) / count
    params = {"decision": "category", "accepts": "category", "suggestion": ""}
    return {
        "id": new_id(), "connection_id": making.bank, "draft_id": row.number, "code": "resolve.decision_missing",
        "params": {**params, "learned": told} if place % 5 else params,
        "opened_at": closed - timedelta(days=1), "closed_at": closed, "closed_by": "Odile",
        "answer": {"category": _category(row)}, "line": True,
    }  # fmt: skip


def _problem(making: _Making, place: int, row: _Row) -> dict[str, Any]:
    return {
        "id": new_id(), "connection_id": making.cards, "stream": "sales", "code": CAUSES[place % len(CAUSES)],
        "subject": row.key, "params": {"detail": "Invalid tax code", "field": "amount", "key": row.key},
        "state": "open", "opened_at": NOW,
    }  # fmt: skip


def _drift(making: _Making, row: _Row) -> dict[str, Any]:
    return {
        "id": new_id(), "company_id": making.company_id, "connection_id": _connection(making, row),
        "link_id": row.number, "change": "edited", "fields": [{"field": "total", "before": "1.00", "after": "2.00"}],
        "sync_token": "1", "found_at": NOW, "state": "open",
    }  # fmt: skip


def _proofs(making: _Making) -> None:
    made: list[dict[str, Any]] = []
    for day in range(DAYS):
        for id_, stream in ((making.cards, "sales"), (making.cards, "refunds"), (making.bank, "lines")):
            total = Decimal(making.chance.randint(0, 9_000_000)).scaleb(-2)
            equal = making.chance.random() > 0.002
            made.append(
                {"connection_id": id_, "run_id": "", "stream": stream, "currency": "CAD",
                 "day": FIRST + timedelta(days=day), "source_total": total, "left_out_total": Decimal("0.00"),
                 "moves": [], "posted_total": total, "quickbooks_total": total if equal else total + 1,
                 "equal": equal, "differences": [], "proven_at": NOW}
            )  # fmt: skip
    making.add(Proof, iter(made))


def _around(making: _Making) -> str:
    """Make files, gaps and certificates; returns a certificate."""
    making.add(
        SourceFile,
        (
            {"connection_id": making.bank, "number": number, "name": f"export-{number:04}.csv", "size": 20_000,
             "sha256": digest(str(number)), "origin": "upload", "received_at": NOW}
            for number in range(1, 400)
        ),
    )  # fmt: skip
    making.add(
        Gap,
        (
            {"id": new_id(), "connection_id": id_, "first_day": None, "last_day": FIRST - timedelta(days=1),
             "reason": "before_start", "opened_at": NOW, "closed_at": NOW}
            for id_ in (making.cards, making.bank)
        ),
    )  # fmt: skip
    months = [date(2024 + place // 12, place % 12 + 1, 1) for place in range(3, 24)]
    made = [
        {"id": new_id(), "company_id": making.company_id, "month": month, "version": 1, "made_at": NOW,
         "made_by": "Odile", "clean": True, "body": "{}", "hash": digest(month.isoformat())}
        for month in months
    ]  # fmt: skip
    making.add(Certificate, iter(made))
    return str(made[-1]["id"])


def _told(making: _Making) -> None:
    for number in range(making.sizes.entries):
        events.append(
            making.session, "Odile", "answer_hold", f"lines/L{number:07}", making.company_id, making.bank,
            now=NOW - timedelta(minutes=making.sizes.entries - number), body={"ledger": "7"},
        )  # fmt: skip
