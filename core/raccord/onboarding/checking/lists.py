"""Checks of a company's lists: what is inactive and still used, names that collide, items that sales cannot use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from raccord.onboarding.checking.catalogue import check_prices
from raccord.onboarding.checking.features import LIVE
from raccord.onboarding.checking.findings import SHOWN, Finding, Level, named, well
from raccord.plugin.drafts import Customer, Vendor
from raccord.plugin.texts import Text
from raccord.quickbooks import Page, QuickBooks, page_link, quoted
from raccord.quickbooks.codec import EncodeError, clean_name
from raccord.store.models import Choice, Company, Connection, DraftRow, DraftState, LedgerEntry, LinkRow, LinkState
from raccord.sync.bodies import load_draft
from raccord.sync.books.company import PEOPLE, by_name
from raccord.sync.chunks import chunks
from raccord.sync.environments import environment_of
from raccord.sync.workshop import Workshop

LINKED_MAX = 1_000
NAMES_MAX = 100
"""Names of people that are looked up; more are found by the run itself, which holds them."""
SOLD = ("Service", "NonInventory", "Inventory")
WAITING = (DraftState.WAITING, DraftState.HELD, DraftState.READY)
PAGES = {"Customer": Page.CUSTOMERS, "Vendor": Page.VENDORS, "Item": Page.ITEMS, "Account": Page.ACCOUNTS}


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name that a draft brings, and of which list."""

    kind: str
    name: str
    connection: str


def check_lists(workshop: Workshop, company: Company, client: QuickBooks) -> Iterator[Finding]:
    """Check the lists as they were just read, and look up what is not kept of them."""
    with workshop.database.read() as session:
        items = [*_items(session, company)]
        linked = _linked_people(session, company)
        names = _names(session, company)
    yield from check_prices(workshop, company, client)
    yield from items or [
        well(
            "doctor.items",
            "Chaque produit ou service qui se vend mène à un compte de revenu.",
            "Each product or service that is sold leads to an income account.",
            company.name,
        )
    ]
    inactive = [*_inactive(client, company, linked)]
    yield from inactive or [
        well("doctor.linked", "Ce qui est relié est actif.", "What is linked is active.", company.name)
    ]
    collisions = [*_collisions(client, company, names)]
    yield from collisions or [well("doctor.names", "Aucun nom en conflit.", "No name collides.", company.name)]


def _items(session: Session, company: Company) -> Iterator[Finding]:
    account = aliased(LedgerEntry)
    rows = session.execute(
        select(LedgerEntry, account.name, account.active)
        .outerjoin(
            account,
            (account.company_id == LedgerEntry.company_id)
            & (account.kind == "Account")
            & (account.object_id == LedgerEntry.account_id),
        )
        .where(LedgerEntry.company_id == company.id, LedgerEntry.kind == "Item", LedgerEntry.active.is_(True))
        .order_by(LedgerEntry.name)
    ).all()
    used = _used_items(session, company)
    without = [item for item, *_ in rows if item.type in SOLD and not item.account_id]
    chosen = [item.name for item in without if item.object_id in used]
    if without:
        said = named([item.name for item in without])
        yield _about(
            company,
            Page.ITEMS,
            "doctor.item_without_income",
            Level.FAILED if chosen else Level.WARNING,
            Text(
                f"Ces produits n'ont pas de compte de revenu : {said}.",
                f"These items have no income account: {said}.",
            ),
            Text(
                "Donnez-leur un compte de revenu ; une vente qui les nomme est refusée.",
                "Give them an income account; a sale that names them is refused.",
            ),
        )
    closed = [f"{item.name} ({name})" for item, name, active in rows if active is False and item.object_id in used]
    if closed:
        yield _about(
            company,
            Page.ACCOUNTS,
            "doctor.item_account_inactive",
            Level.FAILED,
            Text(
                f"Le compte de revenu de ces produits est inactif : {named(closed)}.",
                f"The income account of these items is inactive: {named(closed)}.",
            ),
            Text(
                "Rendez le compte actif, ou donnez-en un autre au produit.",
                "Make the account active, or give the item another.",
            ),
        )
    categories = {item.name_key: item.name for item, *_ in rows if item.type == "Category"}
    twice = sorted(categories[item.name_key] for item, *_ in rows if item.type in SOLD and item.name_key in categories)
    if twice:
        yield _about(
            company,
            Page.ITEMS,
            "doctor.category_named_as_item",
            Level.WARNING,
            Text(
                f"Une catégorie et un produit portent le même nom : {named(twice)}.",
                f"A category and an item have the same name: {named(twice)}.",
            ),
            Text("Renommez l'un des deux.", "Rename one of the two."),
        )


