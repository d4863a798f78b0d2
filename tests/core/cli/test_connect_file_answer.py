"""``raccord connect file-answer``: all that a file leaves open, answered in one command."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from books_of_files import FIRST, QUICKEN, SECOND, TABLE
from harness import catalog_of

import raccord_bankfeed
from raccord.cli.terminal.exits import Exit

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., tuple[int, str]]


def test_days_decimals_and_account_of_a_file_are_answered_in_one_command(
    told: Told, said: Said, company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(raccord_bankfeed))
    made = ["connect", "source", "bankfeed", "--enable", "--label", "Bank", "--starts-on", "2026-01-01"]
    assert told(*made, "--set", "input_kind=upload")[0] == Exit.OK
    assert told("connect", "file-answer", "Bank") == (Exit.OK, {"questions": []})
    assert "No file leaves" in said("connect", "file-answer", "Bank")[1]
    table = tmp_path / "april.csv"
    table.write_text('Date,Description,Amount\n03/04/2026,PAPER,"-1,234"\n')
    assert told("connect", "upload", "Bank", str(table))[0] == Exit.OK

    status, shown = told("connect", "file-answer", "Bank")
    [asked] = shown["questions"]
    assert (status, asked["file"], asked["unnamed"][:8]) == (Exit.NEEDS_PERSON, "april.csv", "unnamed-")
    assert [ask["readings"] for ask in asked["asks"]] == [
        {"day-first": ["3 April 2026"], "month-first": ["4 March 2026"]},
        {"point": ["-1,234.00"], "comma": ["-1.234"]},
    ]
    assert "3 April 2026" in said("connect", "file-answer", "Bank")[1]
    for wrong in (["day-first"], ["day-first", "accept"], ["day-first", "point", "--key", "x"]):
        status, refused = told("connect", "file-answer", "Bank", *wrong, "--account", "Chequing")
        assert (status != Exit.OK, refused["error"]["code"][:6]) == (True, "files."), wrong
    assert told("connect", "file-answer", "Bank", "point", "day-first")[1]["error"]["code"] == "files.account_missing"
    answer = ["point", "day-first", "--account", "Chequing", "--only-this-file"]
    status, kept = told("connect", "file-answer", "Bank", *answer)
    assert (status, kept["key"], kept["file"]) == (Exit.OK, asked["key"], "april.csv")
    assert told("connect", "file-answer", "Bank") == (Exit.OK, {"questions": []})
    # Another file that is written alike is asked about by itself, but not what its account is called.
    table.write_text('Date,Description,Amount\n03/05/2026,PAPER,"-2,345"\n')
    assert told("connect", "upload", "Bank", str(table))[0] == Exit.OK
    [other] = told("connect", "file-answer", "Bank")[1]["questions"]
    assert (other["key"] != asked["key"], other["unnamed"]) == (True, "")
    assert told("connect", "file-answer", "Bank", "comma", "day-first")[0] == Exit.OK
    # Nothing shows that it is of the account of the first one.
    [place] = told("connect", "file-answer", "Bank")[1]["questions"]
    assert [ask["code"] for ask in place["asks"]] == ["bankfeed.which_account"]
    assert told("connect", "file-answer", "Bank", "account-1")[0] == Exit.OK
    assert told("connect", "file-answer", "Bank") == (Exit.OK, {"questions": []})

    # One that was handed in wrongly is taken back by its number, and not without a word.
    assert [each["number"] for each in told("connect", "file-back", "Bank")[1]["files"]] == [2, 1]
    assert told("connect", "file-back", "Bank", "2")[1]["error"]["code"] == "cli.not_confirmed"
    status, back = told("connect", "file-back", "Bank", "2", "--yes")
    assert (status, back["name"], back["in_books"]) == (Exit.OK, "april.csv", 0)
    assert "april.csv" in said("connect", "file-back", "Bank")[1]
    assert told("connect", "file-back", "Bank", "2", "--yes")[1]["error"]["code"] == "files.not_here"
    assert [each["number"] for each in told("connect", "file-back", "Bank")[1]["files"]] == [1]


def test_what_is_asked_before_a_file_is_taken_back_is_answered_by_its_number(
    told: Told, said: Said, company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(raccord_bankfeed))
    made = ["connect", "source", "bankfeed", "--enable", "--label", "Bank", "--starts-on", "2026-03-01"]
    assert told(*made, "--set", "input_kind=upload")[0] == Exit.OK
    for name, content in {"table.csv": TABLE, "first.ofx": FIRST, "quicken.qif": QUICKEN, "second.ofx": SECOND}.items():
        (tmp_path / name).write_bytes(content)
        assert told("connect", "upload", "Bank", str(tmp_path / name))[0] == Exit.OK
    [same] = told("connect", "file-answer", "Bank")[1]["questions"]
    assert told("connect", "file-answer", "Bank", "same", "--key", same["key"])[0] == Exit.OK

    status, shown = said("connect", "file-back", "Bank", "1", "--yes")
    assert (status, "To be answered first: This file" in shown) == (Exit.NEEDS_PERSON, True)
    assert "raccord connect file-answer 'Bank' --without 1" in shown
    [asked] = told("connect", "file-answer", "Bank", "--without", "1")[1]["questions"]
    assert (asked["file"], asked["key"] != same["key"]) == ("second.ofx", True)
    status, refused = told("connect", "file-answer", "Bank", "--without", "1", "nonsense")
    assert (status != Exit.OK, refused["error"]["code"]) == (True, "files.answer_missing")
    assert told("connect", "file-answer", "Bank", "--without", "1", "separate")[0] == Exit.OK
    assert told("connect", "file-answer", "Bank", "--without", "1") == (Exit.OK, {"questions": []})
    assert told("connect", "file-back", "Bank", "1", "--yes")[1]["elsewhere"] == 3


def test_each_file_of_an_archive_is_told_when_it_is_handed_in(
    told: Told, company: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raccord.catalog.load_catalog", lambda: catalog_of(raccord_bankfeed))
    made = ["connect", "source", "bankfeed", "--enable", "--label", "Bank", "--starts-on", "2026-01-01"]
    assert told(*made, "--set", "input_kind=upload")[0] == Exit.OK
    packed = tmp_path / "march.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in (("first.ofx", FIRST), ("paper.pdf", b"%PDF-1.7"), ("second.ofx", SECOND)):
            archive.writestr(name, content)
    status, answer = told("connect", "upload", "Bank", str(packed))
    assert (status, answer["new"]) == (Exit.FAILED, 2)
    assert [(each["name"], each["new"]) for each in answer["files"]] == [
        ("first.ofx", True), ("paper.pdf", False), ("second.ofx", True),
    ]  # fmt: skip
