"""What a connection's scope promises whatever its plugins do."""

from __future__ import annotations

import pickle
import threading
import traceback
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from raccord.admission import examine_hooks
from raccord.catalog import Admitted, Catalog, Extension
from raccord.clock import FixedClock
from raccord.enablement import ConnectorDisabledError, Switchboard, is_enabled
from raccord.guard import ContextError, PluginFault
from raccord.plugin import (
    AccountChoice,
    AccountNeed,
    BadRecord,
    Conflict,
    ConflictKind,
    ConnectorInfo,
    LedgerObject,
    ListDeed,
    Mapped,
    Money,
    Page,
    PushResult,
    Record,
    Reject,
    Resolution,
    ResolutionKind,
    RetryLater,
    Skipped,
    StreamInfo,
    Text,
    hookimpl,
)
from raccord.plugin.drafts import Accepts, Customer, Role, SalesLine, SalesReceipt
from raccord.plugin.testing import FakeMapContext
from raccord.quarantine import Quarantined, Rule
from raccord.scope import Scope, ScopeError, Scopes
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, Connection, Event

WORDS = Text("Essai", "Trial")
RECORD = Record("sales", "7", date(2026, 1, 2), {"id": "7"}, Money.of("12.30", "CAD"))
CONTEXT = cast(Any, SimpleNamespace())


def connector(**hooks: Callable[..., object]) -> Admitted:
    info = ConnectorInfo(name="trial", label=WORDS, summary=WORDS, version="1", streams=[StreamInfo("sales", WORDS)])
    return Admitted("trial", "raccord-trial", "1.2", examine_hooks("trial", module(**hooks)), info)


def extension(name: str, **hooks: Callable[..., object]) -> Extension:
    return Extension(name, f"house-{name}", "0.1", examine_hooks(name, module(**hooks)))


def module(**hooks: Callable[..., object]) -> ModuleType:
    made = ModuleType("trial")
    for name, function in hooks.items():
        setattr(made, name, hookimpl(specname=name)(function))
    return made


def answering(page: object) -> Scope:
    return Scope(connector(fetch_records=lambda context, stream, cursor: page))


def receipt(key: str, total: object = Decimal("12.30")) -> SalesReceipt:
    line = SalesLine(item=Role("sale"), amount=Decimal("12.30"))
    return SalesReceipt(
        key=key,
        day=date(2026, 1, 2),
        currency="CAD",
        deposit_to=Role("bank"),
        lines=(line,),
        total=cast(Decimal, total),
    )


def need() -> AccountNeed:
    candidates = [LedgerObject("Account", "35", "Chequing"), LedgerObject("Account", "36", "Savings")]
    return AccountNeed("bank", "", Accepts.BANK, date(2026, 1, 2), "sales/7", candidates)


def conflict(*allowed: ResolutionKind) -> Conflict:
    return Conflict(ConflictKind.DUPLICATE_NAME, Customer(key="sales/7", name="Anne"), frozenset(allowed))


def test_a_good_page_comes_back_as_it_was_given() -> None:
    page = Page([RECORD], "7", False, [Reject("sales", "a.csv:3", "bad", WORDS)])

    assert answering(page).fetch(CONTEXT, "sales", None) is page