def _used_items(session: Session, company: Company) -> set[str]:
    """Return the items that live connections chose or made."""
    chosen = session.scalars(
        select(Choice.ledger_id)
        .join(Connection, Connection.id == Choice.connection_id)
        .where(Connection.company_id == company.id, Connection.state.in_(LIVE), Choice.ledger_kind == "Item")
    )
    linked = session.scalars(
        select(LinkRow.document_id).where(
            LinkRow.company_id == company.id, LinkRow.kind == "Item", LinkRow.state == LinkState.LIVE
        )
    )
    return {*chosen, *linked}


def _linked_people(session: Session, company: Company) -> dict[str, list[str]]:
    """Return the ids of list entries that drafts of live connections refer to, by kind."""
    found: dict[str, list[str]] = {}
    rows = session.execute(
        select(LinkRow.kind, LinkRow.document_id)
        .join(Connection, Connection.id == LinkRow.connection_id)
        .where(
            LinkRow.company_id == company.id,
            Connection.state.in_(LIVE),
            LinkRow.kind.in_(PAGES),
            LinkRow.state == LinkState.LIVE,
        )
        .order_by(LinkRow.id.desc())
        .limit(LINKED_MAX)
    )
    for kind, document_id in rows:
        found.setdefault(kind, []).append(document_id)
    return found


def _inactive(client: QuickBooks, company: Company, linked: dict[str, list[str]]) -> Iterator[Finding]:
    for kind, ids in sorted(linked.items()):
        rows: list[dict[str, Any]] = []
        for some in chunks(sorted(set(ids)), 100):
            where = f"Id IN ({', '.join(map(quoted, some))}) AND Active IN (true, false)"
            rows += [row for row in client.query_all(kind, where) if row.get("Active") is False]
        if rows:
            said = named([str(row.get("DisplayName") or row.get("FullyQualifiedName") or row["Name"]) for row in rows])
            yield _about(
                company,
                PAGES[kind],
                "doctor.linked_inactive",
                Level.FAILED,
                Text(
                    f"Ces entrées ({kind}), que des connexions emploient, sont inactives : {said}.",
                    f"These entries ({kind}), which connections use, are inactive: {said}.",
                ),
                Text(
                    "Rendez-les actives dans QuickBooks ; ce qui les nomme est refusé.",
                    "Make them active in QuickBooks; what names them is refused.",
                ),
            )


def _names(session: Session, company: Company) -> list[Name]:
    """Return the names of people that drafts would create."""
    rows = session.execute(
        select(DraftRow.body, Connection.label)
        .join(Connection, Connection.id == DraftRow.connection_id)
        .where(
            Connection.company_id == company.id,
            Connection.state.in_(LIVE),
            DraftRow.kind.in_(("customer", "vendor")),
            DraftRow.state.in_(WAITING),
        )
        .order_by(DraftRow.id)
        .limit(NAMES_MAX)
    )
    found = []
    for body, label in rows:
        draft = load_draft(body)
        if isinstance(draft, Customer | Vendor):
            kind = "Customer" if isinstance(draft, Customer) else "Vendor"
            try:
                found.append(Name(kind, clean_name(kind, draft.name), label))
            except EncodeError:
                continue  # the run holds it for its name
    return found


def _collisions(client: QuickBooks, company: Company, names: Sequence[Name]) -> Iterator[Finding]:
    asked = [(each, kind) for each in names for kind in PEOPLE if kind != each.kind]
    answers = client.query_each([(kind, by_name(kind, each.name)) for each, kind in asked])
    taken = [(each, kind) for (each, kind), rows in zip(asked, answers, strict=True) if rows]
    for each, kind in islice(taken, SHOWN):
        yield _about(
            company,
            PAGES.get(kind, Page.SETTINGS),
            "doctor.name_collision",
            Level.FAILED,
            Text(
                f"« {each.connection} » apporte {each.kind} « {each.name} », mais un {kind} porte déjà ce nom.",
                f"“{each.connection}” brings {each.kind} “{each.name}”, but a {kind} has that name already.",
            ),
            Text(
                "Renommez l'un des deux : QuickBooks ne garde qu'un nom pour clients, fournisseurs et employés.",
                "Rename one of the two: QuickBooks keeps one name for customers, vendors and employees together.",
            ),
        )


def _about(company: Company, page: Page, code: str, level: Level, text: Text, fix: Text) -> Finding:
    link = page_link(environment_of(company.environment), page, realm=company.realm)
    return Finding(code, level, text, fix, company.name, link)
