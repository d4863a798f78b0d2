"""Each rule of the conformance kit catches its own lie, and no lie of another; the honest shop passes."""

from __future__ import annotations

import gc
import importlib.util
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import ModuleType

import corner_shop
import corner_shop.sandbox
import pytest
from rule_saboteurs import HIDES, SABOTEURS, Edit, after, hooks

from raccord.plugin import Text
from raccord.plugin.testing import Report, Verdict, check_connector
from raccord.plugin.testing.kit import rules
from raccord.plugin.testing.kit.asking import asked
from raccord.plugin.testing.kit.expected import MEANING
from raccord.plugin.testing.kit.rules import CHECKS

HOME = Path(str(corner_shop.__file__)).parent


@pytest.fixture
def sabotaged(tmp_path: Path) -> Iterator[Callable[[list[Edit]], ModuleType]]:
    """Return a maker of the shop with edits, imported under a name of its own: each time anew, whatever stood there."""
    name, made = "sabotaged_shop", count()

    def forget() -> None:
        for each in [each for each in sys.modules if each.partition(".")[0] == name]:
            del sys.modules[each]

    def make(edits: list[Edit]) -> ModuleType:
        texts = {path.name: path.read_text(encoding="utf-8") for path in HOME.glob("*.py")}
        for file, old, new in edits:
            assert texts[file].count(old) == 1, f"{texts[file].count(old)} times: {old}"
            texts[file] = texts[file].replace(old, new)
        # In one folder, bytecode of a text as long and as old would stand for the next one.
        folder = tmp_path / str(next(made)) / name
        folder.mkdir(parents=True)
        for file, text in texts.items():
            (folder / file).write_text(text, encoding="utf-8")
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        assert spec is not None
        assert spec.loader is not None
        forget()
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    yield make
    forget()


def told(report: Report) -> dict[str, list[str]]:
    return {one.rule.id: list(one.places) for one in report.judged if one.verdict is Verdict.BROKEN}


def test_the_honest_shop_keeps_every_rule_and_all_rules_concern_it() -> None:
    report = check_connector(corner_shop)
    assert told(report) == {}
    assert {one.rule.id for one in report.judged if one.verdict is Verdict.KEPT} == set(rules())
    assert report.passed


@pytest.mark.parametrize("rule", rules())
@pytest.mark.every(4)
def test_each_lie_breaks_its_own_rule_and_no_other(sabotaged: Callable[[list[Edit]], ModuleType], rule: str) -> None:
    report = check_connector(sabotaged(SABOTEURS[rule]))
    assert list(told(report)) == [rule], told(report)
    assert not report.passed
    hidden = [one.rule.id for one in report.of(Verdict.NOT_JUDGED) if one.rule.id not in MEANING]
    assert bool(hidden) is (rule in HIDES), hidden


def test_rules_saboteurs_and_checks_are_the_same() -> None:
    assert set(rules()) == set(CHECKS) == set(SABOTEURS)
    assert len(rules()) >= 40
    assert set(HIDES) <= set(SABOTEURS)


def test_an_exemption_is_told_with_its_reason_and_hides_its_rule_alone() -> None:
    (trial,) = corner_shop.sandbox.trials()
    why = Text("La source ne donne que des jours.", "The source gives days only.")
    report = check_connector(corner_shop, [replace(trial, moments={}, exempt={"day.zone": why})])
    assert report.passed
    assert [(one.rule.id, one.why) for one in report.of(Verdict.EXEMPT)] == [("day.zone", why)]
    assert list(check_connector(corner_shop, [replace(trial, moments={})]).broken()) == ["day.zone"]


def test_a_clock_that_times_the_garbage_collector_is_not_the_connectors() -> None:
    read: list[float] = []

    def timing(_: str, __: dict[str, int]) -> None:
        read.append(time.perf_counter())

    gc.callbacks.append(timing)
    try:
        assert asked(gc.collect).deeds.clock == []
        assert read
    finally:
        gc.callbacks.remove(timing)
    assert len(asked(lambda: timing("start", {})).deeds.clock) == 1


def test_trials_that_cannot_be_made_are_told(sabotaged: Callable[[list[Edit]], ModuleType]) -> None:
    report = check_connector(
        sabotaged([("sandbox.py", "    rows, payouts = rung(), paid()\n", '    raise LookupError("no rows today")\n')])
    )
    assert not report.passed
    (place,) = report.broken()["trial.records"]
    assert place.startswith("LookupError (sabotaged_shop/sandbox.py:")
    assert place.endswith("): no rows today")
    # What hangs on the trial waits for it, and is not called broken.
    assert list(report.broken()) == ["trial.records"]
    assert {tuple(one.places) for one in report.of(Verdict.NOT_JUDGED)} == {("trial.records",)}


VOID = '        return Skipped("corner-shop.void", Text("Annulée à la caisse.", "Voided at the till."))'


def test_what_streams_brought_before_is_kept_for_those_that_follow(
    sabotaged: Callable[[list[Edit]], ModuleType],
) -> None:
    # Told in another order, the sale c1 is read before the payouts and a1 after them.
    sold, other = (f'context.kept("{stream}", "{id_}") is None' for stream, id_ in (("sales", "a1"), ("sales", "c1")))
    kept = f"    if {sold} and {other}:\n        raise LookupError\n"
    report = check_connector(sabotaged([after("settings: ShopSettings, cursor: str) -> Page:\n", kept)]))
    assert told(report) == {}