@pytest.mark.parametrize(
    ("page", "cause"),
    [
        (None, "None"),
        ([RECORD], "list instead of Page"),
        ((one for one in [RECORD]), "generator instead of Page"),
        (Page(cast(Any, (one for one in [RECORD])), None, False), ".records: generator instead of"),
        (Page([RECORD] * 1001, "7", False), "1001 records"),
        (Page([], "x" * 4097, False), "cursor of more than 4096 bytes"),
        (Page([], cast(Any, b"7"), False), ".cursor: bytes"),
        (Page([], "start", True), "never end"),
        (Page([Record("other", "7", RECORD.day, {})], None, False), "another stream"),
        (Page([Record("sales", "", RECORD.day, {})], None, False), "source_id"),
        (Page([Record("sales", "7", RECORD.day, {"a": [{"b": cast(Any, 1.5)}]})], None, False), "without floats"),
        (Page([Record("sales", "7", datetime(2026, 1, 2), {})], None, False), "datetime instead of date"),  # noqa: DTZ001
        (Page([], None, False, [Reject("sales", "", "bad", WORDS)]), "where or why"),
    ],
)
def test_a_wrong_page_is_a_fault_that_names_the_plugin(page: object, cause: str) -> None:
    with pytest.raises(PluginFault) as caught:
        answering(page).fetch(CONTEXT, "sales", "start")

    assert caught.value.code == "plugin.wrong_answer"
    assert (caught.value.plugin, caught.value.version, caught.value.hook) == ("trial", "1.2", "fetch_records")
    assert cause in caught.value.cause
    assert "trial 1.2" in caught.value.text.fr


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (Mapped([]), "0 drafts"),
        (Mapped([receipt("sales/70")]), "not made with record.key()"),
        (Mapped([receipt("sales/7"), receipt("sales/7")]), "two drafts with one key"),
        (Mapped([receipt("sales/7", 12.3)]), ".drafts[0].total: float instead of Decimal"),
        (Mapped([receipt("sales/7", 12)]), ".drafts[0].total: int instead of Decimal"),
        (Mapped([receipt("sales/7", Decimal("NaN"))]), "not a number"),
        (Mapped(cast(Any, [{"key": "sales/7"}])), "dict instead of"),
        (Skipped("", WORDS), "without a code"),
        (Skipped("nothing", cast(Any, "rien")), ".reason: str instead of Text"),
    ],
)
def test_a_wrong_mapping_is_a_fault_before_it_reaches_the_books(answer: object, cause: str) -> None:
    scope = Scope(connector(map_record=lambda record: answer))

    with pytest.raises(PluginFault, match=r"plugin\.wrong_answer") as caught:
        scope.map(CONTEXT, RECORD)

    assert cause in caught.value.cause


def test_drafts_keyed_by_their_record_pass() -> None:
    mapped = Mapped([receipt("sales/7"), receipt("sales/7#fee")])

    assert Scope(connector(map_record=lambda record: mapped)).map(CONTEXT, RECORD) is mapped


def test_what_nobody_maps_is_left_to_the_term_table() -> None:
    assert Scope(connector(map_record=lambda record: None)).map(CONTEXT, RECORD) is None
    # Core itself maps records of the plain contract, and no others.
    assert Scope(connector()).map(CONTEXT, RECORD) is None
    plain = Record("transactions", "7", date(2026, 1, 2), {"contract": "transactions/1", "kind": "sale"})
    with pytest.raises(BadRecord, match="sale"):
        Scope(connector()).map(FakeMapContext(), plain)


@pytest.mark.parametrize("error", [ValueError, SystemExit, GeneratorExit, RecursionError, AssertionError])
def test_whatever_a_plugin_raises_becomes_a_fault_without_its_message(error: type[BaseException]) -> None:
    def fetch_records(context: object, stream: str, cursor: str | None) -> Page:
        card = "4111 1111 1111 1111"
        raise error(card)

    with pytest.raises(PluginFault) as caught:
        Scope(connector(fetch_records=fetch_records)).fetch(CONTEXT, "sales", None)

    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(caught.value)
    assert "4111" not in shown
    assert error.__name__ in caught.value.cause
    assert "test_scope.py:" in caught.value.cause
    assert caught.value.__context__ is None


def test_a_fault_survives_the_way_through_another_process() -> None:
    fault = PluginFault("trial", "1.2", "map_record", "ValueError")

    copy = pickle.loads(pickle.dumps(fault))  # noqa: S301 - made two words earlier

    assert (copy.code, copy.plugin, copy.version, copy.hook, copy.cause, str(copy)) == (
        fault.code, fault.plugin, fault.version, fault.hook, fault.cause, str(fault),
    )  # fmt: skip


