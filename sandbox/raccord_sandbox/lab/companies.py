"""Companies made, listed, kept aside, brought back and deleted, and their tokens."""

from __future__ import annotations

from starlette.responses import Response

from raccord_sandbox.clock import precise_stamp
from raccord_sandbox.currencies import NAMES
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.portable import UnreadableError, lines_of, read_lines
from raccord_sandbox.keeping.store import FullError
from raccord_sandbox.lab.applications import client_of, scope_of
from raccord_sandbox.lab.asking import Ask, LabError, Route, wrong_type
from raccord_sandbox.oauth.clients import Client
from raccord_sandbox.oauth.consent import CALLBACK
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.seeds.template import BARE, TEMPLATES
from raccord_sandbox.switches import SWITCHES

MAX_NAME = 100
MAX_FILE = 500_000_000


def _templates(ask: Ask) -> list[str]:
    ask.only()
    return list(TEMPLATES)


def _list(ask: Ask) -> list[Doc]:
    ask.only()
    return [described(ask, company) for company in ask.store]


def _one(ask: Ask) -> Doc:
    ask.only()
    company = ask.company()
    with company.lock:
        return described(ask, company) | {
            "switches": {name: company.switch(name) for name in SWITCHES},
            "snapshots": ask.store.snapshots(company),
            "objects": {kind: len(table) for kind, table in company.tables.items() if len(table)},
        }


def _make(ask: Ask) -> Doc:
    ask.only("template", "name", "country", "currency", "clock", "frozen", "switches", "client_id")
    client = client_of(ask)
    template, name = ask.text("template"), _name(ask, "name")
    if template not in TEMPLATES:
        known = ", ".join(TEMPLATES)
        raise LabError(
            400,
            "no_template",
            f"pas de modèle {template!r} ; il y a : {known}",
            f"no template {template!r}; there are: {known}",
        )
    switches = ask.fields.get("switches", {})
    if not isinstance(switches, dict):
        raise wrong_type("switches", "un objet de commutateurs", "an object of switches")
    country, currency = ask.text("country").upper(), ask.text("currency").upper()
    if (country or currency) and template != BARE:
        raise LabError(
            400,
            "not_empty",
            f"seul le modèle {BARE} a un pays et une monnaie au choix",
            f"only the template {BARE} has a country and a currency to choose",
        )
    if country and not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise wrong_type("country", "un code de pays à deux lettres", "a country code of two letters")
    if currency and currency not in NAMES:
        known = ", ".join(NAMES)
        raise wrong_type("currency", f"l’une de : {known}", f"one of: {known}")
    try:
        company = ask.store.add(
            template,
            name=name,
            country=country,
            currency=currency,
            begins=ask.moment("clock"),
            frozen=ask.flag("frozen"),
            switches=switches,
        )
    except FullError as error:
        raise _full(error, "sociétés", "companies") from error
    return connected(ask, company, client)


def connected(ask: Ask, company: Company, client: Client) -> Doc:
    """Return a company with everything that an application needs to work with it, tokens included."""
    return {
        **described(ask, company),
        "switches": {name: company.switch(name) for name in SWITCHES},
        "client_id": client.id,
        "client_secret": client.secret,
        "redirect_uri": next(iter(client.redirect_uris), f"{ask.url}{CALLBACK}"),
        **ask.store.grants.grant(company.realm, client=client.id),
    }


def described(ask: Ask, company: Company) -> Doc:
    """Return what there is to say of a company, and its addresses."""
    with company.lock:
        return {
            "realm": company.realm,
            "name": company.settings["name"],
            "template": company.settings["template"],
            "country": company.settings["country"],
            "currency": company.settings["currency"],
            "now": precise_stamp(company.clock.now()),
            "writes": len(company.writes),
            "api": f"{ask.url}/v3/company/{company.realm}",
            "page": f"{ask.url}/company/{company.realm}",
            "discovery": f"{ask.url}/.well-known/openid_sandbox_configuration",
        }


def _delete(ask: Ask) -> Doc:
    ask.only()
    company = ask.company()
    ask.store.remove(company)
    return {"deleted": company.realm}


