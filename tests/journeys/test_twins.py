"""Twins and doubles: what several sources, files and people say of one movement of money, and what equal ones are not.

Each scenario is data: what arrives step by step, the documents that the books hold in the end, and the questions that
a person is asked. It runs through the real pipeline: bank files, Chase's reports, a till, a person in QuickBooks.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import till
from harness import NOW, OWNER, choose_usual, consent, enable, make_workshop, sync
from set_up import till_of
from sqlalchemy import select

import raccord_bankfeed
import raccord_chase
from raccord.clock import FixedClock
from raccord.onboarding.arriving.answering import answer_file, questions_of
from raccord.onboarding.arriving.untold_accounts import AccountTold, name_account, untold_accounts
from raccord.onboarding.connecting.connections import NewConnection, connect, update_settings
from raccord.onboarding.deciding.bank_rules import RuleSaid, add_rule
from raccord.onboarding.deciding.decisions import answer_conflict, answer_hold, choose
from raccord.onboarding.sources.source_accounts import info_of
from raccord.overview.records import MATCHED, list_records
from raccord.overview.sought import Fate, Wanted
from raccord.plugin import ResolutionKind
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Hold, Proof, RunState, SourceRecord
from raccord.sync.lines.bank_rules import Outcome, RuleBody, RuleMode, RulePart, TextCondition, TextTest
from raccord.sync.lines.treatments import Treated
from raccord.sync.workshop import Workshop
from raccord_bankfeed.twins.bank import MadeAccount, MadeLine, Read, statement_file
from raccord_chase.sandbox import Merchant
from raccord_sandbox.clock import SandboxClock
from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.serving.server import SandboxServer

CHEQUING, SAVINGS = MadeAccount(number="0123456789"), MadeAccount(number="9876543210")
RENUMBERED = MadeAccount(number="4445556667")
"""The chequing account as another kind of file calls it: only the person who chose knows that they are one."""
BOOKED = ("CreditCardPayment", "Deposit", "Purchase", "RefundReceipt", "SalesReceipt", "Transfer")
DOUBLE, CATEGORY = "conflict.already_exists", "resolve.decision_missing"


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


CARDS = MadeAccount(number="4111111111111111", card=True), MadeAccount(number="4222222222222220", card=True)
"""Two cards that are paid as one: one account of the books."""

Step = Callable[[House], None]


def line(text: str) -> MadeLine:
    """Read ``03-04 -4.50 CAFE #id``."""
    words, _, native = text.partition(" #")
    day, amount, name = words.split(" ", 2)
    return MadeLine(day=date.fromisoformat(f"2026-{day}"), amount=Decimal(amount), name=name, native=native)


def bank(
    *lines: str,
    pending: Sequence[str] = (),
    account: MadeAccount = CHEQUING,
    name: str = "",
    feed: str = "",
    ends: str = "12-31",
) -> Step:
    """A file of the bank arrives (of another channel where ``feed`` names one), and is synchronised."""

    def step(house: House) -> None:
        connection = house.connected("bankfeed", feed)
        last = date.fromisoformat(f"2026-{ends}")
        content = statement_file(account, map(line, lines), pending=map(line, pending), ends=last)
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
        rows = [f"{each.day:%Y-%m-%d},{CHEQUING.number},{each.name},{each.amount},CAD" for each in map(line, lines)]
        content = "\n".join(["Date,Account Number,Description,Amount,Currency", *rows, ""]).encode()
        connection = house.connected("bankfeed")
        key = Read(content).lines[0].account.key
        choose(house.workshop, OWNER, connection.id, "ledger_account", house.banks[0], of=key)
        house.put("bankfeed", content, "numbered.csv")
        house.sync(connection)

    return step


