"""What arrives and what people say of it, step by step: what scenarios of twins and doubles are made of."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import till
from harness import OWNER, choose_usual, sync
from lines_at_hand import undo
from set_up import till_of
from sqlalchemy import select

from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account, untold_accounts
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, choose, skip_draft
from raccord.onboarding.deciding.drifts import Way, settle_drifts
from raccord.onboarding.deciding.treating import accept_transfer, treat
from raccord.onboarding.deciding.undone import release
from raccord.onboarding.sources.source_accounts import info_of
from raccord.plugin import ResolutionKind
from raccord.quickbooks.codec.json_text import write
from raccord.store.models import (
    Company,
    Connection,
    Drift,
    DriftState,
    Hold,
    LinkRow,
    LinkState,
    Problem,
    ProblemState,
    Proof,
    RunState,
    SourceRecord,
)
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Treated, Treatment
from raccord.sync.posting.removals import UNDONE
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file
from raccord_bankfeed.twins.mt940 import mt940_chunks
from raccord_chase.sandbox import Merchant

CHEQUING, SAVINGS = MadeAccount(number="0123456789"), MadeAccount(number="9876543210")
RENUMBERED = MadeAccount(number="4445556667")
"""The chequing account as another kind of file calls it: only the person who chose knows that they are one."""
BOOKED = ("CreditCardPayment", "Deposit", "Purchase", "RefundReceipt", "SalesReceipt", "Transfer")
DOUBLE, CATEGORY = "conflict.already_exists", "resolve.decision_missing"
EDITED = "conflict.matched_edited"
COFFEE = "03-04 -4.50 CAFE"


@dataclass
class House:
    """A company with a till, Chase and its bank's files."""

    workshop: Workshop
    company: Company
    folder: Path
    banks: tuple[str, str]
    connections: dict[str, Connection] = field(default_factory=dict)
    files: int = 0

    def connected(self, connector: str, of: str = "") -> Connection:
        """Return a connection, made when it is asked for first."""
        name = f"{connector}{of}"
        if name not in self.connections:
            place = self.folder / name
            place.mkdir()
            values = {"input_kind": "folder", "folder": str(place)}
            if connector == "chase":
                values["merchant_id"] = "123456"
            new = NewConnection(
                company_id=self.company.id, connector=connector, values=values, label=name, starts_on=date(2026, 1, 1)
            )
            if connector == "till":
                new = till_of(self.company, of)
            self.connections[name] = made = connect(self.workshop, OWNER, new)
            match connector:
                case "till":
                    choose_usual(self.workshop, made, self.company)
                case "chase":
                    choose_usual(self.workshop, made, self.company, bank="deposit_bank")
                case _:
                    for account, ledger in zip(
                        (CHEQUING, SAVINGS, RENUMBERED), (*self.banks, self.banks[0]), strict=True
                    ):
                        known = Read(statement_file(account, [line(COFFEE)])).lines[0].account
                        choose(self.workshop, OWNER, made.id, "ledger_account", ledger, of=known.key)
        return self.connections[name]

    def put(self, connection: str, content: bytes, name: str = "") -> None:
        """Let a file arrive, as if it had lain there for a while."""
        self.files += 1
        path = self.folder / connection / (name or f"export-{self.files}.ofx")
        path.write_bytes(content)
        os.utime(path, (0, 0))

    def sync(self, connection: Connection) -> None:
        assert sync(self.workshop, connection).state == RunState.DONE

    def holds(self) -> Sequence[Hold]:
        with self.workshop.database.read() as session:
            return session.scalars(select(Hold).where(Hold.closed_at.is_(None)).order_by(Hold.id)).all()

    def booked(self) -> Counter[str]:
        """Return the documents of the books as ``Kind amount MM-DD``."""
        client = self.workshop.client(self.company)
        return Counter(
            f"{kind} {Decimal(row.get('TotalAmt', row.get('Amount', 0))):.2f} {row['TxnDate'][5:]}"
            for kind in BOOKED
            for row in client.query_all(kind)
        )

    def problems(self) -> list[str]:
        with self.workshop.database.read() as session:
            return sorted(session.scalars(select(Problem.code).where(Problem.state == ProblemState.OPEN)))

    def proved(self) -> bool:
        with self.workshop.database.read() as session:
            return all(session.scalars(select(Proof.equal)))