@pytest.mark.parametrize(
    "error", [RetryLater(WORDS), BadRecord("amount", WORDS), ContextError("the database is away"), KeyboardInterrupt()]
)
def test_what_connectors_may_raise_and_what_is_not_theirs_pass(error: BaseException) -> None:
    def map_record(record: Record) -> Mapped:
        raise error

    with pytest.raises(type(error)) as caught:
        Scope(connector(map_record=map_record)).map(CONTEXT, RECORD)

    assert caught.value is error


def test_an_endless_pause_is_shortened() -> None:
    def map_record(record: Record) -> Mapped:
        raise RetryLater(WORDS, timedelta(days=9000))

    with pytest.raises(RetryLater) as caught:
        Scope(connector(map_record=map_record)).map(CONTEXT, RECORD)

    assert caught.value.after == timedelta(days=1)


class Hollow(RetryLater):
    def __init__(self) -> None:
        Exception.__init__(self)


@pytest.mark.parametrize("error", [Hollow(), RetryLater(WORDS, timedelta(-1)), RetryLater(WORDS, cast(Any, 5))])
def test_a_connector_error_that_says_nothing_is_a_fault(error: RetryLater) -> None:
    def map_record(record: Record) -> Mapped:
        raise error

    with pytest.raises(PluginFault, match=type(error).__name__):
        Scope(connector(map_record=map_record)).map(CONTEXT, RECORD)


def test_the_companys_rules_come_before_the_connector_and_the_connector_before_core() -> None:
    def choosing(reason: str) -> Callable[[AccountNeed], AccountChoice]:
        return lambda need: AccountChoice("35", Text(reason, reason))

    source = connector(
        resolve_account=choosing("connector"),
        on_conflict=lambda conflict: Resolution(ResolutionKind.SKIP),
    )
    alone = Scope(source).resolve(CONTEXT, need())
    rules = [
        extension("first", resolve_account=lambda need: None),
        extension("second", resolve_account=choosing("rule")),
    ]
    ruled = Scope(source, rules).resolve(CONTEXT, need())

    assert alone is not None
    assert (alone.plugin, alone.choice.reason.en) == ("trial", "connector")
    assert ruled is not None
    assert (ruled.plugin, ruled.choice.reason.en) == ("second", "rule")
    assert Scope(source).conflict(CONTEXT, conflict(ResolutionKind.SKIP)).resolution.kind is ResolutionKind.SKIP
    assert Scope(source).conflict(CONTEXT, conflict(ResolutionKind.SKIP)).plugin == "trial"
    core = Scope(connector()).conflict(CONTEXT, conflict(ResolutionKind.SKIP))
    assert (core.resolution.kind, core.plugin) == (ResolutionKind.HOLD, "")


def test_the_first_extension_is_asked_first() -> None:
    asked: list[str] = []

    def noting(name: str) -> Callable[[AccountNeed], None]:
        return lambda need: asked.append(name)

    rules = [extension(name, resolve_account=noting(name)) for name in ("one", "two", "three")]
    Scope(connector(resolve_account=noting("connector")), rules).resolve(CONTEXT, need())

    assert asked == ["one", "two", "three", "connector"]


def test_a_fault_names_the_extension_that_made_it() -> None:
    rule = extension("rule", resolve_account=lambda need: AccountChoice("99", WORDS))

    with pytest.raises(PluginFault, match="none of the candidates") as caught:
        Scope(connector(resolve_account=lambda need: AccountChoice("35", WORDS)), [rule]).resolve(CONTEXT, need())

    assert (caught.value.plugin, caught.value.version) == ("rule", "0.1")


