"""The documentation in the application: every chapter, its links, its language, and what a stranger may put into it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import select

from raccord.plugin.texts import Language
from raccord.store.models import Event
from raccord.sync.workshop import Workshop
from raccord_web.pages import manual
from raccord_web.pages.manual import ROOMS, Chapter, chapter, chapters, search

DOCS = Path(__file__).parents[2] / "docs"
FRENCH = {"Accept-Language": "fr"}
HREF = re.compile(r'href="([^"]*)"')
ID = re.compile(r'id="([^"]*)"')


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A documentation of our own making, read anew."""
    monkeypatch.setattr(manual, "_PLACES", (tmp_path,))
    monkeypatch.setattr(manual, "_known", manual._known.__wrapped__)
    monkeypatch.setattr(manual, "_read", manual._read.__wrapped__)
    return tmp_path


@pytest.mark.requirement("K7")
@pytest.mark.parametrize("said", ["étiquettes", "étiquette", "Libellés", "libellé", "tags"])
def test_both_words_of_pleo_for_its_tags_lead_to_the_same_chapter(said: str) -> None:
    language: Language = "en" if said == "tags" else "fr"
    assert any("pleo" in each.path for each in search(said, language))


@pytest.mark.requirement("PO-17")
def test_the_page_of_pleo_asks_whether_it_was_useful_and_why_not(
    workshop: Workshop, browser: TestClient, send: Callable[..., Response]
) -> None:
    guide = "/help/docs/how-to/pleo"
    assert "Did you find the answer?" in browser.get(guide).text
    assert "Avez-vous trouvé la réponse" in browser.get(guide, headers=FRENCH).text
    happy = send(guide, guide, answer="yes").text
    assert "Thank you" in happy
    assert 'name="why"' not in happy, "nobody is asked why it was useful"
    asked = send(guide, guide, answer="no").text
    assert "What was missing?" in asked
    assert 'name="why"' in asked
    assert 'name="why"' in send(guide, guide, answer="no", why=" ").text, "asked again, and nothing noted"
    assert "Thank you" in send(guide, guide, answer="no", why="How <per diems> go").text
    assert send(guide, guide, answer="yes", why="odd").status_code == 404
    with workshop.database.read() as session:
        noted = session.scalars(select(Event).where(Event.action.startswith("help.")).order_by(Event.seq))
        said = [(each.action, each.subject, each.body) for each in noted]
    assert said == [
        ("help.rated", "how-to/pleo", {"answer": "yes"}),
        ("help.rated", "how-to/pleo", {"answer": "no"}),
        ("help.why", "how-to/pleo", {"why": "How <per diems> go"}),
    ]


def test_every_file_is_a_chapter_and_every_link_between_them_leads_to_one() -> None:
    files = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if not path.name.startswith("index.")}
    for language in ("en", "fr"):
        held = chapters(language)
        pages = {each.path: set(ID.findall(each.html)) for each in held}
        assert len(held) == len({re.sub(r"(\.en|\.fr)?\.md$", "", name) for name in files})
        assert [each.room for each in held] == sorted((each.room for each in held), key=ROOMS.index)
        for each in held:
            assert each.title, each.path
            for href in HREF.findall(each.html):
                page, _, anchor = href.partition("#")
                if not page.startswith(("http:", "https:")):
                    assert (page or each.path) in pages, f"{each.path} leads to {href}"
                    assert not anchor or anchor in pages[page or each.path], f"{each.path} leads to {href}"


def test_guides_stand_by_title_in_the_readers_language(browser: TestClient) -> None:
    page = browser.get("/help", headers=FRENCH).text
    guides = ("mapping", "extension", "service", "alarms", "month-end", "api", "postgresql", "review")
    places = [page.index(f'href="/help/docs/how-to/{each}"') for each in guides]
    assert places == sorted(places), "Changer, Écrire, En, Être, Fermer, L’API: not by the name of its file"


def test_a_chapter_comes_in_the_readers_language_or_in_the_one_it_is_written_in(browser: TestClient) -> None:
    french = browser.get("/help/docs/how-to/undo", headers=FRENCH).text
    assert f"<h1>{title_of('how-to/undo.fr.md')}</h1>" in french
    assert "undo.en.md" not in french, "the line that leads to the other language goes"
    hooks = browser.get("/help/docs/reference/hooks", headers=FRENCH).text
    assert '<h1 lang="en">Hooks</h1>' in hooks
    assert '<article class="prose manual" lang="en">' in hooks


def test_the_rooms_are_listed_and_searched_in_both_languages(browser: TestClient) -> None:
    everything = browser.get("/help/docs").text
    for room in ROOMS:
        assert f'id="{room}"' in everything
    found = browser.get("/help/docs?q=certificate%20month").text
    assert "/help/docs/how-to/month-end" in found
    assert "/help/docs/how-to/month-end" in browser.get("/help/docs?q=certificat", headers=FRENCH).text
    assert "<li>" not in browser.get("/help/docs?q=zzzzzz").text.partition("<main")[2]
    assert "La vie d’une connexion" in browser.get("/help", headers=FRENCH).text, "set as French pages are"


@pytest.mark.parametrize(
    "path", ["how-to/zzz", "zzz/undo", "how-to/..%2f..%2fREADME", "project/conf", "how-to/undo.en.md"]
)
def test_what_is_no_chapter_is_not_found(browser: TestClient, path: str) -> None:
    assert browser.get(f"/help/docs/{path}").status_code == 404


def test_html_and_bad_addresses_in_a_chapter_stay_text(elsewhere: Path) -> None:
    (elsewhere / "how-to").mkdir()
    (elsewhere / "how-to" / "x.en.md").write_text(
        "# T <b>x</b>\n\n*[Français](x.fr.md)*\n\n<script>alert(1)</script>\n\n[a](javascript:alert(1)) "
        "[b](../../README.md) [c](y.en.md#part) [d](https://example.com/)\n\n## A part: of it\n"
    )
    (elsewhere / "how-to" / "x.fr.md").write_text("# Titre\n")
    (elsewhere / "how-to" / "y.en.md").write_text("# Y\n\n## Part\n")
    read = chapter("how-to", "x", "en")
    assert isinstance(read, Chapter)
    assert read.title == "T <b>x</b>"
    assert "<script" not in read.html
    assert HREF.findall(read.html) == ["/help/docs/how-to/y#part", "https://example.com/"]
    assert [heading.anchor for heading in read.headings] == ["a-part-of-it"]
    assert "Français" not in read.html
    assert [each.name for each in search("PART", "en")] == ["x", "y"]


def title_of(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ").replace("'", "&#39;")