def beside_the_file(name: str, word: str) -> Step:
    """A person says of each line that may be another one (``twin``, ``replaces``) whether it is."""

    def step(house: House) -> None:
        connection = house.connections["bankfeed"]
        with house.workshop.database.read() as session:
            reasons = ("bankfeed.perhaps_known", "bankfeed.perhaps_replaces")
            failed = session.scalars(select(SourceRecord.raw).where(SourceRecord.reason.in_(reasons))).all()
            keys = [json.loads(raw)[name]["answer"] for raw in failed]
            values = dict(session.get_one(Connection, connection.id).settings)
        assert keys
        values["answers"] = "\n".join(f"{key} = {word}" for key in keys)
        update_settings(house.workshop, OWNER, connection.id, values)
        house.sync(connection)

    return step


def named_alike(house: House) -> None:
    """A person gives the chequing account the name that the account without a number has."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        values = dict(session.get_one(Connection, connection.id).settings)
    key = Read(statement_file(CHEQUING, [line(COFFEE)])).lines[0].account.key
    values["accounts"] = f"{values['accounts']}\n{key} = Daily"
    update_settings(house.workshop, OWNER, connection.id, values)


def placed(word: str) -> Step:
    """A person says which of the accounts that files do not name a file is of."""

    def step(house: House) -> None:
        connection = house.connections["bankfeed"]
        [asked] = questions_of(house.workshop, connection.id)
        answer_file(house.workshop, OWNER, connection.id, asked.key, {asked.asks[0].code: word})
        house.sync(connection)

    return step


def told_apart(house: House) -> None:
    """A person says that the account without a number is the chequing account of the books, and calls it otherwise."""
    connection = house.connections["bankfeed"]
    with house.workshop.database.read() as session:
        info = info_of(house.workshop, "bankfeed")
        [asked] = untold_accounts(session, session.get_one(Connection, connection.id), info)
    name_account(house.workshop, OWNER, connection.id, asked.key, AccountTold(ledger_id=house.banks[0], name="Daily"))
    house.sync(connection)


def rule(house: House) -> None:
    """The owner lets a rule book every line that has the word EAU."""
    category = house.workshop.client(house.company).query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0][
        "Id"
    ]
    outcome = Outcome(kind=Treated.CATEGORY, parts=(RulePart(account=category),))
    body = RuleBody(conditions=(TextCondition(test=TextTest.WORD, value="EAU"),), outcome=outcome)
    add_rule(house.workshop, OWNER, house.company.id, RuleSaid(name="eau", mode=RuleMode.APPLY, body=body))


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


def deleted(kind: str, amount: str) -> Step:
    """A person deletes a document in QuickBooks, and all is synchronised."""

    def step(house: House) -> None:
        client = house.workshop.client(house.company)
        (there,) = [each for each in client.query_all(kind) if each.get("TotalAmt") == Decimal(amount)]
        client.delete(kind, there["Id"], there["SyncToken"], f"gone {amount}")
        again(1)(house)

    return step


def restored(house: House) -> None:
    """A person says of what holds a line no more that the line goes itself."""
    (hold,) = [each for each in house.holds() if each.code == "conflict.deleted"]
    answer_conflict(house.workshop, OWNER, hold.id, ResolutionKind.RESTORE_OURS)
    again(1)(house)


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
    client = house.workshop.client(house.company)
    category = client.query("SELECT * FROM Account WHERE AccountType = 'Expense'")[0]["Id"]
    for hold in house.holds():
        if hold.code == CATEGORY:
            answer_hold(house.workshop, OWNER, hold.id, category)
    for connection in list(house.connections.values()):
        house.sync(connection)


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


COFFEE = "03-04 -4.50 CAFE"
DAYS = [f"{date(2026, 1, 1) + timedelta(days=number):%m-%d}" for number in range(77)]
QUARTER = [*(f"{day} -{number + 5}.00 ACHAT" for number, day in enumerate(DAYS)), *[f"{DAYS[9]} -4.50 CAFE"] * 3]
SCENARIOS = {
    "pain 9: three equal coffees of one day are three": Scenario(
        [bank(COFFEE, COFFEE, COFFEE), categorise], ["Purchase 4.50 03-04"] * 3
    ),
    "pain 9: coffees of overlapping exports in any order are as many as the fullest says": Scenario(
        [
            bank(COFFEE, COFFEE),
            categorise,
            bank(COFFEE),
            bank(COFFEE, COFFEE, COFFEE),
            bank(COFFEE, COFFEE),
            categorise,
        ],
        ["Purchase 4.50 03-04"] * 3,
    ),
    "pain 9: the day before and the day after overlap": Scenario(
        [
            bank("03-03 -9.00 TAXI #TAX100", "03-04 -9.00 TAXI #TAX200"),
            categorise,
            bank("03-04 -9.00 TAXI #TAX200", "03-05 -9.00 TAXI #TAX300"),
            categorise,
        ],
        ["Purchase 9.00 03-03", "Purchase 9.00 03-04", "Purchase 9.00 03-05"],
    ),
    "pain 10 T1: pending 20.00 becomes 24.00 under another id three days later": Scenario(
        [
            bank(pending=["03-04 -20.00 RESTO #PEND01"]),
            categorise,
            bank("03-07 -24.00 RESTO #FINAL1", pending=["03-04 -20.00 RESTO #PEND01"]),
            categorise,
            bank("03-07 -24.00 RESTO #FINAL1"),
        ],
        ["Purchase 24.00 03-07"],
    ),
    "pain 10 T1: what no bank calls pending is asked about with its tip, and corrected where it is posted": Scenario(
        [
            bank("03-02 -9.00 PAIN", "03-04 -20.00 EAU ET VIN", ends="03-06"),
            categorise,
            rule,
            bank("03-02 -9.00 PAIN", "03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", ends="03-10"),
            nothing_beside("Purchase 24.00 03-07"),
            beside_the_file("replaces", "same"),
            bank("03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", "03-11 -1.00 EAU", ends="03-12"),
            categorise,
        ],
        ["Purchase 9.00 03-02", "Purchase 24.00 03-07", "Purchase 3.00 03-09", "Purchase 1.00 03-11"],
    ),
    "pain 10 T1: two lines of one name that are no tip are booked apart once that is said": Scenario(
        [
            bank("03-02 -9.00 PAIN", "03-04 -20.00 EAU ET VIN", ends="03-06"),
            bank("03-02 -9.00 PAIN", "03-07 -24.00 EAU ET VIN", "03-09 -3.00 PAIN", ends="03-10"),
            beside_the_file("replaces", "separate"),
            categorise,
        ],
        ["Purchase 9.00 03-02", "Purchase 20.00 03-04", "Purchase 24.00 03-07", "Purchase 3.00 03-09"],
    ),
    "pain 10 T2: a row back-dated before everything that was read is read": Scenario(
        [bank("03-10 -7.00 PAPIER #PAP010"), categorise, bank("03-02 -8.00 ENCRE #ENC002"), categorise],
        ["Purchase 7.00 03-10", "Purchase 8.00 03-02"],
    ),
    "pain 10 T3: said to be one that is deleted later, a line is asked about and goes itself": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            deleted("Purchase", "12.30"),
            restored,
            categorise,
        ],
        ["Purchase 12.30 03-04"],
    ),
    "pain 10 T3: a line said to be one entered by hand stays so over ten imports": Scenario(
        [
            by_hand("Purchase 12.30 03-03"),
            bank("03-04 -12.30 OUTILS #OUT001"),
            SAME,
            *[bank("03-04 -12.30 OUTILS #OUT001", name=f"again-{number}.ofx") for number in range(10)],
        ],
        ["Purchase 12.30 03-03"],
    ),
    "pain 4 T2: a bank gives all its lines new ids and sends them again": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-04 -12.00 EAU #OLD003"),
            categorise,
            bank("03-03 -11.00 GAZ #NEW001", "03-04 -12.00 EAU #NEW002", "03-04 -12.00 EAU #NEW003"),
            categorise,
            SAME,
            bank("03-03 -11.00 GAZ #THIRD1", "03-04 -12.00 EAU #THIRD2"),
            SAME,
            bank("03-03 -11.00 GAZ #FOURTH"),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-04"],
        [DOUBLE],
    ),
    "pain 4 T2: eleven weeks under new ids, with equal lines, and a new line among them": Scenario(
        [
            bank(*QUARTER),
            categorise,
            bank(*(f"{row} #NEW{number:03}" for number, row in enumerate([*QUARTER, "03-19 -1.00 NEUF"]))),
            SAME,
            categorise,
        ],
        [f"Purchase {row.split()[1][1:]} {row[:5]}" for row in [*QUARTER, "03-19 -1.00 NEUF"]],
    ),
    "pain 4 T2: one line of several comes under a new id, and no rule books it again": Scenario(
        [
            bank("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #OLD002", "03-05 -9.00 PAIN #OLD003"),
            categorise,
            rule,
            bank(
                *("03-03 -11.00 GAZ #OLD001", "03-04 -12.00 EAU #NEW002", "03-05 -9.00 PAIN #OLD003"),
                "03-06 -7.00 EAU #NEW004",
            ),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 9.00 03-05", "Purchase 7.00 03-06"],
        [DOUBLE],
    ),
    "pain 4 T2: one account's lines come under new ids, beside another's that are known": Scenario(
        [
            bank_at_once((CHEQUING, ["03-04 -12.00 EAU #OLD002"]), (SAVINGS, ["03-04 5.00 INTERETS #INT001"])),
            categorise,
            bank_at_once(
                (CHEQUING, ["03-04 -12.00 AQUEDUC #NEW002"]),
                (SAVINGS, ["03-04 5.00 INTERETS #INT001", "03-05 6.00 INTERETS #INT002"]),
            ),
        ],
        ["Purchase 12.00 03-04", "Deposit 5.00 03-04"],
        [DOUBLE, CATEGORY],
    ),
    "pain 4 T2: what was pending is posted under another id two days later, in a file that has both days": Scenario(
        [
            bank("03-02 -9.00 PAIN #PAIN01", "03-10 -5.00 EAU #PEND01"),
            categorise,
            rule,
            bank("03-02 -9.00 PAIN #PAIN01", "03-12 -5.00 EAU #POST01"),
        ],
        ["Purchase 9.00 03-02", "Purchase 5.00 03-10"],
        [DOUBLE],
    ),
    "pain 4 T2: equal lines of the next days, beside the known one, and of a month later are new": Scenario(
        [
            bank("03-02 -9.00 PAIN #PAIN01", "03-10 -5.00 EAU #EAU001"),
            categorise,
            rule,
            bank(
                "03-02 -9.00 PAIN #PAIN01",
                *(f"03-1{n} -5.00 EAU #EAU00{n + 1}" for n in (0, 1, 2)),
                "03-10 -5.00 EAU #EAU009",
            ),
            bank("04-10 -5.00 EAU #EAU041", "04-11 -5.00 EAU #EAU042"),
        ],
        [
            *("Purchase 9.00 03-02", "Purchase 5.00 03-10", "Purchase 5.00 03-10", "Purchase 5.00 03-11"),
            *("Purchase 5.00 03-12", "Purchase 5.00 04-10", "Purchase 5.00 04-11"),
        ],
    ),
    "pain 9: a new line beside a known one is no line told anew": Scenario(
        [
            bank("03-04 -12.00 EAU #EAU001"),
            categorise,
            bank("03-04 -12.00 EAU #EAU001", "03-04 -12.00 EAU #EAU002"),
            categorise,
        ],
        ["Purchase 12.00 03-04"] * 2,
    ),
    "one account under two numbers: the later days are booked, the same and near days are asked about": Scenario(
        [
            bank("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
            categorise,
            bank("03-20 -9.00 NEUF", account=RENUMBERED),
            categorise,
            bank(
                *("03-04 -11.00 GAZ", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-04 -12.00 EAU", "03-09 -30.00 LOYER"),
                *("03-20 -9.00 NEUF", "03-21 -9.00 NEUF", "04-09 -30.00 LOYER"),
                account=RENUMBERED,
            ),
            categorise,
        ],
        [
            *("Purchase 11.00 03-03", "Purchase 12.00 03-04", "Purchase 12.00 03-04", "Purchase 30.00 03-09"),
            # A third equal line, a second one the day after and a month later are no line told twice.
            *("Purchase 9.00 03-20", "Purchase 12.00 03-04", "Purchase 9.00 03-21", "Purchase 30.00 04-09"),
        ],
        [DOUBLE] * 4,
    ),
    "one account under two numbers, both read before anything is booked": Scenario(
        [
            bank("03-31 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE"),
            bank("04-01 -11.00 GAZ", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", "04-02 -4.50 CAFE", account=RENUMBERED),
            categorise,
            categorise,
        ],
        ["Purchase 11.00 03-31", *["Purchase 4.50 04-02"] * 3],
        [DOUBLE] * 3,
    ),
    "one account under two numbers, said to be the same before anything is booked": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), SAME, categorise, again(1)],
        ["Purchase 11.00 03-04"],
    ),
    "one account without a number, named after another format's file of it was booked": Scenario(
        [
            unnumbered("03-03 -11.00 GAZ", "03-04 -12.00 EAU", "03-20 -9.00 NEUF"),
            bank("03-03 -11.00 GAZ", "03-05 -12.00 EAU"),
            categorise,
            told_apart,
            categorise,
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 03-05", "Purchase 9.00 03-20"],
        [DOUBLE] * 2,
    ),
    "one account without a number: its file waits until another format's is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
        [DOUBLE],
    ),
    "one account without a number, called as another format's: its file waits until that is booked": Scenario(
        [
            *(unnumbered("03-03 -11.00 GAZ"), told_apart, named_alike),
            unnumbered("04-03 -12.00 EAU", "04-20 -9.00 NEUF", name="april.csv"),
            *(bank("04-03 -12.00 EAU"), categorise, placed("account-1"), categorise, SAME, again(1)),
        ],
        ["Purchase 11.00 03-03", "Purchase 12.00 04-03", "Purchase 9.00 04-20"],
    ),
    "two formats of one account: what one goes on with after the other ends is new": Scenario(
        [
            numbered("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5))),
            categorise,
            bank("03-03 -11.00 ESSENCE", *(f"03-0{day} -4.50 CAFE" for day in (2, 3, 4, 5, 6, 7))),
            categorise,
        ],
        ["Purchase 11.00 03-03", *(f"Purchase 4.50 03-0{day}" for day in (2, 3, 4, 5, 6, 7))],
    ),
    "two formats of one account: said to be another beside its file, it is not asked about again": Scenario(
        [
            numbered("03-04 -20.00 ABONNEMENT", "03-09 -3.00 PAIN"),
            categorise,
            bank("03-02 -8.00 ENCRE", "03-05 -20.00 ABONNEMENT"),
            beside_the_file("twin", "separate"),
            categorise,
        ],
        ["Purchase 20.00 03-04", "Purchase 3.00 03-09", "Purchase 8.00 03-02", "Purchase 20.00 03-05"],
    ),
    "one account under two numbers, said to be others": Scenario(
        [bank("03-04 -11.00 GAZ"), bank("03-05 -11.00 GAZ", account=RENUMBERED), ANOTHER, categorise, categorise],
        ["Purchase 11.00 03-04", "Purchase 11.00 03-05"],
    ),
    "two cards paid as one: equal amounts are two purchases, unless the day and the words are equal too": Scenario(
        [
            of_card(CARDS[0], "03-04 -4.50 CAFE NORD", "03-06 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
            of_card(CARDS[1], "03-04 -4.50 CAFE SUD", "03-07 -9.00 TAXI", "03-10 -30.00 HOTEL"),
            categorise,
        ],
        [
            *("Purchase 4.50 03-04", "Purchase 4.50 03-04", "Purchase 9.00 03-06", "Purchase 9.00 03-07"),
            "Purchase 30.00 03-10",
        ],
        [DOUBLE],
    ),
    "a file sent again under another name": Scenario(
        [
            bank(COFFEE, "03-05 30.00 CLIENT", name="mars.ofx"),
            categorise,
            bank(COFFEE, "03-05 30.00 CLIENT", name="copie de mars.ofx"),
        ],
        ["Purchase 4.50 03-04", "Deposit 30.00 03-05"],
    ),
    "a description that the bank changed afterwards": Scenario(
        [bank("03-04 -15.00 PAIEMENT #TXT001"), categorise, bank("03-04 -15.00 LIBRAIRIE DU COIN #TXT001"), categorise],
        ["Purchase 15.00 03-04"],
    ),
    "pain 2: the same account by a file and by a feed": Scenario(
        [
            bank("03-04 -21.00 ESSENCE #ESS001"),
            categorise,
            bank("03-04 -21.00 ESSENCE SARL #F-9981", feed="direct"),
            categorise,
        ],
        ["Purchase 21.00 03-04"],
        [DOUBLE],
    ),
    "pain 2 T1: a settlement told by the processor and by the bank": Scenario(
        [processor("03-04 100.00"), bank("03-06 100.00 PROCESSEUR #PRO001"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: the bank's line was booked before the processor told of it": Scenario(
        [bank("03-04 100.00 PROCESSEUR #PRO001"), categorise, processor("03-04 100.00"), SAME, again(2)],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04"],
    ),
    "pain 2 T1: three sources tell of one deposit": Scenario(
        [
            processor("03-04 100.00"),
            by_hand("Purchase 100.00 03-04"),
            bank("03-05 100.00 PROCESSEUR #PRO001"),
            bank("03-05 100.00 PROCESSEUR #F-7781", feed="direct"),
            SAME,
            again(1),
        ],
        ["SalesReceipt 100.00 03-04", "Deposit 100.00 03-04", "Purchase 100.00 03-04"],
    ),
    "pain 2: a transfer between own accounts told on both sides": Scenario(
        [
            by_hand("Transfer 500.00 03-04"),
            bank("03-04 -500.00 VIREMENT #VIR001"),
            bank("03-05 500.00 VIREMENT #VIR002", account=SAVINGS),
            SAME,
            again(1),
        ],
        ["Transfer 500.00 03-04"],
    ),
    "pain 2 T2: a twin made by hand within five days is asked about": Scenario(
        [by_hand("Deposit 60.00 03-09"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-09"],
        [DOUBLE],
    ),
    "pain 2 T2: outside of five days it is another": Scenario(
        [by_hand("Deposit 60.00 03-10"), bank("03-04 60.00 CLIENT #CLI001"), categorise],
        ["Deposit 60.00 03-10", "Deposit 60.00 03-04"],
    ),
    "said to be another it is booked": Scenario(
        [by_hand("Deposit 60.00 03-05"), bank("03-04 60.00 CLIENT #CLI001"), ANOTHER, categorise],
        ["Deposit 60.00 03-05", "Deposit 60.00 03-04"],
    ),
    "said not to be the first of two entered by hand, it is the second": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, again(1), SAME],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-05"],
    ),
    "said to be neither of two entered by hand, it is booked beside them": Scenario(
        [by_hand("Purchase 4.50 03-03"), by_hand("Purchase 4.50 03-05"), bank(COFFEE), ANOTHER, ANOTHER, categorise],
        ["Purchase 4.50 03-03", "Purchase 4.50 03-04", "Purchase 4.50 03-05"],
    ),
    "a card that was paid down by hand is asked about, and said to be the line it is": Scenario(
        [by_hand("CreditCardPayment 500.00 03-04"), bank("03-05 -500.00 VISA #VISA01"), SAME, again(1)],
        ["CreditCardPayment 500.00 03-04"],
    ),
    "a refund is no twin of the purchase of the same amount": Scenario(
        [by_hand("Purchase 33.00 03-04"), bank("03-04 33.00 REMBOURSEMENT #REM001"), categorise],
        ["Purchase 33.00 03-04", "Deposit 33.00 03-04"],
    ),
    "two equal lines, one of them entered by hand": Scenario(
        [by_hand("Purchase 4.50 03-04"), bank(COFFEE, COFFEE), categorise, SAME],
        ["Purchase 4.50 03-04"] * 2,
    ),
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxConfig(clock=SandboxClock(NOW), seeds=("quebec",))) as running:
        running.store.snapshot(running.store.of_template("quebec"), "new")
        yield running


@pytest.fixture
def house(sandbox: SandboxServer, sqlite_database: Database, data_dir: Path, tmp_path: Path) -> Iterator[House]:
    till.ROWS.clear()
    company = sandbox.store.of_template("quebec")
    sandbox.store.restore(company, "new")
    workshop = make_workshop(
        sqlite_database, data_dir, sandbox.url, FixedClock(NOW), raccord_bankfeed, raccord_chase, till
    )
    connected = consent(workshop, company.realm)
    enable(workshop, connected, "bankfeed", "chase", "till")
    rows = workshop.client(connected).query("SELECT * FROM Account WHERE AccountType = 'Bank'")
    yield House(workshop, connected, tmp_path, (rows[0]["Id"], rows[1]["Id"]))
    workshop.close()


def scenarios(*lines: str) -> list[str]:
    """Return the names of the scenarios of these lines of the list of pains; without any, of no line with a test."""
    chosen = [name for name in SCENARIOS if name.startswith(lines or TOLD)]
    return chosen if lines else [name for name in SCENARIOS if name not in chosen]


TOLD = ("pain 4 T2", "pain 10 T1", "pain 10 T2", "pain 10 T3")
"""Lines whose scenarios have a test of their name below."""


@pytest.mark.parametrize("name", scenarios())
@pytest.mark.every(2)
def test_pain_2_9_10_each_movement_is_in_the_books_once(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 4 T2"))
def test_pain_4_t2_a_bank_that_gives_its_lines_new_ids_creates_nothing(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 10 T1"))
def test_pain_10_t1_a_pending_line_is_posted_once_and_as_it_settled(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 10 T2"))
def test_pain_10_t2_a_line_dated_before_what_was_read_is_still_imported(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


@pytest.mark.parametrize("name", scenarios("pain 10 T3"))
def test_pain_10_t3_what_a_person_decided_survives_ten_imports(house: House, name: str) -> None:
    live(house, SCENARIOS[name])


def live(house: House, scenario: Scenario) -> None:
    """Let a scenario happen; hold the books, the questions and the proof against it."""
    before = house.booked()
    for step in scenario.steps:
        step(house)
    assert house.booked() - before == Counter(scenario.booked)
    assert Counter(hold.code for hold in house.holds()) == Counter(scenario.asked)
    with house.workshop.database.read() as session:
        assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_pain_2_t1_a_settlement_of_chase_and_its_line_at_the_bank_are_one_deposit(house: House) -> None:
    chase()(house)
    before = house.booked()
    assert any(each.startswith("Deposit") for each in before)
    chase(bank_too=True)(house)
    assert {hold.code for hold in house.holds()} == {DOUBLE}
    SAME(house)
    assert (house.booked(), house.holds()) == (before, [])


def test_pain_9_t3_a_row_that_is_left_out_is_listed_with_the_twin_that_holds_it(house: House) -> None:
    by_hand("Purchase 12.30 03-03")(house)
    [twin] = house.workshop.client(house.company).query_all("Purchase", "TotalAmt = '12.30'")
    bank("03-04 -12.30 OUTILS #OUT001", "03-05 -8.00 VIS #VIS001")(house)
    SAME(house)
    with house.workshop.database.read() as session:
        [left_out] = list_records(session, Wanted(fate=Fate.LEFT_OUT, search="OUT001")).rows
        [waits] = list_records(session, Wanted(fate=Fate.REVIEW)).rows
    [document] = left_out.documents
    assert (document.kind, document.document_id, document.link_state) == ("Purchase", twin["Id"], MATCHED)
    assert (document.state, document.reason) == ("skipped", DOUBLE)
    assert waits.documents[0].document_id == ""
