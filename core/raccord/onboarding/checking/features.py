"""Checks of what a company's plan and settings let it do, against what its connections use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.onboarding.checking.findings import Finding, Level, well
from raccord.plugin.texts import Text
from raccord.quickbooks import Page, QuickBooks, page_link, quoted
from raccord.store.models import Choice, Company, Connection, ConnectionState
from raccord.sync.books.company import Facts
from raccord.sync.books.profile import other_preference
from raccord.sync.chunks import chunks
from raccord.sync.environments import environment_of
from raccord.sync.workshop import Workshop

LIVE = (ConnectionState.CONNECTED, ConnectionState.PAUSED, ConnectionState.REAUTHORISE, ConnectionState.FAULTY)

SMALLEST = ("Simple Start", "EasyStart", "Self-Employed")
SMALL = (*SMALLEST, "Essentials")
"""Plans as ``OfferingSku`` names them, those without multicurrency and those without classes, locations, projects."""


@dataclass(frozen=True, slots=True)
class Feature:
    """Something a plan has or not, and a setting turns on."""

    code: str
    label: Text
    lacking: tuple[str, ...]
    setting: Text


CLASSES = Feature(
    "doctor.classes_off",
    Text("les classes", "classes"),
    SMALL,
    Text("Activez le suivi par classe (Avancé, Catégories).", "Turn on class tracking (Advanced, Categories)."),
)
LOCATIONS = Feature(
    "doctor.locations_off",
    Text("les emplacements", "locations"),
    SMALL,
    Text("Activez le suivi par emplacement (Avancé, Catégories).", "Turn on location tracking (Advanced, Categories)."),
)
PROJECTS = Feature(
    "doctor.projects_off",
    Text("les projets", "projects"),
    SMALL,
    Text("Activez les projets (Avancé, Projets).", "Turn on projects (Advanced, Projects)."),
)
MULTICURRENCY = Feature(
    "doctor.currency_foreign",
    Text("les devises multiples", "multicurrency"),
    SMALLEST,
    Text("Activez les devises multiples (Avancé, Devise).", "Turn on multicurrency (Advanced, Currency)."),
)


def check_features(
    workshop: Workshop,
    company: Company,
    client: QuickBooks,
    preferences: Mapping[str, Any],
    facts: Facts,
    foreign: bool,
) -> Iterator[Finding]:
    """Tell which features the connections use and the company's plan or settings do not have; ``foreign`` tells
    whether they bring another currency than the company's.
    """
    plan = facts.profile.plan
    accounting = preferences.get("AccountingInfoPrefs", {})
    with workshop.database.read() as session:
        used = _used(session, company)
    on = {CLASSES: facts.classes, LOCATIONS: bool(accounting.get("TrackDepartments")), PROJECTS: True}
    wanted: dict[Feature, str] = {}
    for feature, kind in ((CLASSES, "Class"), (LOCATIONS, "Department")):
        if kind in used:
            wanted[feature] = ", ".join(sorted(set(used[kind].values())))
    if other_preference(preferences, "ProjectsEnabled") == "false" and "Customer" in used:
        on[PROJECTS] = False
        if names := _projects(client, used["Customer"]):
            wanted[PROJECTS] = names
    if foreign:
        wanted[MULTICURRENCY] = facts.encoding.home_currency
    troubled = False
    for feature, what in wanted.items():
        if any(name.casefold() in plan.casefold() for name in feature.lacking):
            troubled = True
            yield _lacking(company, feature, plan, what)
        elif not on.get(feature, True):
            troubled = True
            yield _off(company, feature, what)
    if not troubled:
        yield well("doctor.plan", f"Forfait : {plan or '?'}.", f"Plan: {plan or '?'}.", company.name)


def _used(session: Session, company: Company) -> dict[str, dict[str, str]]:
    """Return the ids and names of what live connections chose, by kind."""
    rows = session.execute(
        select(Choice.ledger_kind, Choice.ledger_id, Choice.ledger_name)
        .join(Connection, Connection.id == Choice.connection_id)
        .where(Connection.company_id == company.id, Connection.state.in_(LIVE))
        .order_by(Choice.ledger_name)
    )
    found: dict[str, dict[str, str]] = {}
    for kind, object_id, name in rows:
        found.setdefault(kind, {})[object_id] = name
    return found


def _projects(client: QuickBooks, customers: Mapping[str, str]) -> str:
    names = [
        str(row.get("DisplayName", ""))
        for some in chunks(sorted(customers), 100)
        for row in client.query_all("Customer", f"Id IN ({', '.join(map(quoted, some))}) AND Active IN (true, false)")
        if row.get("IsProject") is True
    ]
    return ", ".join(names)


def _lacking(company: Company, feature: Feature, plan: str, what: str) -> Finding:
    link = page_link(environment_of(company.environment), Page.PLAN, realm=company.realm)
    return Finding(
        "doctor.plan_lacks",
        Level.FAILED,
        Text(
            f"Le forfait « {plan} » n'a pas {feature.label.fr}, et une connexion s'en sert ({what}).",
            f"The plan “{plan}” has no {feature.label.en}, and a connection uses it ({what}).",
        ),
        Text(
            "Passez à un forfait qui l'a, ou choisissez autre chose : raccord connect choose.",
            "Move to a plan that has it, or choose something else: raccord connect choose.",
        ),
        company.name,
        link,
    )


def _off(company: Company, feature: Feature, what: str) -> Finding:
    link = page_link(environment_of(company.environment), Page.ADVANCED_SETTINGS, realm=company.realm)
    return Finding(
        feature.code,
        Level.FAILED,
        Text(
            f"Une connexion se sert de ce que la société a désactivé : {feature.label.fr} ({what}).",
            f"A connection uses what the company has turned off: {feature.label.en} ({what}).",
        ),
        feature.setting,
        company.name,
        link,
    )