CARDS = MadeAccount(number="4111111111111111", card=True), MadeAccount(number="4222222222222220", card=True)
"""Two cards that are paid as one: one account of the books."""

Step = Callable[[House], None]


def line(text: str) -> MadeLine:
    """Read ``03-04 -4.50 CAFE #id``, perhaps with ``!KIND``; ``#id =other`` replaces another one, ``#id xother``
    withdraws it.
    """
    words, _, native = text.partition(" #")
    native, _, kind = native.partition("!")
    native, _, other = native.partition(" ")
    action = {"=": "REPLACE", "x": "DELETE", "": ""}[other[:1]]
    day, amount, name = words.split(" ", 2)
    return MadeLine(
        day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name=name, native=native, type=kind or "OTHER",
        more={"CORRECTFITID": other[1:], "CORRECTACTION": action} if action else {},
    )  # fmt: skip


def bank(
    *lines: str,
    pending: Sequence[str] = (),
    account: MadeAccount = CHEQUING,
    name: str = "",
    feed: str = "",
    starts: str = "01-01",
    ends: str = "12-31",
) -> Step:
    """A file of the bank arrives (of another channel where ``feed`` names one), and is synchronised."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed", feed)
        first, last = (date.fromisoformat(f"2026-{day}") for day in (starts, ends))
        content = statement_file(account, map(line, lines), pending=map(line, pending), starts=first, ends=last)
        house.put(f"bankfeed{feed}", content, name)
        house.sync(connection)

    return step


def bank_at_once(*statements: tuple[MadeAccount, Sequence[str]]) -> Step:
    """Files of several accounts arrive, and are synchronised in one run."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        for account, lines in statements:
            house.put("bankfeed", statement_file(account, map(line, lines)))
        house.sync(connection)

    return step


def at_once(*files: Sequence[str], account: MadeAccount = CHEQUING, table: Sequence[str] = ()) -> Step:
    """Files of one account arrive, the last of them the ``table`` if there is one, and are read in one run."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        for lines in files:
            house.put("bankfeed", statement_file(account, map(line, lines)))
        if table:
            house.put("bankfeed", _numbered(house, connection, table), "numbered.csv")
        house.sync(connection)

    return step


def statements(*pieces: tuple[str, Sequence[str]], newline: str = "\r\n") -> Step:
    """MT940 files without a number arrive, each with the balance that it begins with, and are read in one run."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        for opening, rows in pieces:
            lines = [line(each) for each in rows]
            total = sum((each.amount for each in lines), Decimal(0))
            content = mt940_chunks(CHEQUING, lines, opening=Decimal(opening), total=total, number="", newline=newline)
            house.put("bankfeed", b"".join(content))
            key = Read(b"".join(mt940_chunks(CHEQUING, lines))).lines[0].account.key
            choose(house.workshop, OWNER, connection.id, "ledger_account", house.banks[0], of=key)
        house.sync(connection)

    return step


def of_card(account: MadeAccount, *lines: str) -> Step:
    """A file of a card arrives that is, as others, the one credit card account of the books."""

    def step(house: House) -> None:
        client, connection = house.workshop.client(house.company), house.connected("bankfeed")
        [ledger, *_] = client.query("SELECT * FROM Account WHERE AccountType = 'Credit Card'")
        for each in CARDS:
            key = Read(statement_file(each, [line(COFFEE)])).lines[0].account.key
            choose(house.workshop, OWNER, connection.id, "ledger_account", ledger["Id"], of=key)
        bank(*lines, account=account)(house)

    return step


def unnumbered(*lines: str, name: str = "table.csv") -> Step:
    """A table of the bank arrives that names no account, which waits for somebody to say which it is."""

    def step(house: House) -> None:
        made = [line(each) for each in lines]
        rows = [f"{each.day:%Y-%m-%d},{each.name},{each.amount}" for each in made]
        connection = house.connected("bankfeed")
        house.put("bankfeed", "\n".join(["Date,Description,Amount", *rows, ""]).encode(), name)
        house.sync(connection)

    return step


