"""Tables keep amounts, days and ids in one piece as long as the terminal has room for them."""

from __future__ import annotations

import ast
import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

import raccord.cli
from raccord.cli.drift_command import _told
from raccord.cli.proof.command import Proven, headed
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output
from raccord.cli.terminal.words import State
from raccord.overview.drifts import FieldDifference
from raccord.overview.proofs import ProofMonth
from raccord.quickbooks.fields import field_named
from raccord.store.models import Connection

LONG = "a question of some length that may be told on several lines"


def drawn(capsys: pytest.CaptureFixture[str], columns: list[Column], row: list[str]) -> list[str]:
    Output(State(language="en", as_json=False)).table(Phrase("T", "T"), columns, [row], empty=Phrase("", ""))
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("width", [74, 80, 120])
def test_a_row_of_the_proof_stays_on_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    titles = ["Day", "Stream", "Source", "Left out", "Posted", "QuickBooks"]
    columns = [Column(Phrase(title, title), right=at > 1) for at, title in enumerate(titles)]
    row = ["2026-08-25", "settlements", "12,316.43", "0.00", "12,316.43", "12,316.43"]
    lines = drawn(capsys, columns, row)
    assert all(len(line.rstrip()) <= width for line in lines)
    assert any(all(cell in line for cell in row) for line in lines)


def test_texts_are_folded_before_amounts_and_ids(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "53")
    columns = [Column(Phrase(name, name), right=name == "Amount") for name in ("Id", "", "Amount", "Question")]
    lines = drawn(capsys, columns, ["edb26acd", "!", "-123,456.50 CAD", LONG])
    assert all(len(line.rstrip()) <= 53 for line in lines)
    assert any("edb26acd" in line and "-123,456.50 CAD" in line for line in lines)


def test_nothing_is_lost_where_there_is_no_room(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "24")
    columns = [Column(Phrase(name, name), right=True) for name in ("A", "B", "C")]
    body = "".join(drawn(capsys, columns, ["1,234,567.89"] * 3))
    assert sum(body.count(figure) for figure in "123456789") == 27


def test_the_proofs_heading_claims_no_more_than_its_lines() -> None:
    def heading(unequal: int, left_out: int) -> Phrase:
        months = [ProofMonth(date(2026, 3, 1), 5, unequal, left_out)]
        return headed(Proven(Connection(label="Shop"), months, [], 0))

    assert heading(0, 0) == ("Shop : source = écrit = QuickBooks", "Shop: source = posted = QuickBooks")
    assert heading(0, 1).en == "Shop: source less what is left out = posted = QuickBooks"
    assert heading(0, 1).fr == "Shop : source moins ce qui est laissé de côté = écrit = QuickBooks"
    assert heading(1, 1).en == "Shop: source and QuickBooks differ"


LIMITS = {"most"}
PLURAL = re.compile(
    r" (?:documents|proofs|preuves|files|fichiers|records|enregistrements|days|jours|drafts|écritures|checks"
    r"|vérifications|warnings|avertissements|failures|échecs|lines|opérations|décisions|réponses|answers|échanges|exchanges"
    r"|differences|différences|respectées|exemptées|égales|marqués|laissés)\b"
)


def test_a_number_is_said_as_its_language_says_it_and_no_command_says_1_documents() -> None:
    said = [counted(n, ("{n} jour", "{n} day"), ("{n} jours", "{n} days")) for n in (0, 1, 2)]
    assert said == [("0 jour", "0 days"), ("1 jour", "1 day"), ("2 jours", "2 days")]
    wrong = []
    for path in sorted(Path(str(raccord.cli.__file__)).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else []
            for number, text in pairwise(parts):
                plain = isinstance(text, ast.Constant) and PLURAL.match(str(text.value))
                # A limit is no count.
                if isinstance(number, ast.FormattedValue) and plain and ast.unparse(number.value) not in LIMITS:
                    wrong.append(f"{path.name}:{node.lineno}: {ast.unparse(number.value)}")
    assert wrong == [], "say it by counted()"


def test_a_drift_says_fields_and_what_they_point_to_by_name() -> None:
    account = FieldDifference("DepositToAccountRef", "35", "4", field_named("DepositToAccountRef"), "Chequing", "")
    kind = FieldDifference("Line[0].LinkedTxn[0].TxnType", "Invoice", "", field_named("TxnType"))
    assert _told(account, "en") == "Deposited to: Chequing → 4"
    assert _told(kind, "fr") == "Genre du document relié : Facture → –"