def test_two_extensions_that_contradict_each_other_are_a_fault_that_names_both() -> None:
    def giving(name: str, id_: str, reason: str) -> Extension:
        return extension(name, resolve_account=lambda need: AccountChoice(id_, Text(reason, reason)))

    source = connector(resolve_account=lambda need: AccountChoice("36", WORDS))
    agreeing = [
        giving("one", "35", "why"),
        extension("quiet", resolve_account=lambda need: None),
        giving("two", "35", "so"),
    ]
    found = Scope(source, agreeing).resolve(CONTEXT, need())
    with pytest.raises(PluginFault, match=r"plugin\.contradicted") as caught:
        Scope(source, [*agreeing, giving("zed", "36", "why")]).resolve(CONTEXT, need())
    skips = extension("one", on_conflict=lambda conflict: Resolution(ResolutionKind.SKIP))
    holds = extension("two", on_conflict=lambda conflict: Resolution(ResolutionKind.HOLD))
    with pytest.raises(PluginFault, match=r"plugin\.contradicted"):
        Scope(source, [skips, holds]).conflict(CONTEXT, conflict(ResolutionKind.SKIP))

    assert found is not None
    assert (found.plugin, found.version) == ("one", "0.1")
    assert (caught.value.plugin, caught.value.cause) == ("one", "zed 0.1")


@pytest.mark.parametrize(
    "answer", [Resolution(ResolutionKind.RESTORE_OURS), Resolution(ResolutionKind.LINK), Resolution(cast(Any, "skip"))]
)
def test_a_conflict_gets_only_answers_it_allows(answer: Resolution) -> None:
    scope = Scope(connector(on_conflict=lambda conflict: answer))

    with pytest.raises(PluginFault, match=r"plugin\.wrong_answer"):
        scope.conflict(CONTEXT, conflict(ResolutionKind.LINK, ResolutionKind.SKIP))


def test_pushed_documents_are_those_that_were_handed_over() -> None:
    documents = [LedgerObject("Customer", "1", "Anne"), LedgerObject("Customer", "2", "Bob")]
    told = PushResult([("1", "a")], [("2", WORDS)])

    assert Scope(connector(push_records=lambda documents: told)).push(CONTEXT, "contacts", documents) is told
    for wrong in (
        PushResult([("3", "c")]), PushResult([("1", "a"), ("1", "b")]), PushResult([("1", "a")], [], ["2"])
    ):  # fmt: skip
        with pytest.raises(PluginFault, match=r"plugin\.wrong_answer"):
            Scope(connector(push_records=_saying(wrong))).push(CONTEXT, "contacts", documents)


def test_entries_are_tended_that_were_handed_over_and_nothing_where_nobody_tends() -> None:
    told = PushResult([("a", "a")], [("b", WORDS)])

    tending = Scope(connector(tend_list=lambda source_ids: told))
    assert tending.tend(CONTEXT, "contacts", ListDeed.TAG, ["a", "b"]) is told
    with pytest.raises(PluginFault, match=r"plugin\.wrong_answer"):
        tending.tend(CONTEXT, "contacts", ListDeed.DELETE, ["a"])
    assert Scope(connector()).tend(CONTEXT, "contacts", ListDeed.TAG, ["a"]) is None


def test_an_outcome_counts_as_reported_only_when_the_connector_says_so() -> None:
    assert Scope(connector(report_outcome=lambda: True)).report(CONTEXT, [])
    assert not Scope(connector(report_outcome=lambda: None)).report(CONTEXT, [])
    assert not Scope(connector()).report(CONTEXT, [])


def _saying(answer: object) -> Callable[[], object]:
    return lambda: answer


def company(database: Database, clock: FixedClock) -> str:
    with database.begin() as session:
        row = Company(realm="1", environment="sandbox", name="Anvil", created_at=clock.now())
        session.add(row)
        session.flush()
        session.add(
            Connection(
                company_id=row.id, connector="trial", label="Trial", starts_on=date(2026, 1, 1),
                set_up_at=clock.now(), created_by="test",
            )
        )  # fmt: skip
        return row.id


def switch(database: Database, clock: FixedClock, change: Callable[[Switchboard], None]) -> None:
    with database.begin() as session:
        change(Switchboard(session, events.append, actor="anne", now=clock.now()))