def numbered(*lines: str) -> Step:
    """A table of the bank arrives that names the chequing account by its number."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        house.put("bankfeed", _numbered(house, connection, lines), "numbered.csv")
        house.sync(connection)

    return step


def _numbered(house: House, connection: Connection, lines: Sequence[str]) -> bytes:
    rows = [f"{each.day:%Y-%m-%d},{CHEQUING.number},{each.name},{each.amount},CAD" for each in map(line, lines)]
    content = "\n".join(["Date,Account Number,Description,Amount,Currency", *rows, ""]).encode()
    key = Read(content).lines[0].account.key
    choose(house.workshop, OWNER, connection.id, "ledger_account", house.banks[0], of=key)
    return content


def beside_the_file(name: str, word: str) -> Step:
    """A person says of each line that may be another one (``twin``, ``replaces``, ``corrects``) whether it is."""

    def step(house: House) -> None:
        connection = house.connections["bankfeed"]
        with house.workshop.database.read() as session:
            reasons = ("bankfeed.perhaps_known", "bankfeed.perhaps_replaces", "bankfeed.line_replaced")
            failed = session.scalars(select(SourceRecord.raw).where(SourceRecord.reason.in_(reasons))).all()
            keys = [said[name]["answer"] for said in map(json.loads, failed) if name in said]
            values = dict(session.get_one(Connection, connection.id).settings)
        assert keys
        values["answers"] = "\n".join([values.get("answers") or "", *(f"{key} = {word}" for key in keys)]).strip()
        update_settings(house.workshop, OWNER, connection.id, values)
        house.sync(connection)

    return step


def read_again(house: House) -> None:
    """A person answers something else, for which all files are read anew."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        values = dict(session.get_one(Connection, connection.id).settings)
    values["answers"] = f"{values.get('answers') or ''}\nsign-another = accept".strip()
    update_settings(house.workshop, OWNER, connection.id, values)
    again(2)(house)


def dated_either_way(number: str, *lines: str) -> Step:
    """A table arrives, of an account by its number, of which no date tells whether the day or the month comes first."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        rows = [f"{each.day:%d/%m/%Y},{number},{each.name},{each.amount}" for each in map(line, lines)]
        house.put(
            "bankfeed", "\n".join(["Date,Account Number,Description,Amount", *rows, ""]).encode(), f"{number}.csv"
        )
        house.sync(connection)

    return step


def asked_of_files(*codes: str) -> Step:
    """Questions of these codes are open about files, and no other."""

    def step(house: House) -> None:
        questions = questions_of(house.workshop, house.connections["bankfeed"].id)
        assert [ask.code for asked in questions for ask in asked.asks] == [*codes]

    return step


def named_alike(house: House) -> None:
    """A person gives the chequing account the name that the account without a number has."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        values = dict(session.get_one(Connection, connection.id).settings)
    key = Read(statement_file(CHEQUING, [line(COFFEE)])).lines[0].account.key
    values["accounts"] = f"{values['accounts']}\n{key} = Daily"
    update_settings(house.workshop, OWNER, connection.id, values)


def placed(word: str, of: str = "bankfeed") -> Step:
    """A person says which of the accounts that files do not name a file is of, or whether two are one."""

    def step(house: House) -> None:
        connection = house.connections[of]
        [asked] = questions_of(house.workshop, connection.id)
        answer_file(house.workshop, OWNER, connection.id, asked.key, {asked.asks[0].code: word})
        house.sync(connection)

    return step


def told_apart(house: House) -> None:
    """A person says that the account without a number is the chequing account of the books, and calls it otherwise."""
    told_to(0)(house)


def told_to(bank: int) -> Step:
    """A person says which of the accounts of the books the account without a number is."""
    return lambda house: _told_to(house, house.banks[bank])


def _told_to(house: House, ledger: str) -> None:
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        info = info_of(house.workshop, "bankfeed")
        [asked] = untold_accounts(session, session.get_one(Connection, connection.id), info)
    name_account(house.workshop, OWNER, connection.id, asked.key, AccountTold(ledger_id=ledger, name="Daily"))
    house.sync(connection)


