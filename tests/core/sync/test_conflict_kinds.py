"""Each kind of conflict, provoked over HTTP: its question, the answers it allows, who may give them, what they do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from types import ModuleType

import pytest
import till
from harness import OWNER, catalog_of, choose_usual, finish, lab, request, sync
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.deciding.decisions import answer_conflict, approve_plan, choose
from raccord.overview.explain import explain
from raccord.overview.questions import Answer, open_questions
from raccord.plugin import Conflict, ConflictContext, ConflictKind, Resolution, ResolutionKind, hookimpl
from raccord.scope import Scopes
from raccord.store.models import (
    Company,
    Connection,
    DraftRow,
    DraftState,
    Hold,
    LinkRow,
    Plan,
    Posting,
    PostingState,
    Problem,
    ProblemState,
    Proof,
    Run,
    RunState,
)
from raccord.sync.bodies import mark
from raccord.sync.books.company import store_entry
from raccord.sync.phases import Phase
from raccord.sync.resolving import newcomers
from raccord.sync.resolving.conflict_rules import KINDS, RULES, By, allowed_for, by_plugins
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.serving.server import SandboxServer

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
HOLD, LINK, SKIP, CREATE = ResolutionKind.HOLD, ResolutionKind.LINK, ResolutionKind.SKIP, ResolutionKind.CREATE
THEIRS, OURS, RETRY = ResolutionKind.KEEP_THEIRS, ResolutionKind.RESTORE_OURS, ResolutionKind.RETRY
RENAME, REPLACE = ResolutionKind.RENAME, ResolutionKind.REPLACE
REACTIVATE, WITHOUT = ResolutionKind.REACTIVATE, ResolutionKind.WITHOUT


def sale(number: int = 1, amount: str = "10.00", **more: str) -> dict[str, str]:
    return {"stream": "sales", "id": f"s{number}", "day": "2026-03-02", "amount": amount, **more}


DEPOSIT = {"stream": "deposits", "id": "d1", "day": "2026-03-05", "amount": "10.00", "of": "sales/s1=10.00"}
ZOE = {"stream": "sales", "id": "c1", "day": "2026-03-02", "kind": "customer", "name": "Zoé"}


@dataclass
class World:
    """A till, its company in the sandbox, and what a case remembers."""

    workshop: Workshop
    connection: Connection
    company: Company
    sandbox: SandboxServer
    monkeypatch: pytest.MonkeyPatch
    moments: Moments
    there: list[str] = field(default_factory=list)

    @property
    def client(self) -> object:
        return self.workshop.client(self.company)

    def says(self, *rows: dict[str, str]) -> None:
        till.ROWS["T1"] = list(rows)

    def run(self, *rows: dict[str, str]) -> Run:
        if rows:
            self.says(*rows)
        return sync(self.workshop, self.connection)

    def lived(self, *rows: dict[str, str]) -> None:
        """Run as ``run`` does; where another test came to the same point with the same rows, return to it instead."""
        self.says(*rows)

        def live() -> None:
            sync(self.workshop, self.connection)

        again(self.moments, self.workshop, "conflicts: run", live)

    def all(self, kind: str) -> list[dict[str, object]]:
        active = "Active IN (true, false)" if kind in ("Customer", "Vendor", "Item", "Account") else ""
        return [dict(row) for row in self.workshop.client(self.company).query_all(kind, active)]

    def few_names(self, number: int) -> None:
        self.monkeypatch.setattr(newcomers, "NEW_NAMES_MAX", number)
        with self.workshop.database.begin() as session:
            session.get_one(Connection, self.connection.id).approved_at = self.workshop.clock.now()

    def made(self, kind: str, **changes: object) -> str:
        """Let a person make something, and remember its id."""
        self.there.append(lab(self.sandbox, "create", entity=kind, changes=changes)["Id"])
        return self.there[-1]

    def hold(self) -> Hold:
        with self.workshop.database.read() as session:
            return session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()

    def draft(self, key: str = "sales/s1") -> DraftRow:
        with self.workshop.database.read() as session:
            return session.scalars(select(DraftRow).where(DraftRow.key == key)).one()

    def link(self, key: str = "sales/s1") -> LinkRow:
        with self.workshop.database.read() as session:
            return session.scalars(select(LinkRow).where(LinkRow.key == key)).one()

    def refused_with(self) -> set[str]:
        refused = select(Posting.fault_code).where(Posting.state == PostingState.REFUSED)
        with self.workshop.database.read() as session:
            return set(session.scalars(refused))

    def fault(self) -> str:
        """What is said of the plugin that answered what it may not."""
        wrong = select(Problem).where(Problem.code == "plugin.wrong_answer", Problem.state == ProblemState.OPEN)
        with self.workshop.database.read() as session:
            return str(session.scalars(wrong).one().params["en"])

    def answered_by(self, answer: Callable[[Conflict], Resolution] | None) -> list[Conflict]:
        """Let the connector answer conflicts; returns those it is asked from now on."""
        asked: list[Conflict] = []

        @hookimpl
        def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution:
            asked.append(conflict)
            assert answer is not None
            return answer(conflict)

        module = ModuleType("till_that_answers")
        module.__dict__.update(vars(till) | ({"on_conflict": on_conflict} if answer else {}))
        self.workshop.scopes = Scopes(catalog_of(module))
        return asked


@pytest.fixture
def world(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    sandbox: SandboxServer,
    monkeypatch: pytest.MonkeyPatch,
    till_moments: Moments,
) -> Iterator[World]:
    again(till_moments, workshop, "usual choices", lambda: choose_usual(workshop, connection, company))
    yield World(workshop, connection, company, sandbox, monkeypatch, till_moments)
    sandbox.lab.clear()


def name_of_a(kind: str, name: str) -> Callable[[World], None]:
    def provoke(world: World) -> None:
        more = {"GivenName": name, "FamilyName": "Roy"} if kind == "Employee" else {}
        world.made(kind, DisplayName=name, **more)
        world.lived(ZOE)

    return provoke


def many_names(world: World) -> None:
    """Bring two new names where a run may make one, on a connection whose plans nobody reads any more."""
    world.few_names(1)
    world.run(*({**ZOE, "id": f"c{number}", "name": f"Client n° {number}"} for number in (1, 2)))


def take_numbers(world: World, *amounts: tuple[str, str]) -> None:
    """Let receipts of somebody else bear the numbers that ours will want: totals, and what they are without tax."""
    item = next(row for row in world.all("Item") if row["Type"] == "Service")
    code = next(row for row in world.all("TaxCode") if "TVQ" in str(row["Name"]))
    for number, (total, net) in enumerate(amounts, start=1):
        body = (
            f'{{"DocNumber":"TIL-{mark(world.company.realm, world.connection.id, f"sales/s{number}")}",'
            f'"TxnDate":"2026-03-02","GlobalTaxCalculation":"TaxInclusive","Line":[{{"Amount":{net},'
            '"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{'
            f'"TaxInclusiveAmt":{total},"ItemRef":{{"value":"{item["Id"]}"}},"TaxCodeRef":{{"value":"{code["Id"]}"}}}}}}]}}'
        )
        made = world.workshop.client(world.company).create("SalesReceipt", body, f"by-hand-{number}")
        world.there.append(str(made.value["Id"]))


TEN, TWELVE = ("10.00", "8.70"), ("12.00", "10.44")


def number_taken(world: World) -> None:
    take_numbers(world, TEN)
    world.run(sale())


def another_amount(world: World) -> None:
    take_numbers(world, TWELVE)
    world.run(sale())
    answer_conflict(world.workshop, OWNER, world.hold().id, LINK)
    world.run()


def linked_elsewhere(world: World) -> None:
    take_numbers(world, TEN, TEN)
    world.run(sale(1), sale(2))
    world.answered_by(lambda _: Resolution(LINK, world.there[0]))
    world.run()
    world.run()
    world.answered_by(None)


def stale(world: World) -> None:
    """Let somebody edit the document after it was looked at for changes, just before ours is sent."""
    world.lived(sale())
    world.says(sale(amount="12.00"))
    run_id, pipeline = request(world.workshop, world.connection), Pipeline(world.workshop)
    while phase_of(world, run_id) != Phase.POST:
        pipeline.advance(run_id)
    changes = {"TxnDate": "2026-03-03"}
    lab(world.sandbox, "edit", entity="SalesReceipt", id=world.link().document_id, changes=changes)
    assert finish(world.workshop, run_id).state == RunState.DONE


def phase_of(world: World, run_id: str) -> str:
    with world.workshop.database.read() as session:
        return session.get_one(Run, run_id).phase


def there_already(world: World) -> None:
    bank = next(row["Id"] for row in world.all("Account") if row["AccountType"] == "Bank")
    other = next(row["Id"] for row in world.all("Account") if row["AccountType"] == "Expense")
    detail = {"DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": other}}}
    line = {"Amount": 10, **detail}
    world.made("Deposit", TxnDate="2026-03-05", DepositToAccountRef={"value": bank}, Line=[line])
    world.run(sale(), DEPOSIT)


def taken_out(deed: str) -> Callable[[World], None]:
    def provoke(world: World) -> None:
        world.lived(sale())
        lab(world.sandbox, deed, entity="SalesReceipt", id=world.link().document_id)
        world.run(sale(amount="12.00"))

    return provoke


def inactive(world: World) -> None:
    """Let the customer of the till be made inactive before the plan of a second sale."""
    world.lived(sale())
    [mine] = [row for row in world.all("Customer") if row["DisplayName"] == "Client Caisse"]
    world.there.append(str(mine["Id"]))
    lab(world.sandbox, "deactivate", entity="Customer", id=mine["Id"])
    world.lived(sale(), sale(2))


def inactive_when_sent(world: World) -> None:
    """Let the customer be made inactive between plan and apply, so that QuickBooks refuses."""
    for name in ("Yan", "Zoé"):
        other = lab(world.sandbox, "create", entity="Customer", changes={"DisplayName": name})
        world.there.append(str(other["Id"]))
        with world.workshop.database.begin() as session:
            store_entry(session, world.company.id, "Customer", other, world.workshop.clock.now())
        choose(
            world.workshop,
            OWNER,
            world.connection.id,
            "customer",
            other["Id"],
            valid_from=date(2026, 3, len(world.there)),
        )
    world.says(sale())
    run = finish(world.workshop, request(world.workshop, world.connection))
    lab(world.sandbox, "deactivate", entity="Customer", id=world.there[1])
    with world.workshop.database.read() as session:
        plan = session.get_one(Plan, run.plan_id)
    approve_plan(world.workshop, OWNER, plan.id, plan.hash)
    assert finish(world.workshop, run.id).state == RunState.DONE


def closed(world: World) -> None:
    lab(world.sandbox, "close-books", date="2026-03-31")
    world.run(sale())


def deposited(world: World) -> None:
    world.lived(sale(), DEPOSIT)
    world.lived(sale(amount="12.00"), DEPOSIT)


def feature_off(world: World) -> None:
    world.sandbox.lab.arm(ArmedFault(Effect.REFUSE, code=5030, method="POST", path="salesreceipt"))
    world.run(sale())


def classes_off(world: World) -> None:
    prefs = {"AccountingInfoPrefs": {"ClassTrackingPerTxn": False, "ClassTrackingPerTxnLine": False}}
    lab(world.sandbox, "edit", entity="Preferences", id="1", changes=prefs)
    world.lived({**sale(), "class": "77"})


def foreign(world: World) -> None:
    # A first plan of nothing but what is blocked is not approved; this comes later.
    with world.workshop.database.begin() as session:
        session.get_one(Connection, world.connection.id).approved_at = world.workshop.clock.now()
    world.run({**sale(), "currency": "USD"})


@dataclass(frozen=True)
class Case:
    """One way to come to a conflict, and out of it."""

    provoke: Callable[[World], None]
    code: str
    kind: ConflictKind
    refused: str
    """What QuickBooks said, if it was asked."""
    allowed: set[ResolutionKind]
    answer: ResolutionKind
    after: Callable[[World], bool]
    """Whether the person's answer was carried out."""
    target: Callable[[World], str] = lambda _: ""
    meanwhile: Callable[[World], object] = lambda _: None
    """What a person does in QuickBooks besides answering."""
    key: str = "sales/s1"
    asked_again_by_the_next_run: bool = False
    """Whether only the next run tells the whole of it: after its lists are read, or its lines are known."""