def test_a_connector_works_only_where_both_operator_and_company_said_so(database: Database, clock: FixedClock) -> None:
    anvil = company(database, clock)
    scopes = Scopes(Catalog({"trial": connector()}, {}, ()))

    def reason() -> str:
        with database.read() as session, pytest.raises(ConnectorDisabledError) as caught:
            scopes.get(session, anvil, "trial", 1)
        return caught.value.code

    def works() -> bool:
        with database.read() as session:
            return scopes.get(session, anvil, "trial", 1).info.name == "trial"

    assert reason() == "connector.not_allowed"
    with pytest.raises(ConnectorDisabledError, match=r"connector\.not_allowed"):
        switch(database, clock, lambda board: board.enable("trial", anvil))
    switch(database, clock, lambda board: board.allow("trial"))
    assert reason() == "connector.not_enabled"
    switch(database, clock, lambda board: board.enable("trial", anvil))
    assert works()
    switch(database, clock, lambda board: board.disable("trial", anvil))
    assert reason() == "connector.not_enabled"
    switch(database, clock, lambda board: board.enable("trial", anvil))
    switch(database, clock, lambda board: board.forbid("trial"))
    assert reason() == "connector.not_allowed"
    switch(database, clock, lambda board: board.allow("trial"))
    assert works()


def test_every_change_of_a_switch_is_audited_and_raises_the_connections_revision(
    database: Database, clock: FixedClock
) -> None:
    anvil = company(database, clock)
    switch(database, clock, lambda board: board.allow("trial"))
    switch(database, clock, lambda board: board.allow("trial"))
    switch(database, clock, lambda board: board.enable("trial", anvil))

    with database.read() as session:
        told = [
            (one.actor, one.action, one.subject, one.company_id) for one in session.query(Event).order_by(Event.seq)
        ]
        assert told == [
            ("anne", "connector.allowed", "connector:trial", ""),
            ("anne", "connector.enabled", "connector:trial", anvil),
        ]
        assert events.verify(session) is None
        assert session.query(Connection).one().revision == 3
        assert is_enabled(session, "trial", anvil)
        assert not is_enabled(session, "trial", "another company")


def test_scopes_are_kept_until_the_revision_or_the_extensions_change(database: Database, clock: FixedClock) -> None:
    anvil = company(database, clock)
    rule = extension("rule", resolve_account=lambda need: AccountChoice("35", WORDS))
    scopes = Scopes(Catalog({"trial": connector()}, {"rule": rule}, ()))
    switch(database, clock, lambda board: board.allow("trial"))
    switch(database, clock, lambda board: board.allow("rule"))
    switch(database, clock, lambda board: board.enable("trial", anvil))

    with database.read() as session:
        first = scopes.get(session, anvil, "trial", 1)
        assert scopes.get(session, anvil, "trial", 1) is first
        assert scopes.get(session, anvil, "trial", 2) is not first
        assert first.resolve(CONTEXT, need()) is None
    switch(database, clock, lambda board: board.enable("rule", anvil))
    with database.read() as session:
        found = scopes.get(session, anvil, "trial", 1).resolve(CONTEXT, need())

    assert found is not None
    assert found.plugin == "rule"
    switch(database, clock, lambda board: board.forbid("rule"))
    with database.read() as session:
        assert not is_enabled(session, "rule", anvil)
        assert scopes.get(session, anvil, "trial", 1).resolve(CONTEXT, need()) is None


def test_a_connector_that_is_not_here_says_why(database: Database) -> None:
    out = Quarantined("broken", "d", "1", Rule.SYNTAX_ERROR, WORDS, WORDS)
    scopes = Scopes(Catalog({}, {}, (out,)))

    with database.read() as session:
        with pytest.raises(ScopeError, match=r"plugin\.syntax_error"):
            scopes.get(session, "c", "broken", 1)
        with pytest.raises(ScopeError, match=r"connector\.not_installed"):
            scopes.get(session, "c", "absent", 1)


def test_one_scope_serves_several_threads() -> None:
    scope = answering(Page([RECORD], "7", False))
    failed: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(50):
                scope.fetch(CONTEXT, "sales", None)
        except PluginFault as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
