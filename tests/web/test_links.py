"""Where pages lead: each address that a template names is one of a page, or of a form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

import raccord_web
from raccord_web.app import OPEN_SCREENS, SCREENS

TEMPLATES = Path(raccord_web.__file__).parent / "templates"

_ANY = "\0"
"""Stands for what is only said when the page is shown."""
_SAID = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LED = re.compile(r'(?<![\w-])(?:href|data-href)="(/[^"\s{]*)"')
"""An address with branches has a brace and is none of these."""
_FORM = re.compile(r'\bform\(\s*("/[^,]*?),')


def led_to(template: str) -> Iterator[tuple[str, str]]:
    """Yield with which method a template leads where."""
    for form in _FORM.finditer(template):
        yield "POST", "".join(map(_of_piece, form[1].split("~")))
    for link in _LED.finditer(_SAID.sub(_ANY, template)):
        yield "GET", link[1]


def _of_piece(piece: str) -> str:
    """Return what a piece of an address comes to; of one in brackets, which of two is said, the next part."""
    piece = piece.strip()
    return piece.strip('"') if piece.startswith('"') else f"/{_ANY}" if piece.startswith('("/') else _ANY


def parts_of(path: str) -> tuple[str, ...]:
    return tuple(re.split(r"[?#]", path)[0].strip("/").split("/"))


def known() -> set[tuple[str, ...]]:
    screens = [route for screen in (*SCREENS, *OPEN_SCREENS) for route in screen.router.routes]

    return {
        (method, *parts_of(route.path))
        for route in screens if isinstance(route, APIRoute)
        for method in route.methods
    }  # fmt: skip


def fits(said: tuple[str, ...], route: tuple[str, ...]) -> bool:
    return len(said) == len(route) and all(
        _ANY in part or of.startswith("{") or part == of for part, of in zip(said, route, strict=True)
    )


def test_each_address_of_a_template_is_one_of_a_page_or_of_a_form() -> None:
    routes = known()
    found = {
        (file.name, method, *parts_of(address))
        for file in TEMPLATES.rglob("*.html")
        for method, address in led_to(file.read_text(encoding="utf-8"))
    }
    assert len(found) > 300
    assert {each for each in found if not any(fits(each[1:], route) for route in routes)} == set()