def receipts(world: World) -> list[str]:
    return sorted(f"{row['TotalAmt']:.0f}" for row in world.all("SalesReceipt"))


def renumbered(world: World) -> object:
    return lab(world.sandbox, "edit", entity="SalesReceipt", id=world.there[0], changes={"DocNumber": "77"})


def customer_of(world: World, key: str) -> str:
    document = next(row for row in world.all("SalesReceipt") if row["Id"] == world.link(key).document_id)
    return str(document["CustomerRef"]["value"])  # type: ignore[index]


CASES = {
    "duplicate name, a vendor's": Case(
        name_of_a("Vendor", "Zoé"), "conflict.duplicate_name", ConflictKind.DUPLICATE_NAME, "6240",
        {HOLD, RENAME, SKIP, RETRY}, RENAME,
        lambda world: [row["DisplayName"] for row in world.all("Customer")].count("Zoé (client)") == 1,
        lambda world: str(world.hold().params["proposals"][0]), key="sales/c1",
    ),
    "duplicate name, an employee's": Case(
        name_of_a("Employee", "Zoé"), "conflict.duplicate_name", ConflictKind.DUPLICATE_NAME, "6240",
        {HOLD, RENAME, SKIP, RETRY}, RENAME,
        lambda world: [row["DisplayName"] for row in world.all("Customer")].count("Zoé (C)") == 1,
        lambda world: str(world.hold().params["proposals"][1]), key="sales/c1",
    ),
    "duplicate name, a customer's in another case": Case(
        name_of_a("Customer", "ZOÉ"), "conflict.duplicate_name", ConflictKind.DUPLICATE_NAME, "6240",
        {HOLD, LINK, RENAME, SKIP, RETRY}, LINK,
        lambda world: world.link("sales/c1").document_id == world.there[0], key="sales/c1",
    ),
    "alike name": Case(
        name_of_a("Customer", "ZOE inc."), "conflict.alike_name", ConflictKind.ALIKE_NAME, "",
        {HOLD, LINK, CREATE, SKIP}, LINK,
        lambda world: world.link("sales/c1").document_id == world.there[0], key="sales/c1",
    ),
    "many names": Case(
        many_names, "conflict.many_names", ConflictKind.MANY_NAMES, "", {HOLD, CREATE, SKIP}, CREATE,
        lambda world: len([row for row in world.all("Customer") if "Client n" in str(row["DisplayName"])]) == 2,
        key="sales/c2",
    ),
    "duplicate number": Case(
        number_taken, "conflict.duplicate_number", ConflictKind.DUPLICATE_NUMBER, "6140",
        {HOLD, LINK, SKIP, RETRY}, RETRY, lambda world: len(receipts(world)) == 2, meanwhile=renumbered,
    ),
    "amount differs": Case(
        another_amount, "conflict.amount_differs", ConflictKind.AMOUNT_DIFFERS, "conflict.amount_differs",
        {HOLD, LINK, SKIP}, LINK,
        lambda world: (str(world.link().amount), receipts(world)) == ("12.00", ["12"]),
    ),
    "linked elsewhere": Case(
        linked_elsewhere, "conflict.linked_elsewhere", ConflictKind.LINKED_ELSEWHERE, "6140",
        {HOLD, LINK, SKIP}, LINK, lambda world: world.link("sales/s2").document_id == world.there[1],
        lambda world: world.there[1], key="sales/s2",
    ),
    "stale": Case(
        stale, "conflict.stale", ConflictKind.STALE, "5010",
        {HOLD, THEIRS, OURS}, OURS, lambda world: receipts(world) == ["12"],
    ),
    "already exists": Case(
        there_already, "conflict.already_exists", ConflictKind.ALREADY_EXISTS, "",
        {HOLD, LINK, SKIP, CREATE}, LINK, lambda world: world.link("deposits/d1").document_id == world.there[0],
        key="deposits/d1", asked_again_by_the_next_run=True,
    ),
    "deleted": Case(
        taken_out("delete"), "conflict.deleted", ConflictKind.DELETED, "610",
        {HOLD, THEIRS, OURS}, OURS, lambda world: receipts(world) == ["12"],
    ),
    "voided": Case(
        taken_out("void"), "conflict.voided", ConflictKind.VOIDED, "5010",
        {HOLD, THEIRS, OURS}, OURS, lambda world: receipts(world) == ["12"],
    ),
    "inactive reference": Case(
        inactive, "posting.inactive_reference", ConflictKind.INACTIVE_REFERENCE, "",
        {HOLD, REPLACE, REACTIVATE, SKIP}, REACTIVATE,
        lambda world: customer_of(world, "sales/s2") == world.there[0]
        and [row["DisplayName"] for row in world.all("Customer") if row["Active"]].count("Client Caisse") == 1,
        key="sales/s2",
    ),
    "inactive reference, refused": Case(
        inactive_when_sent, "posting.inactive_reference", ConflictKind.INACTIVE_REFERENCE, "610",
        {HOLD, REPLACE, REACTIVATE, SKIP, RETRY}, REPLACE,
        lambda world: customer_of(world, "sales/s1") == world.there[0], lambda world: world.there[0],
        asked_again_by_the_next_run=True,
    ),
    "period closed": Case(
        closed, "posting.period_closed", ConflictKind.PERIOD_CLOSED, "",
        {HOLD, SKIP}, SKIP, lambda world: receipts(world) == [] and world.draft().state == DraftState.SKIPPED,
    ),
    "deposited": Case(
        deposited, "posting.deposited", ConflictKind.DEPOSITED, "6540",
        {HOLD, THEIRS, RETRY}, THEIRS,
        lambda world: receipts(world) == ["10"] and world.draft().state == DraftState.SKIPPED,
    ),
    "capability missing, refused": Case(
        feature_off, "posting.feature_missing", ConflictKind.CAPABILITY_MISSING, "5030",
        {HOLD, SKIP, RETRY}, RETRY, lambda world: receipts(world) == ["10"],
    ),
    "capability missing, classes": Case(
        classes_off, "posting.feature_missing", ConflictKind.CAPABILITY_MISSING, "",
        {HOLD, WITHOUT, SKIP}, WITHOUT, lambda world: receipts(world) == ["10"],
    ),
    "capability missing, currencies": Case(
        foreign, "encoding.currency_foreign", ConflictKind.CAPABILITY_MISSING, "",
        {HOLD, SKIP}, SKIP, lambda world: world.draft().state == DraftState.SKIPPED,
    ),
}  # fmt: skip


