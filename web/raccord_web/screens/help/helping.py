"""Help: where each subject is, a search of all of it, and what each status means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import RedirectResponse
from starlette.requests import Request
from starlette.responses import Response

from raccord.overview.explain import Explained
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Language
from raccord_web.front.desk import Desk, desk_of
from raccord_web.pages.code_tables import code_in, codes_with, parts
from raccord_web.pages.failures import explained
from raccord_web.pages.manual import Chapter, chapters, search
from raccord_web.pages.rendering import language_of, show
from raccord_web.screens.help.subjects import connectors_of, contact_of, questions_of
from raccord_web.words.states import EXPLAINED, FATES, State
from raccord_web.words.wording import wording

router = APIRouter()
FOUND_MAX = 20
"""How many codes the search shows; the page of errors has the others."""
STATES = {state.name: state for held in EXPLAINED.values() for state in held}


@dataclass(frozen=True, slots=True)
class Found:
    """What the search of help has, of each kind."""

    codes: Sequence[Explained]
    states: Sequence[State]
    connectors: Sequence[ConnectorInfo]
    chapters: Sequence[Chapter]

    @property
    def anything(self) -> bool:
        return bool(self.codes or self.states or self.connectors or self.chapters)


@router.get("/help")
def index(request: Request, q: Annotated[str, Query(max_length=100)] = "") -> Response:
    """Show where each subject is; ``q`` searches all of help, and the name of a code leads to its page."""
    desk, language, wanted = desk_of(request), language_of(request), q.strip()
    if code_in(wanted, language):
        return RedirectResponse(f"/help/errors/{wanted}", HTTPStatus.SEE_OTHER)
    guides = [each for each in chapters(language) if each.room == "how-to"]
    with desk.workshop.database.read() as session:
        return show(
            request,
            "help/help.html",
            session,
            q=wanted,
            found=_search(desk, wanted, language) if wanted else None,
            found_max=FOUND_MAX,
            guides=guides,
            codes=sum(len(each.codes) for each in parts(language)),
            states=len(STATES),
            connectors=connectors_of(desk),
            questions=questions_of(desk),
            contact=contact_of(desk),
        )


@router.get("/help/statuses")
def statuses(request: Request) -> Response:
    """List what records, connections and runs may be."""
    with desk_of(request).workshop.database.read() as session:
        return show(request, "help/statuses.html", session, groups=EXPLAINED)


@router.get("/help/statuses/{status}")
def one_status(request: Request, status: str) -> Response:
    """Say of one status what it means and what to do."""
    if status not in STATES:
        return explained(request, HTTPStatus.NOT_FOUND)
    of = next(place for place, held in EXPLAINED.items() if STATES[status] in held)
    with desk_of(request).workshop.database.read() as session:
        fate = next((each for each, state in FATES.items() if state.name == status), None)
        where = f"/records?fate={fate}" if fate else f"/{of}"
        return show(request, "help/status.html", session, state=STATES[status], of=of, where=where)


def _search(desk: Desk, wanted: str, language: Language) -> Found:
    words, t = wanted.casefold().split(), wording(language)

    def holds(*texts: str) -> bool:
        return all(word in " ".join(texts).casefold() for word in words)

    return Found(
        codes_with(wanted, language),
        [each for each in STATES.values() if holds(t(each.text, n=2), t(f"help.means_{each.name}"))],
        [each for each in connectors_of(desk) if holds(each.label.get(language), each.summary.get(language))],
        search(wanted, language),
    )
