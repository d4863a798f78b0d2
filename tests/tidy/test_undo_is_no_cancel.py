"""In French to undo is *défaire*; *annuler* is QuickBooks' own word for to void, and stands for nothing else."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ANNUL = re.compile("annul", re.IGNORECASE)
VOID = re.compile("void", re.IGNORECASE)
UNDO = re.compile(r"\bundo(?:es|ing|ne)?\b", re.IGNORECASE)
PAIRED = {"fr": "en", "fix_fr": "fix_en", "page_fr": "page_en"}


def of_tables(french: dict[str, Any], english: dict[str, Any], place: str) -> Iterator[tuple[str, str, str]]:
    for name, said in french.items():
        other = english.get(name, "")
        if isinstance(said, dict):
            yield from of_tables(said, other if isinstance(other, dict) else {}, f"{place}.{name}")
        elif isinstance(said, str):
            yield f"{place}.{name}", said, other if isinstance(other, str) else ""


def of_rows(rows: dict[str, Any], place: str) -> Iterator[tuple[str, str, str]]:
    """Yield pairs of rows that hold both languages side by side, or one table for each."""
    for name, row in rows.items():
        if not isinstance(row, dict):
            continue
        if isinstance(row.get("fr"), dict):
            yield from of_tables(row["fr"], row.get("en", {}), f"{place} {name}")
            continue
        for fr, en in PAIRED.items():
            if isinstance(row.get(fr), str):
                yield f"{place} {name}", row[fr], str(row.get(en, ""))
        yield from of_rows(row, f"{place} {name}")


def of_code(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield the pairs of texts that stand beside each other in a call: ``Text``, ``Phrase``, commands and options."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        named = {each.arg: said(each.value) for each in node.keywords}
        if "fr" in named:
            yield f"{path.name}:{node.lineno}", named["fr"], named.get("en", "")
        given = [said(each) for each in node.args]
        for french, english in pairwise(given):
            if ANNUL.search(french):
                yield f"{path.name}:{node.lineno}", french, english


def said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(said(each) for each in node.values)
    return ""


def pairs() -> Iterator[tuple[str, str, str]]:
    texts = ROOT / "web" / "raccord_web" / "texts"
    french, english = (tomllib.loads((texts / f"{each}.toml").read_text("utf-8")) for each in ("fr", "en"))
    yield from of_tables(french, english, "texts")
    for path in ("overview/sentences.toml", "quickbooks/fault_texts.toml"):
        yield from of_rows(tomllib.loads((ROOT / "core" / "raccord" / path).read_text("utf-8")), path)
    for folder in (ROOT / "core", ROOT / "web"):
        for path in sorted(folder.rglob("*.py")):
            if ANNUL.search(path.read_text("utf-8")):
                yield from of_code(path)


def wrong(found: Iterator[tuple[str, str, str]]) -> list[tuple[str, str]]:
    return [
        (place, french)
        for place, french, english in found
        if ANNUL.search(french) and (not VOID.search(english) or UNDO.search(english.replace("nothing to undo", "")))
    ]


def test_french_says_annuler_of_voided_documents_alone() -> None:
    assert wrong(pairs()) == []


@pytest.mark.parametrize(("french", "english"), [("Annuler", "Undo"), ("Annulée", "Cancelled"), ("Annuler", "Cancel")])
def test_an_undo_or_a_cancel_called_so_is_found(french: str, english: str) -> None:
    assert wrong(iter([("a button", french, english)])) == [("a button", french)]


def test_french_guides_say_annuler_of_voided_documents_alone() -> None:
    of_undo = [
        (path.name, line)
        for path in sorted((ROOT / "docs").rglob("*.fr.md"))
        for line in path.read_text("utf-8").splitlines()
        if ANNUL.search(line) and "void" not in line.lower() and ("undo" in line or path.name == "undo.fr.md")
    ]
    assert of_undo == []
