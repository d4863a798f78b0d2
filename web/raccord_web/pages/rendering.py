"""From a template and what the tables say to a page: language, words, formats, icons and the form's token."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache, partial
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from raccord.errors import RaccordError
from raccord.masking import known, masked
from raccord.onboarding.access.people import Actor, Power, may
from raccord.onboarding.closing.left_out import declared_in, is_declared
from raccord.overview.explain import Explained, explain
from raccord.overview.listing import MOST
from raccord.overview.waiting import waiting
from raccord.overview.ways import on_page
from raccord.plugin.texts import Language, Text
from raccord.sync.zones import Zones, zones_of
from raccord_web.front.desk import Desk, desk_of
from raccord_web.front.visitors import SESSION_COOKIE, Visitor, visitor_or_none
from raccord_web.pages.addresses import page_of
from raccord_web.pages.paging import last_part
from raccord_web.pages.table_labels import labelled
from raccord_web.pages.typed import in_groups
from raccord_web.words import formats
from raccord_web.words.devices import device
from raccord_web.words.languages import COOKIE as LANGUAGE_COOKIE
from raccord_web.words.languages import YEAR_SECONDS, spoken
from raccord_web.words.names import Names
from raccord_web.words.states import FATES, State, connection_state, run_state
from raccord_web.words.wording import Wording, typeset, wording

FORM_COOKIE = "raccord_form"
FORM_PURPOSE = "form"
THEME_COOKIE = "raccord_theme"
THEMES = ("light", "dark")
DENSITY_COOKIE = "raccord_density"
DENSITIES = ("compact",)
KEYS_COOKIE = "raccord_keys"
NOTES = frozenset(
    {"approved", "started", "answered", "skipped", "chosen", "ready", "resolved", "connected", "paused", "resumed",
     "cancelled", "disconnected", "granted", "kept_to_owner", "backfill", "backfill_no_file", "backfill_back",
     "settled", "invited", "role_changed",
     "removed", "withdrawn", "password", "session_ended", "appearance", "allowed", "forbidden", "enabled", "disabled",
     "settings", "options", "certified", "refreshed", "webhook_closed", "undo_asked", "rules", "switched", "statement",
     "token_revoked", "version", "file_answered", "file_answered_later", "file_answered_first", "file_taken_back",
     "file_taken_back_later", "files_kept", "night", "scheduled", "repost_asked",
     "repost_cancelled", "document_kept", "linked", "bank_rule", "started_all", "not_kept", "ready_backup",
     "ready_key", "ready_drill", "ready_place", "ready_retention", "by_hand", "skip", "link", "commented",
     "suggestions", "aside", "account_removed"}
)  # fmt: skip
"""What the last deed may say of itself in ``?done=``."""


def show(
    request: Request, template: str, session: Session | None = None, *, status: int = 200, **values: object
) -> Response:
    """Render a page; with a session the menu shows its counts. Past a list's end it leads to the last part instead."""
    last = last_part(request, values.values())
    if last:
        return RedirectResponse(last, HTTPStatus.SEE_OTHER)
    desk = desk_of(request)
    nonce, fresh = _nonce(request, desk)
    text = labelled(_environment().get_template(template).render(_context(request, session, nonce, values)))
    response = HTMLResponse(text, status)
    if fresh:
        _set(response, desk, desk.access.cookie(FORM_COOKIE), nonce, strict=True)
    if request.query_params.get("lang") in ("fr", "en"):
        _set(response, desk, desk.access.cookie(LANGUAGE_COOKIE), language_of(request), age=YEAR_SECONDS)
    return response


def fragment(request: Request, template: str, session: Session, **values: object) -> str:
    """Return a part of a page as text, for a page that is open already."""
    nonce, _ = _nonce(request, desk_of(request))
    return labelled(_environment().get_template(template).render(_context(request, session, nonce, values)))


def _context(request: Request, session: Session | None, nonce: str, values: Mapping[str, object]) -> dict[str, object]:
    desk = desk_of(request)
    words = wording(language_of(request))
    visitor = visitor_or_none(request)
    counts = None if session is None or visitor is None else waiting(session, visitor.reach.within)
    return {
        **_tools(desk, session, words),
        "counts": counts,
        "form_token": desk.signer.mark(FORM_PURPOSE, _bound(request, desk, nonce)),
        "here": request.url.path,
        "other_language": _other_language(str(values.get("own_page", "")) or page_of(request), words.language),
        "visitor": visitor,
        "can": partial(_can, request, visitor),
        "does": partial(_does, visitor),
        "theme": _choice(request, desk, THEME_COOKIE, THEMES),
        "density": _choice(request, desk, DENSITY_COOKIE, DENSITIES),
        "keys": _choice(request, desk, KEYS_COOKIE, ("off",)) != "off",
        "among": among(request),
        "done": request.query_params.get("done", "") if request.query_params.get("done", "") in NOTES else "",
        **values,
    }