def test_a_receipt_that_a_gift_card_pays_in_full_bears_its_tax(
    sabotaged: Callable[[list[Edit]], ModuleType],
) -> None:
    zero = """        parts = [SalesLine(item=ItemFor(INCOME), amount=Decimal(each)) for each in ("7.00", "-8.05")]
        stated = (StatedTax(percent=Decimal(15), amount=Decimal("1.05")),)
        return Mapped([SalesReceipt(key=record.key(), day=record.day, currency="CAD", deposit_to=CLEARING,
            lines=tuple(parts), total=Decimal(0), tax_mode=TaxMode.EXCLUSIVE, taxes=stated)])"""
    assert "draft.taxes" not in told(check_connector(sabotaged([hooks(VOID, zero)])))
    wrong = check_connector(sabotaged([hooks(VOID, zero.replace('"-8.05"', '"-8.00"'))]))
    assert wrong.broken()["draft.taxes"] == ["sales/b2: exclusive, lines -1.00 + taxes 1.05 ≠ total 0"]


def test_a_source_that_is_asked_must_tell_a_later_day() -> None:
    (trial,) = corner_shop.sandbox.trials()
    assert check_connector(corner_shop, [replace(trial, later=None)]).broken() == {"identity.later": ["later=None"]}


@pytest.mark.parametrize(
    ("lie", "broken"),
    [
        (hooks("applied=(settles,)", "applied=()"), "draft.effects"),
        (hooks("amount=worth, of=Settled", "amount=worth * 2, of=Settled"), "draft.applied"),
        (("sandbox.py", '"paid:d1", "4.00"', '"paid:d1", "6.00"'), "draft.applied"),
        (hooks('"Voided at the till."))', '"Voided at the till."), takes_back=True)'), "map.expected"),
        (hooks("of=Settled.INVOICE", "of=Settled.BILL"), "draft.applied"),
    ],
    ids=["pays nothing", "more than the payment", "more than the invoice", "taken back", "another kind"],
)
def test_what_settles_or_takes_back_otherwise_than_the_source_says_breaks_a_rule(
    sabotaged: Callable[[list[Edit]], ModuleType], lie: Edit, broken: str
) -> None:
    assert list(told(check_connector(sabotaged([lie])))) == [broken]


def test_a_tax_of_what_a_discount_leaves_is_no_rounding_of_the_source(
    sabotaged: Callable[[list[Edit]], ModuleType],
) -> None:
    off = "discount=Discount(amount=worth, account=INCOME), "
    edits = [
        *SABOTEURS["trial.rounding"],
        hooks("    DirectLine,\n", "    DirectLine,\n    Discount,\n"),
        hooks("amount=worth,\n        tax_code=code", "amount=2 * worth,\n        tax_code=code"),
        *(
            hooks(f"{place}, lines=(line,),", f"{place}, {off}lines=(line,),")
            for place in ("paid_from=CLEARING", "deposit_to=at", "customer=customer")
        ),
    ]
    assert "trial.rounding" in told(check_connector(sabotaged(edits)))


def test_what_mapping_raises_is_quoted_in_one_line_without_secrets(
    sabotaged: Callable[[list[Edit]], ModuleType],
) -> None:
    lie = hooks(VOID, '        raise LookupError(f"no {context.settings.api_token.get_secret_value()} here\\nat all")')
    (place,) = told(check_connector(sabotaged([lie])))["map.raises"]
    assert place.startswith("sales/b2: LookupError (sabotaged_shop/__init__.py:")
    assert place.endswith("): no … here")


def test_a_document_that_the_samples_do_not_tell_is_told_until_a_person_says_what_is_taken_of_it(
    sabotaged: Callable[[list[Edit]], ModuleType],
) -> None:
    edits = [
        hooks('document=Link(record_key("sales", sale))', 'document=LedgerId("77", "Invoice")'),
        hooks("    JournalLine,\n    Link,\n", "    JournalLine,\n    LedgerId,\n    Link,\n"),
    ]
    lying = sabotaged(edits)
    assert told(check_connector(lying)) == {"draft.applied": ["sales/d2 → Invoice 77: Trial.open?"]}
    (trial,) = sys.modules[f"{lying.__name__}.sandbox"].trials()
    said = {**trial.open, "Invoice 77": "-4.00", "sales/d1": "5.75"}
    printed = {key: lines for key, lines in trial.printed.items() if key != "sales/d2"}
    report = check_connector(lying, [replace(trial, open=said, printed=printed)])
    # Which invoice is settled is for a person to read: the payment is printed no more, so that alone is asked for.
    assert list(told(report)) == ["draft.printed"]


@pytest.mark.parametrize(
    ("lie", "place"),
    [
        (('delete("https://pay.example.com/access")', 'delete("https://pay.example.com/goods")'), "access"),
        (
            (
                '    context.http.delete("https://pay.example.com/access")\n',
                (
                    "    with contextlib.suppress(RetryLater):\n"
                    '        context.http.delete("https://pay.example.com/access")\n'
                ),
            ),
            "RetryLater: True",
        ),
    ],
    ids=["something else given back", "said while the source was away"],
)
def test_what_a_source_still_holds_is_not_given_back(
    sabotaged: Callable[[list[Edit]], ModuleType], lie: tuple[str, str], place: str
) -> None:
    imports = [
        hooks("import csv\n", "import contextlib\nimport csv\n"),
        hooks("    ReportContext,\n", "    ReportContext,\n    RetryLater,\n"),
    ]
    assert told(check_connector(sabotaged([hooks(*lie), *imports]))) == {"close.given_back": [place]}