@ON_SQLITE
@pytest.mark.requirement("K19", "CH-56")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
@pytest.mark.every(3)
def test_a_conflict_holds_asks_in_both_languages_and_goes_as_it_is_answered(world: World, case: Case) -> None:
    case.provoke(world)
    hold, draft = world.hold(), world.draft(case.key)
    assert (hold.code, draft.state, KINDS[hold.code]) == (case.code, DraftState.HELD, case.kind)
    assert (
        world.refused_with() == ({case.refused} if case.refused else set()) or case.kind is ConflictKind.AMOUNT_DIFFERS
    )
    for language in ("fr", "en"):
        said = explain(hold.code, hold.params, language)
        assert all((said.what, said.fix, said.who))
        assert "{" not in said.what + said.fix

    asked = world.answered_by(lambda _: Resolution(ResolutionKind.UNLINK))
    assert world.run().state == RunState.DONE, "a plugin that answers what may not be answered stops nobody else"
    assert [each.kind for each in asked[:1]] == ([case.kind] if asked else [])
    if asked:
        assert all(word in world.fault() for word in ("till 1.0", "unlink"))
        assert {HOLD} <= asked[0].allowed <= case.allowed
    world.answered_by(None)
    if case.asked_again_by_the_next_run:
        assert world.run().state == RunState.DONE
    hold = world.hold()
    assert (hold.code, world.draft(case.key).state) == (case.code, DraftState.HELD), "nothing decides by itself"
    assert allowed_for(hold.code, hold.params) == case.allowed
    with world.workshop.database.read() as session:
        [question] = open_questions(session).rows
    assert (question.answer, set(question.ways) | {HOLD}) == (Answer.CONFLICT, case.allowed)

    for wrong in set(ResolutionKind) - case.allowed:
        with pytest.raises(RaccordError, match=r"conflict\.not_allowed"):
            answer_conflict(world.workshop, OWNER, hold.id, wrong, "1")
    case.meanwhile(world)
    answer_conflict(world.workshop, OWNER, hold.id, case.answer, case.target(world))
    assert world.run().state == RunState.DONE
    assert case.after(world)
    with world.workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
        if case.kind is not ConflictKind.AMOUNT_DIFFERS:
            assert all(proof.equal for proof in session.scalars(select(Proof)))