def _tokens(ask: Ask) -> Doc:
    ask.only("client_id", "scope")
    return ask.store.grants.grant(ask.company().realm, scope_of(ask), client_of(ask).id)


def _expire(ask: Ask) -> Doc:
    ask.only()
    ask.store.grants.expire_access_tokens(ask.company().realm)
    return {}


def _snapshots(ask: Ask) -> list[str]:
    ask.only()
    return ask.store.snapshots(ask.company())


def _snapshot(ask: Ask) -> Doc:
    ask.only("name")
    name = _name(ask, "name") or "default"
    try:
        ask.store.snapshot(ask.company(), name)
    except FullError as error:
        raise _full(error, "instantanés de cette société", "snapshots of this company") from error
    return {"name": name}


def _restore(ask: Ask) -> Doc:
    ask.only()
    company, name = ask.company(), ask.path["name"]
    try:
        ask.store.restore(company, name)
    except KeyError as error:
        raise _no_snapshot(name) from error
    return described(ask, company)


def _drop(ask: Ask) -> Doc:
    ask.only()
    try:
        ask.store.drop_snapshot(ask.company(), ask.path["name"])
    except KeyError as error:
        raise _no_snapshot(ask.path["name"]) from error
    return {}


def _export(ask: Ask) -> Response:
    ask.only()
    company = ask.company()
    with company.lock:
        text = "\n".join(lines_of(company)) + "\n"
    name = f'attachment; filename="{company.realm}.jsonl"'
    return Response(text.encode(), media_type="application/x-ndjson", headers={"Content-Disposition": name})


def _import(ask: Ask) -> Doc:
    ask.only("client_id")
    client = client_of(ask)
    try:
        company = ask.store.bring_in(read_lines(ask.content))
    except FullError as error:
        raise _full(error, "sociétés", "companies") from error
    except UnreadableError as error:
        raise LabError(
            400, "unreadable", f"ce n’est pas une société : {error.fr}", f"this is no company: {error.en}"
        ) from error
    except AssertionError as error:
        raise LabError(
            400, "unbalanced", f"ces livres ne s’équilibrent pas : {error}", f"these books do not balance: {error}"
        ) from error
    return connected(ask, company, client)


def _no_snapshot(name: str) -> LabError:
    return LabError(404, "no_snapshot", f"pas d’instantané {name!r}", f"no snapshot {name!r}")


def _full(error: FullError, fr: str, en: str) -> LabError:
    return LabError(
        409, "full", f"il y a déjà {error.limit} {fr}, le plus possible", f"there are {error.limit} {en}, the most kept"
    )


def _name(ask: Ask, field: str) -> str:
    name = ask.text(field).strip()
    if len(name) > MAX_NAME or "/" in name or not name.isprintable():
        raise wrong_type(
            field,
            f"un texte d’au plus {MAX_NAME} signes, sans /",
            f"a text of at most {MAX_NAME} characters, without /",
        )
    return name


COMPANY = "/companies/{realm}"
COMPANIES = (
    Route("GET", "/templates", "the templates", _templates),
    Route("GET", "/companies", "every company", _list),
    Route("POST", "/companies", "makes a company, and tokens for it", _make),
    Route("GET", COMPANY, "one company", _one),
    Route("DELETE", COMPANY, "deletes a company", _delete),
    Route("GET", f"{COMPANY}/export", "the company as one file", _export),
    Route("POST", "/companies/import", "takes in a company from its file", _import, MAX_FILE),
    Route("POST", f"{COMPANY}/tokens", "gives fresh tokens without a browser", _tokens),
    Route("POST", f"{COMPANY}/tokens/expire", "expires the access tokens of a company", _expire),
    Route("GET", f"{COMPANY}/snapshots", "the names of the snapshots", _snapshots),
    Route("POST", f"{COMPANY}/snapshots", "remembers the company under a name", _snapshot),
    Route("POST", f"{COMPANY}/snapshots/{{name}}/restore", "brings the company back as it was", _restore),
    Route("DELETE", f"{COMPANY}/snapshots/{{name}}", "forgets a snapshot", _drop),
)