def rule(house: House) -> None:
    """The owner lets a rule book every line that has the word EAU."""
    category = house.workshop.client(house.company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0][
        "Id"
    ]
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=category),))
    body = RuleBody(conditions=(TextCondition(test=TextTest.WORD, value="EAU"),), outcome=outcome)
    add_rule(house.workshop, OWNER, house.company.id, RuleSaid(name="eau", mode=RuleMode.APPLY, body=body))


def asked_with(case: str, **said: str) -> Step:
    """One possible double is asked about, with what its question says."""

    def step(house: House) -> None:
        [hold] = [each for each in house.holds() if each.code == DOUBLE]
        assert hold.params["case"] == case
        assert {name: hold.params[name] for name in said} == said

    return step


def as_transfer(*reasons: str) -> Step:
    """A person answers two lines as the transfer that is proposed beside both, with these reasons."""

    def step(house: House) -> None:
        first, second = house.holds()
        said = [hold.params["transfer"] for hold in (first, second)]
        assert [(each["hold"], tuple(each["reasons"])) for each in said] == [(second.id, reasons), (first.id, reasons)]
        accept_transfer(house.workshop, OWNER, first.id)
        again(1)(house)

    return step


def to_other_account(house: House) -> None:
    """A person calls the one line that waits a transfer to the second account, and it is posted."""
    [hold] = house.holds()
    treat(house.workshop, OWNER, hold.id, Treatment(kind=Treated.TRANSFER, other_account=house.banks[1]))
    again(1)(house)


def transfers(word: str, bank: int) -> Step:
    """The owner lets a rule call every line that has a word a transfer with one of the two accounts."""

    def step(house: House) -> None:
        outcome = Outcome(kind=Treated.TRANSFER, other_account=house.banks[bank])
        body = RuleBody(conditions=(TextCondition(test=TextTest.WORD, value=word),), outcome=outcome)
        add_rule(house.workshop, OWNER, house.company.id, RuleSaid(name=word, mode=RuleMode.APPLY, body=body))

    return step


def processor(*rows: str, of: str = "1") -> Step:
    """A till tells what it sold and paid out: ``03-04 100.00`` is a sale and its deposit."""

    def step(house: House) -> None:
        connection = house.connected("till", of)
        for number, row in enumerate(rows):
            day, amount = row.split(" ")
            id_, at = f"{of}-{len(till.ROWS.get(of, []))}-{number}", f"2026-{day}"
            till.ROWS.setdefault(of, []).extend(
                [
                    {"stream": "sales", "id": f"s{id_}", "day": at, "amount": amount},
                    {
                        "stream": "deposits",
                        "id": f"d{id_}",
                        "day": at,
                        "amount": amount,
                        "of": f"sales/s{id_}={amount}",
                    },
                ]
            )
        house.sync(connection)

    return step


def by_hand(text: str) -> Step:
    """A person enters ``Deposit 100.00 03-04`` in QuickBooks."""
    kind, amount, day = text.split(" ")

    def step(house: House) -> None:
        client = house.workshop.client(house.company)
        other = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
        card = client.query("SELECT * FROM Account WHERE AccountType = 'Credit Card'")[0]["Id"]
        first, second = house.banks
        detail = "DepositLineDetail" if kind == "Deposit" else "AccountBasedExpenseLineDetail"
        lines = (
            f'"Line":[{{"Amount":{amount},"DetailType":"{detail}","{detail}":{{"AccountRef":{{"value":"{other}"}}}}}}]'
        )
        head = {
            "Deposit": f'"DepositToAccountRef":{{"value":"{first}"}},{lines}',
            "Purchase": f'"AccountRef":{{"value":"{first}"}},"PaymentType":"Cash",'
            f'"GlobalTaxCalculation":"NotApplicable",{lines}',
            "Transfer": f'"FromAccountRef":{{"value":"{first}"}},"ToAccountRef":{{"value":"{second}"}},'
            f'"Amount":{amount}',
            "CreditCardPayment": f'"BankAccountRef":{{"value":"{first}"}},"CreditCardAccountRef":{{"value":"{card}"}},'
            f'"Amount":{amount}',
        }[kind]
        client.create(kind, f'{{"TxnDate":"2026-{day}",{head}}}', f"hand {text}")

    return step


