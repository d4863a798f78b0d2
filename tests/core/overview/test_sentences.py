"""Every code that core can store has a French and an English sentence, and says what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import raccord
import raccord_bankfeed
import raccord_plannit
import raccord_taxdome
from raccord.jobs.errors import RunFault
from raccord.overview.explain import explain, known_codes
from raccord.plugin.texts import Language
from raccord.quickbooks import Cause
from raccord.store.models import ConnectionState
from raccord_web.screens.records.problems import mended_at

CORE = Path(raccord.__file__).parent
PLACES = ("sync", "onboarding", "guard.py", "quickbooks/codec", "jobs/steps.py", "jobs/reaper.py")
CODE = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
FILE = re.compile(r".*\.(py|toml|db|json|tab)")
FAMILIES = ("encoding",)
"""Codes that bring their own sentences; their family's row only says what to do."""

FINDINGS = ("well", "Finding")
"""Calls that make a finding of the doctor, which brings its sentences and is never stored."""

LANGUAGES: tuple[Language, ...] = ("fr", "en")


def stored_codes() -> set[str]:
    """Return the codes written in core's source but for those raised with sentences, and names of audit events."""
    files = [
        file for place in PLACES for file in ([CORE / place] if place.endswith(".py") else (CORE / place).rglob("*.py"))
    ]
    found: set[str] = set()
    for file in files:
        tree = ast.parse(file.read_text("utf-8"))
        spoken = set(_spoken(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in spoken and _is_code(node.value):
                found.add(str(node.value))
    return found | {f"connection.{state}" for state in ConnectionState if state not in RUNNING}


RUNNING = (ConnectionState.CONNECTED, ConnectionState.REAUTHORISE)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and bool(CODE.fullmatch(value)) and not FILE.fullmatch(value)


def _spoken(tree: ast.AST) -> Iterator[int]:
    """Yield the constants with a ``Text`` beside them, in calls and tuples, and of calls that write the audit chain."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple):
            if any(map(_is_text, node.elts)):
                yield from map(id, node.elts)
            continue
        if isinstance(node, ast.Compare) and getattr(node.left, "attr", "") == "action":
            # What the audit chain is asked for, where what is written there is found by its call.
            yield from map(id, node.comparators)
            continue
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        beside = [*node.args, *(keyword.value for keyword in node.keywords)]
        texts = any(map(_is_text, beside))
        audited = name in ("_note", "note", "append", "_close_problem", "_not_in_state", *FINDINGS) or any(
            k.arg == "action" for k in node.keywords
        )
        if texts or audited:
            yield from (id(each) for arg in beside for each in ast.walk(arg))


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Text"


def test_the_search_finds_the_codes_of_each_part() -> None:
    assert {
        "mapping.unknown_kind",
        "resolve.choice_missing",
        "posting.period_closed",
        "proof.twice",
        "plugin.failed",
        "run.conservation",
        "connection.paused",
        "encoding.no_lines",
    } <= stored_codes()


def test_every_stored_code_has_sentences() -> None:
    missing = {code for code in stored_codes() if code not in known_codes() and code.partition(".")[0] not in FAMILIES}
    assert missing == set()


@pytest.mark.parametrize("code", sorted({*known_codes(), *map(str, Cause), *map(str, RunFault)}))
def test_a_code_says_what_happened_and_what_to_do_in_both_languages(code: str) -> None:
    said = {language: explain(code, {}, language) for language in LANGUAGES}
    for language in LANGUAGES:
        assert len(said[language].what) > 10, language
        assert len(said[language].fix) > 5, language
        assert len(said[language].who) > 5, language
        assert "{" not in said[language].what + said[language].fix, language
    assert said["fr"].what != said["en"].what
    assert said["fr"].who != said["en"].who


def test_a_connectors_own_sentence_comes_first_and_its_fix_is_never_empty() -> None:
    said = explain("till.bad_row", {"fr": "Ligne illisible.", "en": "Unreadable row."}, "en")
    assert said.what == "Unreadable row."
    assert "source" in said.fix


def test_braces_in_what_a_source_said_are_shown_as_they_are() -> None:
    assert explain("till.bad_row", {"en": "{drop} {0}"}, "en").what == "{drop} {0}"
    assert "{x}" in explain("resolve.link_missing", {"keys": ["{x}"]}, "en").what


def test_a_value_that_is_a_question_ends_the_sentence_by_itself() -> None:
    asked = {"role": "Où vont les frais ?"}
    assert explain("resolve.choice_missing", asked, "fr").what == "Personne n'a encore choisi : Où vont les frais ?"
    own = {"en": "This line waits for a person to say: which class?."}
    assert explain("resolve.decision_missing", own, "en").what.endswith("say: which class?")
    assert explain("resolve.choice_missing", {"role": "fees"}, "en").what == "Nobody has chosen yet: fees."


def test_what_one_answer_about_a_file_mends_is_not_to_be_corrected_line_by_line() -> None:
    for code in ("bankfeed.currency_missing", "bankfeed.account_unnamed"):
        assert "page des fichiers" in explain(code, {}, "fr").fix
        assert "page of files" in explain(code, {}, "en").fix
    for module in (raccord_bankfeed, raccord_plannit, raccord_taxdome):
        info = module.describe()
        for code in (*info.questions, *info.unnamed, *info.currencies):
            told = explain(code, {}, "en", "page")
            assert ("below or" in told.fix, told.who) == (True, "The owner or an administrator."), code
            assert code not in told.what, "said in words"
            assert mended_at(code, "c1") == ("/connections/c1/files", "problems.mend_files"), code
    assert "mark it resolved" in explain("bankfeed.zero", {}, "en").fix


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_read_in_a_browser_names_pages_and_what_is_read_in_a_terminal_may_name_commands(
    language: Language,
) -> None:
    command = re.compile(r"\braccord [a-z]|(^|\s)--[a-z]")
    told = {code: explain(code, {}, language, "page") for code in known_codes()}
    assert {code for code, each in told.items() if command.search(f"{each.what} {each.fix}")} == set()
    assert "raccord holds answer" in explain("resolve.decision_missing", {}, language).fix
    where = {"fr": "« À vérifier »", "en": "“To review”"}[language]
    assert where in told["resolve.decision_missing"].fix


@pytest.mark.parametrize(
    ("code", "params", "said"),
    [
        ("person: Private", {}, "Left out by a person: Private."),
        ("rule:01a2: Card: paid", {}, "Left out by a rule: Card: paid."),
        ("transfer: lines/unnamed-csv-39/2026-09-07", {}, "The other side of a transfer: the line of the other"),
        ("bankfeed.balance_only", {"case": "skipped"}, "There is nothing to post of this record"),
        ("bankfeed.balance_only", {}, "The connector reports: bankfeed.balance_only."),
        (
            "conflict.already_exists",
            {"case": "skipped", "document": "Deposit 277"},
            "in QuickBooks already: Deposit 277.",
        ),
    ],
)
def test_what_is_left_out_says_by_whom_and_why_in_words(code: str, params: dict[str, object], said: str) -> None:
    explained = explain(code, params, "en", "page")
    assert said in explained.sentence
    assert params == {} or explained.fix == "Nothing to do."