def test_every_kind_is_enumerated_and_provoked_and_may_always_be_held() -> None:
    assert set(RULES) == set(ConflictKind) == {case.kind for case in CASES.values()}
    for kind, rule in RULES.items():
        assert rule.answers[HOLD] is By.ANYONE
        answers = frozenset(rule.answers)
        assert by_plugins(answers, kind) == {each for each in answers if rule.answers[each] is By.ANYONE}
    for kind in (ConflictKind.DELETED, ConflictKind.VOIDED, ConflictKind.STALE):
        assert OURS not in by_plugins(frozenset(RULES[kind].answers), kind), (
            "no plugin brings back what a person took out"
        )
    given = {each for rule in RULES.values() for each in rule.answers}
    assert given == set(ResolutionKind) - {ResolutionKind.UNLINK}, "untying is a matter of drift"


@ON_SQLITE
@pytest.mark.requirement("K5")
def test_only_who_manages_a_connection_lets_an_entry_be_made_active_again(world: World) -> None:
    inactive(world)
    for role in (RoleName.BOOKKEEPER, RoleName.ACCOUNTANT, RoleName.OPERATOR):
        with pytest.raises(NotAllowedError):
            answer_conflict(world.workshop, Actor("Ben", role), world.hold().id, REACTIVATE)
    answer_conflict(world.workshop, Actor("Ben", RoleName.BOOKKEEPER), world.hold().id, SKIP)
    answer_conflict(world.workshop, Actor("Ada", RoleName.ADMIN), world.hold().id, REACTIVATE)