def among(request: Request) -> str:
    """Return the words to which the long choices of a page are narrowed down by loading it again, without scripts."""
    return request.query_params.get("among", "").strip()[:100]


def language_of(request: Request) -> Language:
    """Return the language that the request's pages speak."""
    desk = desk_of(request)
    cookies = {LANGUAGE_COOKIE: request.cookies.get(desk.access.cookie(LANGUAGE_COOKIE), "")}
    return spoken(
        request.query_params, cookies, request.headers.get("accept-language", ""), desk.workshop.settings.language
    )


def form_is_ours(request: Request, token: str) -> bool:
    """Tell whether a form came from a page of ours, shown in this browser."""
    desk = desk_of(request)
    nonce = request.cookies.get(desk.access.cookie(FORM_COOKIE), "")
    return bool(nonce) and desk.signer.holds(FORM_PURPOSE, _bound(request, desk, nonce), token)


def said(code: str, params: Mapping[str, Any], language: Language) -> Explained:
    """Return the sentences of a code, set as the language's typography asks."""
    found = explain(code, params, language, "page")
    return Explained(
        found.code,
        typeset(found.sentence, language),
        typeset(found.fix, language),
        typeset(found.who, language),
        typeset(found.quoted, language),
    )


def said_of(names: Names, connector: str, code: str, params: Mapping[str, Any]) -> Explained:
    """Say a code with the labels of the role and of the decision in the place of their names."""
    role, labels = str(params.get("role", "")), dict(params)
    if "role" in params:
        labels["role"] = names.role(connector, role) if role else names.words("plan.role_item")
    if "decision" in params:
        labels["decision"] = names.words(f"accepts.{params['accepts']}")
    return _said_in(names, code, labels)


def names_in(desk: Desk, language: Language) -> Names:
    """Return what things are called in a language, for what is said outside of a page."""
    return Names(desk.workshop.scopes.catalog, wording(language))


def _said_in(names: Names, code: str, params: Mapping[str, Any]) -> Explained:
    return said(code, {name: names.param(name, value) for name, value in params.items()}, names.words.language)


def said_by(error: RaccordError, request: Request) -> Explained:
    """Return one of core's refusals in the request's language, to stand beside the form that was refused."""
    language = language_of(request)
    fix = on_page(error.fix.get(language), language)
    return Explained(error.code, _composed(error.text.get(language), language), _composed(fix, language), "")


@cache
def icon(name: str, size: str = "") -> Markup:
    """Return an icon to stand in a page; it says nothing to a screen reader."""
    return Markup('<svg class="i{}" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(
        f" i-{size}" if size else "", _drawing(name)
    )


def asset(path: str) -> str:
    """Return the address of a static file, which changes with its content."""
    return f"/static/{path}?v={_digest(path)}"


def _tools(desk: Desk, session: Session | None, words: Wording) -> dict[str, object]:
    language, now = words.language, desk.workshop.clock.now()
    names = names_in(desk, language)

    def status_of(view: Any) -> State:
        if hasattr(view, "fate"):
            return FATES[view.fate]
        return (connection_state if hasattr(view, "last_run") else run_state)(view)

    return {
        "t": words,
        "lang": language,
        "names": names,
        "now": now,
        "zero": Decimal(0),
        "money": partial(_money, language),
        "money_text": partial(_money_text, language),
        "compact": partial(formats.compact, language=language),
        "short_day": partial(formats.short_day, language=language),
        "number": partial(formats.number, language=language),
        "megabytes": partial(formats.megabytes, language=language),
        "day": partial(formats.day_text, language=language),
        "cut_off": partial(formats.cut_off_text, language=language),
        "month": partial(formats.month_text, language=language),
        "moment": _moment(desk, session, language),
        "span": formats.span_text,
        "said": partial(_said_in, names),
        "typeset": partial(_composed, language=language),
        "said_of": partial(said_of, names),
        "status_of": status_of,
    }


def _can(request: Request, visitor: Visitor | None, power: str, company_id: str = "") -> bool:
    """Tell whether a page offers a deed; the services refuse it whatever the page shows."""
    if visitor is None:
        return False
    actor = visitor.reach.actor_in(company_id) if company_id else request.state.actor
    return actor is not None and may(actor, Power(power))


