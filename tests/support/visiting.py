"""People at their browsers: what they open, press and fill in, each screen kept as a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from socket import socket
from typing import Literal, Protocol

import pytest
from argon2 import PasswordHasher
from chromium import opened, served
from harness import OWNER, finish
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from raccord.jobs.inline import HandOver
from raccord.onboarding.access import accounts
from raccord.plugin.texts import Language
from raccord.sync.workshop import Workshop
from raccord_web.app import create_app
from raccord_web.words.wording import wording

PICTURES = Path(__file__).parents[2] / "var" / "screenshots"
PATIENCE_MS = 20_000
"""Long enough for a machine that does much else; what is there is seen at once."""

USUAL = "status of 4"
"""What a browser says of refusals that a journey provokes."""


class Onwards(HandOver):
    """An engine that works a run off at once, in the request that asked for it."""

    def __init__(self, workshop: Workshop) -> None:
        super().__init__()
        self.workshop = workshop

    def submit(self, run_id: str) -> None:
        finish(self.workshop, run_id)


class Visits:
    """Browsers at one address; ``complaints`` is what broke the policy, failed or was asked for in vain."""

    def __init__(self, chromium: Browser, base: str) -> None:
        self.chromium = chromium
        self.base = base
        self.contexts: list[BrowserContext] = []
        self.said: list[str] = []

    def open(
        self, language: str = "en", width: int = 1280, theme: Literal["light", "dark"] = "light", token: str = "",
        *, script: bool = True,
    ) -> Page:  # fmt: skip
        context = self.chromium.new_context(
            base_url=self.base,
            locale=f"{language}-CA",
            viewport={"width": width, "height": 900},
            color_scheme=theme,
            reduced_motion="reduce",
            java_script_enabled=script,
        )
        self.contexts.append(context)
        if token:
            context.add_cookies([{"name": "raccord_session", "value": token, "url": self.base}])
        context.set_default_timeout(PATIENCE_MS)
        context.on("page", self._listen)
        return context.new_page()

    def _listen(self, page: Page) -> None:
        """Hear what a page complains of, one that another opened too."""
        page.on("pageerror", lambda error: self.said.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self.said.append(said.text) if said.type == "error" else None)
        page.on("request", lambda sent: self.said.append(sent.url) if "csp-report" in sent.url else None)

    @property
    def complaints(self) -> list[str]:
        return [each for each in self.said if USUAL not in each]

    def close(self) -> None:
        for context in self.contexts:
            context.close()


class Journey:
    """One person's way through the pages in their language; each ``look`` keeps a picture under its name."""

    def __init__(self, page: Page, name: str, language: Language) -> None:
        self.page = page
        self.words = wording(language)
        self.folder = PICTURES / f"{name}-{language}"
        self.folder.mkdir(parents=True, exist_ok=True)
        for old in self.folder.glob("*.jpg"):
            old.unlink()
        self.seen = 0

    def look(self, name: str) -> None:
        self.seen += 1
        # As JPEG: drawn in two thirds of the time that PNG takes.
        self.page.screenshot(
            path=self.folder / f"{self.seen:02d}-{name}.jpg",
            type="jpeg",
            quality=70,
            full_page=True,
            animations="disabled",
        )

    def said(self, key: str, **values: object) -> str:
        """Return a sentence of the pages, up to the first value that is not given."""
        return self.words(key, **values) if values else self.words.texts[key].partition("{")[0].strip()

    def button(self, key: str, within: Locator | None = None, **values: object) -> Locator:
        return (within or self.page).get_by_role("button", name=self.said(key, **values)).first

    def press(self, key: str, within: Locator | None = None, **values: object) -> None:
        self.button(key, within, **values).click()

    def follow(self, key: str, **values: object) -> None:
        self.page.get_by_role("link", name=self.said(key, **values)).first.click()


class Travel(Protocol):
    """Sets somebody out on a journey, in a browser that runs scripts or in one that does not."""

    def __call__(self, name: str, language: Language, *, script: bool = True) -> Journey: ...


@pytest.fixture
def door() -> Iterator[socket]:
    """The port at which the pages will be: QuickBooks sends people back there."""
    with opened() as listening:
        yield listening


@pytest.fixture
def travel(workshop: Workshop, door: socket, chromium: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Travel]:
    """Sets somebody out on a journey; at its end nothing was reported, failed in a script or asked for in vain."""
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with served(create_app(workshop, Onwards(workshop), OWNER), door) as url:
        visits = Visits(chromium, url)

        def set_out(name: str, language: Language, *, script: bool = True) -> Journey:
            return Journey(visits.open(language, script=script), name, language)

        yield set_out
        visits.close()
    assert visits.complaints == []