@ON_SQLITE
@pytest.mark.requirement("K19")
def test_pain_16_t1_a_default_whose_name_is_taken_gets_another_only_when_told(world: World) -> None:
    """The till's own customer bears the name of a vendor: one answer settles every document that waits for it."""
    world.made("Vendor", DisplayName="Client Caisse")
    world.run(sale(1), sale(2))
    with world.workshop.database.read() as session:
        first, second = session.scalars(select(Hold).where(Hold.closed_at.is_(None)).order_by(Hold.id)).all()
    assert first.code == second.code == "resolve.name_taken"
    assert allowed_for(first.code, first.params) == {HOLD, RENAME, SKIP}
    answer_conflict(world.workshop, OWNER, second.id, RENAME, "Client Caisse (client)")
    world.run()
    assert receipts(world) == ["10", "10"]
    assert [row["DisplayName"] for row in world.all("Customer")].count("Client Caisse (client)") == 1
    world.run(sale(1), sale(2), sale(3))
    assert len(receipts(world)) == 3


@ON_SQLITE
@pytest.mark.parametrize(
    ("case", "answer"),
    [
        ("duplicate name, a vendor's", lambda conflict: Resolution(RENAME, conflict.proposals[0])),
        ("capability missing, classes", lambda _: Resolution(WITHOUT)),
        ("deposited", lambda _: Resolution(THEIRS)),
    ],
)
def test_a_connector_answers_what_it_may_and_no_person_is_asked(
    world: World, case: str, answer: Callable[[Conflict], Resolution]
) -> None:
    CASES[case].provoke(world)
    asked = world.answered_by(answer)
    assert world.run().state == RunState.DONE
    assert [each.kind for each in asked] == [CASES[case].kind]
    assert asked[0].existing is not None or case.startswith("capability")
    assert CASES[case].after(world)
    with world.workshop.database.read() as session:
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