def _does(visitor: Visitor | None, power: str) -> bool:
    """Tell whether the visitor may do this to any company at all, for pages that show several."""
    return visitor is not None and may(Actor("", visitor.reach.highest), Power(power))


def _bound(request: Request, desk: Desk, nonce: str) -> str:
    """Return what a form is bound to: this browser, and its session once it has one."""
    return f"{nonce}|{request.cookies.get(desk.access.cookie(SESSION_COOKIE), '')}"


def _choice(request: Request, desk: Desk, cookie: str, allowed: Sequence[str]) -> str:
    value = request.cookies.get(desk.access.cookie(cookie), "")
    return value if value in allowed else ""


def _money(language: Language, amount: Any, currency: str, home: str = "") -> Markup:
    return formats.money(amount, currency, language, home)


def _money_text(language: Language, amount: Decimal, currency: str, home: str = "") -> str:
    return formats.money_text(amount, currency, language, home)


def _moment(desk: Desk, session: Session | None, language: Language) -> Callable[..., Markup]:
    """Return the only way a page says a moment: by the clocks of a company or connection, else of the installation."""
    now = desk.workshop.clock.now()

    @cache
    def zones() -> Zones:
        if session is not None:
            return zones_of(session)
        with desk.workshop.database.read() as own:
            return zones_of(own)

    def said(
        at: datetime | None, place: str = "", *, exact: bool = False, dated: bool = False, clock: bool = False,
        due: bool = False,
    ) -> Markup:  # fmt: skip
        zone = zones().of(place) if at else ""
        return formats.moment(at, now, zone, language, exact=exact, dated=dated, clock=clock, due=due)

    return said


def _nonce(request: Request, desk: Desk) -> tuple[str, bool]:
    """Return what this browser's forms are bound to, and whether the browser does not know it yet."""
    known = request.cookies.get(desk.access.cookie(FORM_COOKIE), "")
    return (known, False) if 20 <= len(known) <= 100 else (secrets.token_urlsafe(24), True)


def _set(
    response: HTMLResponse, desk: Desk, name: str, value: str, *, strict: bool = False, age: int | None = None
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=age,
        path="/",
        secure=desk.access.secure,
        httponly=True,
        samesite="strict" if strict else "lax",
    )


def _other_language(page: str, language: Language) -> str:
    path, _, query = page.partition("?")
    kept = [(name, value) for name, value in parse_qsl(query) if name not in ("lang", "done")]
    return f"{path}?{urlencode([*kept, ('lang', 'en' if language == 'fr' else 'fr')])}"


class _Typesetting(Environment):
    """Pages that set what stands in both languages as the one they speak asks, whoever wrote it."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if attribute == "get" and isinstance(obj, Text):
            return partial(_set_in, obj)
        # A page looks at thousands of attributes, nearly all of which are there.
        try:
            return getattr(obj, attribute)
        except AttributeError:
            return super().getattr(obj, attribute)


def _set_in(text: Text, language: Language) -> str:
    return _composed(text.get(language), language)


def _composed(sentence: str, language: Language) -> str:
    """Return a sentence of core or of a connector as pages write it, with its spaces, apostrophes and days."""
    return typeset(formats.with_days(sentence, language), language)


@cache
def _environment() -> Environment:
    environment = _Typesetting(
        loader=PackageLoader("raccord_web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        rejectempty=_without_empty,
        exact=Decimal,
        groups_by_when=in_groups,
        masked=_masked,
        known=_known,
        breaks=_breaks,
    )
    environment.globals.update(
        choices_max=MOST, on_page=on_page, icon=icon, asset=asset, device=device,
        declared_in=declared_in, is_declared=is_declared,
        # Of a list each value is named: as one text it would be an address of nothing.
        urlencode=partial(urlencode, doseq=True),
    )  # fmt: skip
    return environment


def _without_empty(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _known(value: object) -> str:
    return known(str(value))


def _masked(value: object) -> str:
    return masked(str(value))


def _breaks(value: object) -> Markup:
    """Let an e-mail address break after its @ rather than within a word."""
    return escape(str(value)).replace("@", Markup("@<wbr>"))


@cache
def _drawing(name: str) -> Markup:
    text = files("raccord_web").joinpath("icons", f"{name}.svg").read_text("utf-8")
    # Only what we ship ourselves is read here, so it may stand in the page as it is.
    return Markup(text[text.index(">") + 1 : text.rindex("</svg>")])  # noqa: S704


@cache
def _digest(path: str) -> str:
    return hashlib.sha256(files("raccord_web").joinpath("static", path).read_bytes()).hexdigest()[:12]
