"""What a person does in the browser, and how the books look afterwards."""

from __future__ import annotations

from datetime import date

from raccord_sandbox.entities.kind import Kind, Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, Work, assert_books_balance
from raccord_sandbox.lab.asking import Ask, LabError, Route, wrong_type
from raccord_sandbox.merging import merge
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.regimes import REGIMES, set_up_taxes

BY_PERSON = Origin(by="person")
MAX_PAGE = 10_000
FILTERS = ("operation", "entity", "doc_number", "by", "id")


def _create(ask: Ask) -> Doc:
    ask.only("entity", "changes")
    return _write(ask.company(), _kind(ask), Operation.CREATE, _changes(ask))


def _edit(ask: Ask) -> Doc:
    ask.only("entity", "id", "changes")
    return _deed(ask, Operation.UPDATE, _changes(ask))


def _deactivate(ask: Ask) -> Doc:
    ask.only("entity", "id")
    return _deed(ask, Operation.UPDATE, {"Active": False})


def _reactivate(ask: Ask) -> Doc:
    ask.only("entity", "id")
    return _deed(ask, Operation.UPDATE, {"Active": True})


def _void(ask: Ask) -> Doc:
    ask.only("entity", "id")
    return _deed(ask, Operation.VOID, {})


def _delete(ask: Ask) -> Doc:
    ask.only("entity", "id")
    return _deed(ask, Operation.DELETE, {})


def _merge(ask: Ask) -> Doc:
    """Let an entry of a list vanish into another."""
    ask.only("entity", "id", "into")
    company = ask.company()
    with company.lock:
        try:
            return merge(company, _kind(ask), ask.text("id"), ask.text("into"), BY_PERSON)
        finally:
            company.flush()


def _deed(ask: Ask, operation: Operation, changes: Doc) -> Doc:
    company, kind, key = ask.company(), _kind(ask), ask.text("id")
    with company.lock:
        stored = company.get(kind.name, key)
        if stored is None:
            raise LabError(404, "no_object", f"pas de {kind.name} {key}", f"no {kind.name} {key}")
        needed = {name: stored[name] for name in kind.sparse_required if name in stored}
        head = {"Id": stored["Id"], "SyncToken": stored["SyncToken"], "sparse": True}
        return _write(company, kind, operation, {**needed, **changes, **head})


def _write(company: Company, kind: Kind, operation: Operation, body: Doc) -> Doc:
    with company.lock:
        try:
            return write(company, kind, body, operation, ("allowduplicatedocnum",), BY_PERSON)
        finally:
            company.flush()


def _kind(ask: Ask) -> Kind:
    name = ask.text("entity")
    kind = KINDS.get(name)
    if kind is None:
        known = ", ".join(KINDS)
        raise LabError(
            400, "no_entity", f"pas d’entité {name} ; il y a : {known}", f"no entity {name}; there are: {known}"
        )
    return kind


def _changes(ask: Ask) -> Doc:
    changes = ask.fields.get("changes", {})
    if not isinstance(changes, dict):
        raise wrong_type("changes", "un objet de propriétés", "an object of properties")
    return dict(changes)


def _close_books(ask: Ask) -> Doc:
    """Close the books up to a date, or open them without one."""
    ask.only("date")
    day = ask.fields.get("date")
    if day is not None:
        try:
            day = date.fromisoformat(str(day)).isoformat()
        except ValueError as error:
            raise wrong_type("date", "une date AAAA-MM-JJ", "a date YYYY-MM-DD") from error
    company = ask.company()
    with company.lock:
        work = Work(company)
        section = work.touch("Preferences", "1")["AccountingInfoPrefs"]
        section.pop("BookCloseDate", None)
        if day is not None:
            section["BookCloseDate"] = day
        work.commit()
        company.flush()
    return {"BookCloseDate": day}


def _set_up_taxes(ask: Ask) -> Doc:
    """Give a company the agencies, rates and codes of a regime of its country's tax model."""
    ask.only("regime")
    company, name = ask.company(), ask.text("regime")
    regime = REGIMES.get(name)
    if regime is None or name.startswith("united-states") != company.is_us:
        fitting = [one for one in REGIMES if one.startswith("united-states") == company.is_us]
        raise wrong_type("regime", f"parmi {', '.join(fitting)}", f"one of {', '.join(fitting)}")
    with company.lock:
        taken = {doc["DisplayName"] for doc in company.table("TaxAgency")} & {one.name for one in regime.agencies}
        if taken:
            raise LabError(
                400, "already_set_up", f"déjà en place : {', '.join(taken)}", f"set up already: {', '.join(taken)}"
            )
        set_up_taxes(company, regime)
        company.flush()
    return {"codes": [{"id": doc["Id"], "name": doc["Name"]} for doc in company.table("TaxCode")]}


def _disconnect(ask: Ask) -> Doc:
    ask.only()
    return {"ended": ask.store.grants.disconnect(ask.company().realm)}


def _writes(ask: Ask) -> Doc:
    """Return the log of writes, filtered by equal fields, and how many creates each document number has."""
    ask.only(*FILTERS, "start", "limit")
    company = ask.company()
    filters = {name: str(ask.fields[name]) for name in FILTERS if name in ask.fields}
    start, limit = ask.whole("start", 0, 10**9), ask.whole("limit", MAX_PAGE, MAX_PAGE)
    with company.lock:
        found = [entry for entry in company.writes if all(str(entry[name]) == value for name, value in filters.items())]
    creates: dict[str, int] = {}
    for entry in found:
        if entry["operation"] == "create" and entry["doc_number"]:
            creates[entry["doc_number"]] = creates.get(entry["doc_number"], 0) + 1
    return {"count": len(found), "writes": found[start : start + limit], "creates_by_doc_number": creates}


def _password(ask: Ask) -> Doc:
    ask.only("password")
    ask.store.identity.change_password(ask.text("password"))
    return {"asked": ask.store.identity.has_password}


def _check(ask: Ask) -> Doc:
    ask.only()
    company = ask.company()
    with company.lock:
        try:
            assert_books_balance(company)
        except AssertionError as error:
            return {"balanced": False, "problem": str(error)}
    return {"balanced": True}


COMPANY = "/companies/{realm}"
PERSON = (
    Route("POST", f"{COMPANY}/person/create", "a person makes an object", _create),
    Route("POST", f"{COMPANY}/person/edit", "a person edits an object", _edit),
    Route("POST", f"{COMPANY}/person/deactivate", "a person makes a name inactive", _deactivate),
    Route("POST", f"{COMPANY}/person/reactivate", "a person makes a name active again", _reactivate),
    Route("POST", f"{COMPANY}/person/void", "a person voids a document", _void),
    Route("POST", f"{COMPANY}/person/delete", "a person deletes an object", _delete),
    Route("POST", f"{COMPANY}/person/merge", "a person merges an entry of a list into another", _merge),
    Route(
        "POST", f"{COMPANY}/person/close-books", "a person closes the books up to a day, or opens them", _close_books
    ),
    Route("POST", f"{COMPANY}/person/set-up-taxes", "a person sets up sales tax, or automates it", _set_up_taxes),
    Route(
        "POST", f"{COMPANY}/person/disconnect", "a person takes the company away from every application", _disconnect
    ),
    Route("POST", "/person/password", "a person changes the password that the consent page asks for", _password),
    Route("GET", f"{COMPANY}/writes", "the log of writes", _writes),
    Route("GET", f"{COMPANY}/check", "whether the ledger balances", _check),
)