def cheque_by_hand(amount: str, day: str, number: str) -> Step:
    """A person enters a cheque in QuickBooks when it is written."""

    def step(house: House) -> None:
        client = house.workshop.client(house.company)
        other = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
        client.create(
            "Purchase",
            f'{{"TxnDate":"2026-{day}","DocNumber":"{number}","PaymentType":"Check",'
            f'"AccountRef":{{"value":"{house.banks[0]}"}},"GlobalTaxCalculation":"NotApplicable",'
            f'"Line":[{{"Amount":{amount},"DetailType":"AccountBasedExpenseLineDetail",'
            f'"AccountBasedExpenseLineDetail":{{"AccountRef":{{"value":"{other}"}}}}}}]}}',
            f"cheque {number}",
        )

    return step


def cheques(*lines: str) -> Step:
    """A file of the bank arrives with cheques that it paid: ``03-19 -500.00 1234``."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed")
        parts = (each.split(" ") for each in lines)
        paid = [
            replace(line(f"{day} {amount} CHEQUE"), check_number=number, type="CHECK") for day, amount, number in parts
        ]
        house.put("bankfeed", statement_file(CHEQUING, paid))
        house.sync(connection)

    return step


def of_amount(documents: Iterable[Mapping[str, Any]], amount: str) -> dict[str, Any]:
    """Return the only document of an amount, without what QuickBooks tells and does not take."""
    (there,) = [each for each in documents if each.get("TotalAmt", each.get("Amount")) == Decimal(amount)]
    return {name: value for name, value in there.items() if name != "PurchaseEx"}


def deleted(kind: str, amount: str) -> Step:
    """A person deletes a document in QuickBooks, and all is synchronised."""

    def step(house: House) -> None:
        client = house.workshop.client(house.company)
        (there,) = [
            each for each in client.query_all(kind) if each.get("TotalAmt", each.get("Amount")) == Decimal(amount)
        ]
        client.delete(kind, there["Id"], there["SyncToken"], f"gone {amount}")
        again(1)(house)

    return step


def edited(was: str, kind: str, amount: str = "", **changes: object) -> Step:
    """A person changes the amount of a document in QuickBooks, or other properties, and all is synchronised."""

    def step(house: House) -> None:
        client = house.workshop.client(house.company)
        there = of_amount(client.query_all(kind), was)
        said: dict[str, Any] = {**changes}
        if amount and "Line" in there:
            said["Line"] = [{**there["Line"][0], "Amount": Decimal(amount)}]
        elif amount:
            said["Amount"] = Decimal(amount)
        house.files += 1
        client.update(kind, write(there | said), f"edit {house.files}")
        again(1)(house)

    return step


def to_savings(was: str, kind: str, name: str) -> Step:
    """A person says of a document that it is of the savings account."""
    return lambda house: edited(was, kind, **{name: {"value": house.banks[1]}})(house)


def drift_restored(house: House) -> None:
    """A person has our document written again as we wrote it."""
    with house.workshop.database.read() as session:
        ids = session.scalars(select(Drift.id).where(Drift.state == DriftState.OPEN)).all()
    assert settle_drifts(house.workshop, OWNER, ids, Way.RESTORE).ids
    again(2)(house)


def left_out(house: House) -> None:
    """A person leaves out every line that waits."""
    for hold in house.holds():
        skip_draft(house.workshop, OWNER, hold.id, "not ours")
    again(1)(house)


def undone(house: House) -> None:
    """A person has all documents of the bank's lines undone."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        found = select(LinkRow.key).where(
            LinkRow.connection_id == connection.id, LinkRow.state == LinkState.LIVE, LinkRow.kind.in_(BOOKED)
        )
        keys = session.scalars(found).all()
    undo(house.workshop, connection, *keys)


def only_undone(amount: str) -> Step:
    """A person has the document of one line undone, found by what it moved."""

    def step(house: House) -> None:
        connection = house.connections["bankfeed"]
        with house.workshop.database.read() as session:
            key = session.scalars(
                select(LinkRow.key).where(
                    LinkRow.connection_id == connection.id,
                    LinkRow.state == LinkState.LIVE,
                    LinkRow.amount == Decimal(amount),
                )
            ).one()
        undo(house.workshop, connection, key)

    return step


