"""What errors say in pages: the page where the deed is done, never a command, for every code there is."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from raccord.overview.explain import explain, known_codes
from raccord.overview.ways import on_page
from raccord.plugin.texts import Language
from raccord.store.models import Connection

ROOT = Path(__file__).parents[2]
COMMAND = re.compile(r"\braccord ([a-z]+)")
WITHOUT_A_PAGE = {"serve", "worker", "sandbox", "db", "record", "backup"}
"""What only the one who operates the installation does, at its machine."""
BOTH = pytest.mark.parametrize("language", ["fr", "en"])


def fixes(language: Language) -> dict[str, str]:
    """Return what to do by code, as the reference of all codes has it."""
    rows = (ROOT / "docs" / "reference" / f"errors.{language}.md").read_text("utf-8").splitlines()
    cells = [row.split("|") for row in rows if row.startswith("| `")]
    return {each[1].strip(" `"): each[-2].strip() for each in cells}


@BOTH
def test_no_fix_of_any_code_names_a_command_where_a_page_does_the_same(language: Language) -> None:
    found = fixes(language)
    assert len(found) > 500
    left = {code: COMMAND.findall(on_page(fix, language)) for code, fix in found.items()}
    assert {code: words for code, words in left.items() if not set(words) <= WITHOUT_A_PAGE} == {}
    assert {word for words in left.values() for word in words} == WITHOUT_A_PAGE, "each of these is still said"
    assert sum("raccord " in fix for fix in found.values()) > 40, "the reference itself names commands"
    said = {code: explain(code, {}, language, "page").fix for code in known_codes()}
    assert {code: fix for code, fix in said.items() if set(COMMAND.findall(fix)) - WITHOUT_A_PAGE} == {}


@BOTH
def test_the_pages_that_are_named_have_these_names(language: Language) -> None:
    table = tomllib.loads(files("raccord.overview").joinpath("ways.toml").read_text("utf-8"))
    texts = files("raccord_web").joinpath(f"texts/{language}.toml").read_text("utf-8").replace("’", "'")
    names = [name for row in table.values() for name in re.findall(r"[«“] ?(.+?) ?[»”]", row[language])]
    assert len(names) > 10
    assert [name for name in names if f'"{name}"' not in texts] == []


def test_a_sentence_stays_one() -> None:
    assert on_page("« raccord people » montre celles qui existent.", "fr") == (
        "La page « Personnes et rôles » montre celles qui existent."
    )
    assert on_page("Approve its plan, or cancel it: raccord connect repost --cancel.", "en") == (
        "Approve its plan, or cancel it: on the page “Rewrite what is posted”."
    )
    assert on_page("L'empreinte est au bas de « raccord plan show ».", "fr") == (
        "L'empreinte est au bas de la page du plan."
    )
    assert on_page("Start “raccord serve”.", "en") == "Start “raccord serve”."


def test_a_refusal_names_the_page_to_people_and_the_command_to_programs(
    synced: Connection, send: Callable[..., Any]
) -> None:
    page = f"/connections/{synced.id}/repost"
    refused = send(page, page, back="yes")
    assert refused.status_code == 409
    assert "The page “Rewrite what is posted” asks for one." in refused.text
    assert "raccord connect repost" not in refused.text