def posted_again(house: House) -> None:
    """A person lets every line that was undone be posted again."""
    release(house.workshop, OWNER, [hold.id for hold in house.holds() if hold.code == UNDONE])
    again(1)(house)


def decided(way: ResolutionKind, code: str = EDITED) -> Step:
    """A person answers a question about a document that a line is, and all is synchronised."""

    def step(house: House) -> None:
        (hold,) = [each for each in house.holds() if each.code == code]
        answer_conflict(house.workshop, OWNER, hold.id, way)
        again(1)(house)

    return step


def still_asked(*codes: str) -> Step:
    """Questions of these codes are open so far, and no other."""

    def step(house: House) -> None:
        assert [hold.code for hold in house.holds()] == [*codes], [(h.code, h.params) for h in house.holds()]

    return step


def answer(way: ResolutionKind) -> Step:
    """A person answers every possible double."""

    def step(house: House) -> None:
        for hold in house.holds():
            if hold.code == DOUBLE:
                answer_conflict(house.workshop, OWNER, hold.id, way)
        for connection in list(house.connections.values()):
            house.sync(connection)

    return step


def categorise(house: House) -> None:
    """A person gives every line that waits for one its category, and all is synchronised."""
    categorised(house)
    for connection in list(house.connections.values()):
        house.sync(connection)


def categorised(house: House) -> None:
    """A person gives every line that waits for one its category."""
    client = house.workshop.client(house.company)
    category = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    for hold in house.holds():
        if hold.code == CATEGORY:
            answer_hold(house.workshop, OWNER, hold.id, category)


def categorised_last(house: House) -> None:
    """A person gives the last of the lines that wait for one its category, and all is synchronised."""
    client = house.workshop.client(house.company)
    category = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    [*_, last] = [hold for hold in house.holds() if hold.code == CATEGORY]
    answer_hold(house.workshop, OWNER, last.id, category)
    again(1)(house)


def sign_counts(house: House) -> None:
    """A person says of lines whose kind says the contrary that the sign of their amount is right."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        values = dict(session.get_one(Connection, connection.id).settings)
    key = Read(statement_file(CHEQUING, [line(COFFEE)])).lines[0].account.key
    values["answers"] = f"sign-{key} = accept"
    update_settings(house.workshop, OWNER, connection.id, values)


def nothing_beside(document: str) -> Step:
    """A document is not in the books so far."""

    def step(house: House) -> None:
        assert not house.booked()[document]

    return step


def again(times: int) -> Step:
    """Everything is synchronised again and again."""

    def step(house: House) -> None:
        for _ in range(times):
            for connection in list(house.connections.values()):
                house.sync(connection)

    return step


def chase(bank_too: bool = False) -> Step:
    """Chase reports two days of sales; its bank's statement may arrive too."""

    def step(house: House) -> None:
        merchant = Merchant(start=date(2026, 3, 2), days=2, sales_per_day=1)
        connection = house.connected("chase")
        written = house.folder / "written"
        if not written.exists():
            written.mkdir()
            for path in merchant.write_files(written, zipped=False):
                house.put("chase", path.read_bytes(), path.name)
            house.sync(connection)
        if bank_too:
            bank(*(f"{day:%m-%d} {amount} CHASE #{number}" for number, (day, amount) in paid(merchant)))(house)

    return step


def paid(merchant: Merchant) -> Iterator[tuple[str, tuple[date, Decimal]]]:
    for number, (day, amount) in enumerate([*merchant.settlements(), *merchant.charges()]):
        if amount:
            yield f"CH{number}X{day:%m%d}", (day, amount)


SAME, ANOTHER = answer(ResolutionKind.SKIP), answer(ResolutionKind.CREATE)


@dataclass(frozen=True)
class Scenario:
    """What arrives, what the books hold in the end, and what is asked."""

    steps: Sequence[Step]
    booked: Sequence[str] = ()
    asked: Sequence[str] = ()


def live(house: House, scenario: Scenario) -> None:
    """Let a scenario happen; hold the books, the questions and the proof against it."""
    before = house.booked()
    for step in scenario.steps:
        step(house)
    assert house.booked() - before == Counter(scenario.booked)
    assert Counter(hold.code for hold in house.holds()) == Counter(scenario.asked)
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))
