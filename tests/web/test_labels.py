"""Every requirement whose source page gives a label, and where we show that very label, in French (issue 5, line 3).

A place is the key of a page's text, ``name:`` and a connector that says it, ``sandbox:`` and the key of a text of the
sandbox's windows, or ``"literal"`` for a word that stands in a template as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import raccord_chase
import raccord_plannit
import raccord_pleo
import raccord_taxdome
from raccord.onboarding.connecting.switching import WORDS
from raccord.plugin import ConnectorInfo
from raccord.plugin.texts import Text
from raccord.quickbooks.kinds import kind_named
from raccord_plannit.manifest import TAG
from raccord_sandbox.window.texts import TEXTS
from raccord_web.words.wording import wording

ROWS = {"BF": 24, "PL": 36, "TD": 56, "CH": 75, "PO": 17}
"""How many requirements each source page gives: 208."""

LABELS: dict[str, list[tuple[str, str]]] = {
    "BF-06": [("Banque", "review.tab_open"), ("Opérations", "shell.records")],
    "BF-07": [("Connexion au compte", "connect.first"), ("Ajouter un compte", "connect.another")],
    "BF-10": [("Continuer", "wizard.next")],
    "BF-14": [
        ("+ Ajouter", "wizard.account_add"),
        ("Compte bancaire", "account_types.bank"),
        ("Caisse", "account_types.cash"),
    ],
    "BF-15": [("+ Ajouter", "wizard.account_add")],
    "BF-16": [
        ("Type détaillé", "wizard.account_detail"),
        ("Épargne", "questions.add_savings"),
        ("Courant", "questions.add_checking"),
        ("Enregistrer et fermer", "questions.add_save"),
    ],
    "BF-17": [("Carte de paiement", "account_types.card"), ("Enregistrer et fermer", "questions.add_save")],
    "BF-19": [("Connecter", "doors.connect")],
    "BF-23": [("Modifier", "connection.edit"), ("Modifier les infos de connexion", "connection.edit_signin")],
    "PL-10": [
        ("Paramètres", "shell.settings"),
        ("Comptabilité", "doors.accounting"),
        ("Connecter un système de comptable", "doors.connect_system"),
        ("QuickBooks en ligne", "doors.quickbooks_online"),
        ("Connecter", "doors.connect"),
    ],
    "PL-17": [
        ("Suis-je bien configuré ?", "wizard.checks_title"),
        ("Contacts", "name:plannit"),
        ("Produits et services", "name:plannit"),
    ],
    "PL-18": [("Contacts", "name:plannit")],
    "PL-20": [("Produits et services", "name:plannit")],
    "PL-29": [(TAG, "name:plannit")],
    "PL-33": [("Item lié à QuickBooks", "name:plannit"), ("Enregistrer", "mapping.save")],
    "PL-36": [
        ("Savez-vous comment l’intégration {name} avec QuickBooks en ligne fonctionne ?", "wizard.how_works"),
        ("Avez-vous trouvé la réponse à votre question ?", "manual.found"),
    ],
    "TD-13": [("Facture", "name:taxdome"), ("Facture", "kinds.Invoice")],
    "TD-14": [("Fonds non déposés", "name:taxdome")],
    "TD-16": [("Frais de traitement des paiements", "name:taxdome"), ("Dépense", "kinds.Purchase")],
    "TD-17": [("Remboursement", "name:taxdome"), ("Reçu de remboursement", "kinds.RefundReceipt")],
    "TD-25": [("Particulier", "name:taxdome")],
    "TD-27": [
        ("Paramètres", "shell.settings"),
        ("Intégrations", "doors.integrations"),
        ("QuickBooks", '"literal"'),
        ("Se connecter à QuickBooks", "wizard.authorise"),
    ],
    "TD-28": [("Date de synchronisation", "doors.sync_date"), ("Continuer", "wizard.next")],
    "TD-29": [("Se connecter", "sandbox:sign_in")],
    "TD-30": [("Connecter", "sandbox:connect")],
    "TD-31": [("Synchronisez uniquement les comptes avec les factures ou les paiements", "name:taxdome")],
    "TD-32": [("Synchronisez tous les comptes", "name:taxdome")],
    "TD-33": [("Date de synchronisation", "doors.sync_date")],
    "TD-34": [("Intégrations", "doors.integrations"), ("Sauvegarder", "doors.save")],
    "TD-38": [("Compte de revenu de service", "name:taxdome")],
    "TD-44": [("Factures", "name:taxdome"), ("QuickBooks", '"literal"'), ("Synchronisé", "records.synced")],
    "TD-46": [("Connexion QuickBooks", "doors.linked"), ("DÉCONNECTER", "doors.disconnect")],
    "TD-52": [("ACCEPTER", "word"), ("Connecter un nouveau compte", "switch.go")],
    "CH-08": [("Compte bancaire", "name:chase")],
    "CH-09": [
        ("Compte de revenu pour les transactions de paiement par cartes", "name:chase"),
        ("Revenu Chase", "name:chase"),
    ],
    "CH-10": [
        ("Compte de dépenses pour le traitement des cartes et les frais de service", "name:chase"),
        ("Dépense Chase", "name:chase"),
    ],
    "CH-11": [("Client par défaut lors d’une vente", "name:chase"), ("Client Chase", "name:chase")],
    "CH-12": [("Taxe par défaut", "name:chase")],
    "CH-18": [("Se connecter à QuickBooks", "wizard.authorise")],
    "CH-26": [("Reçu de vente", "kinds.SalesReceipt")],
    "CH-27": [("Reçu de remboursement", "kinds.RefundReceipt")],
    "CH-28": [("Reçu de remboursement", "kinds.RefundReceipt")],
    "CH-29": [("Reçu de vente", "kinds.SalesReceipt")],
    "CH-35": [("QuickBooks", '"literal"'), ("Gérer", "connection.manage")],
    "CH-36": [("Gérer", "connection.manage")],
    "CH-37": [("Déconnecter", "connection.disconnect")],
    "CH-38": [("Foire aux questions", "help.faq"), ("Contactez-nous", "help.contact_us")],
    "CH-43": [("Gérer", "connection.manage"), ("Pause", "connection.pause")],
    "CH-47": [("Gérer", "connection.manage"), ("Reprendre", "connection.resume")],
    "CH-54": [("Modifier", "connection.edit"), ("Configuration/Mappage", "connection.accounts")],
    "CH-57": [("Prête pour la synchronisation", "problems.ready")],
    "CH-58": [("Résolue", "problems.resolved")],
    "CH-62": [("Gérer", "connection.manage"), ("Déconnecter", "connection.disconnect")],
    "PO-02": [("512 Banques", "name:pleo"), ("Banque Pleo", "name:pleo"), ("Code journal", "questions.add_journal")],
    "PO-03": [("Paramètres", "shell.settings"), ("Comptabilité", "doors.accounting"), ("Continuer", "wizard.next")],
    "PO-12": [("Compte pour les dépenses Pleo Pocket", "name:pleo")],
}

QUOTED: dict[str, tuple[list[str], str, str]] = {
    "PL-08": (
        ["Gérer les paramètres de factures", "Paramètres des factures"], "plannit",
        "A page of Plannit's help and its section: the gate tells where the tax groups are made.",
    ),
    "PL-10": (
        ["Connecter un système de comptable", "QuickBooks en ligne", "Connecter"], "plannit",
        "The same buttons in Plannit itself would switch its own integration on: everything would be posted twice.",
    ),
    "PL-15": (["Revenus Autres"], "plannit", "An example of an item's name; the item is one of the company's own."),
    "PL-29": ([TAG], "plannit", "The tag is Plannit's; the warning says which one before the import."),
    "PO-02": (
        ["Plan comptable", "Nouveau", "Enregistrer et fermer"], "pleo",
        "QuickBooks' own screen; the account can be added on our step of the accounts instead.",
    ),
    "PO-07": (["étiquettes"], "pleo", "Pleo's word for what mirrors classes and projects."),
    "PO-10": (["TVA", "Modifier la TVA"], "pleo", "QuickBooks' own screen, where rates are switched on and off."),
    "PO-11": (["Comptabilité", "Libellé"], "pleo", "Pleo's own screen, where projects are tied to tags."),
}  # fmt: skip
"""Labels of somebody else's screens that a sentence of ours quotes, and why they are no buttons of ours."""

NOT_OURS = {
    "PL-12": "« Suivant » stands in Intuit's window after its list of companies; we never draw it.",
    "PL-19": "The tab « Contacts » is Plannit's; our step of the lists shows both counts.",
    "PL-21": "« Paramètres », « Produits et services » are Plannit's pages; our step of the lists shows the prices.",
    "PL-31": "As PL-19.",
    "TD-12": "« Nom affiché » is QuickBooks' field; the table of terms says it inside the sentence.",
    "TD-15": "« Mémo de crédit » is a machine's translation; QuickBooks' French calls it « Note de crédit ».",
    "TD-18": "« Produit / Service revenu du compte » is a machine's translation of the item's income account.",
    "TD-19": "« Prix de vente / taux » is QuickBooks' field; the table of terms says « prix de l’article ».",
    "TD-20": "« SKU » is QuickBooks' field; the table of terms says « code (SKU) de l’article ».",
    "TD-22": "The tab « Infos » is TaxDome's profile of an account.",
    "TD-39": "« Produits et services », « Modifier », « Compte de revenu » are QuickBooks' screens.",
    "PO-04": "« Sauvegarder » is Pleo's; our step of the accounts ends with « Garder et continuer » for all.",
    "PO-17": "Pleo asks « Cet article a-t-il été utile ? »; our help asks PL-36's question, on every page the same.",
}
"""Labels of the source pages that we show nowhere as labels, and why."""

NO_LABEL: dict[str, str] = {
    "BF": "1-5 8-9 11-13 18 20-22 24",
    "PL": "1-7 9 11 13-14 16 22-28 30 32 34-35",
    "TD": "1-11 21 23-24 26 35-37 40-43 45 47-51 53-56",
    "CH": "1-7 13-17 19-25 30-34 39-42 44-46 48-53 55-56 59-61 63-75",
    "PO": "1 5-6 8-9 13-16",
}
"""Requirements whose source page names no button, menu, field or text of its own for them."""

ENGLISH = {
    "switch.go": "Connect new account",
    "records.draft_ready": "Ready to sync",
    "records.draft_resolved": "Resolved",
    "connection.edit_signin": "Edit sign-in info",
}

CONNECTORS: Mapping[str, ConnectorInfo] = {
    each.name: each
    for each in (
        raccord_chase.describe(),
        raccord_plannit.describe(),
        raccord_pleo.describe(),
        raccord_taxdome.describe(),
    )
}


def of_group(group: str) -> Iterator[str]:
    for part in NO_LABEL[group].split():
        first, _, last = part.partition("-")
        yield from (f"{group}-{number:02d}" for number in range(int(first), int(last or first) + 1))


def said(value: Any) -> Iterator[str]:
    """Yield every French text within a manifest, those of its settings among them."""
    match value:
        case Text():
            yield value.fr
        case str():
            yield value
        case type() if issubclass(value, BaseModel):
            for field in value.model_fields.values():
                yield from said(field.json_schema_extra)
        case Mapping():
            yield from (text for each in value.values() for text in said(each))
        case list() | tuple() | set() | frozenset():
            yield from (text for each in value for text in said(each))
        case _ if is_dataclass(value):
            yield from (text for each in fields(value) for text in said(getattr(value, each.name)))
        case _:
            pass


@cache
def texts_of(connector: str) -> frozenset[str]:
    return frozenset(plain(each) for each in said(CONNECTORS[connector]))


@cache
def templates() -> str:
    folder = files("raccord_web").joinpath("templates")
    return "".join(each.read_text("utf-8") for each in sorted(Path(str(folder)).rglob("*.html")))


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("'", "’")


def shown_at(place: str) -> frozenset[str]:
    """Return the texts of a place, after seeing that some page shows them."""
    if place == '"literal"':
        assert ">QuickBooks<" in templates()
        return frozenset({"QuickBooks"})
    if place == "word":
        return frozenset({WORDS["fr"]})
    kind, _, name = place.partition(":")
    if kind == "name":
        return texts_of(name)
    if kind == "sandbox":
        return frozenset({TEXTS["fr"][name]})
    if place.startswith("kinds."):
        assert "names.kind(" in templates()
        return frozenset({plain(kind_named(place.removeprefix("kinds."), "fr"))})
    by_code = any(f"t('{place[:end]}' ~" in templates() for end in range(1, len(place)))
    assert f"t('{place}'" in templates() or by_code, f"no page shows {place}"
    return frozenset({plain(wording("fr").texts[place])})


@pytest.mark.requirement("BF-06", "BF-07", "PL-10", "PL-36", "TD-27", "TD-46", "CH-12", "PO-12")
@pytest.mark.parametrize("row", LABELS)
def test_a_label_of_a_source_page_is_shown_to_the_letter(row: str) -> None:
    for label, place in LABELS[row]:
        assert plain(label) in shown_at(place), (label, place)


@pytest.mark.parametrize("row", QUOTED)
def test_a_label_that_would_lead_into_anothers_screens_is_quoted(row: str) -> None:
    labels, connector, why = QUOTED[row]
    assert why
    sentences = [each for each in texts_of(connector) if all(plain(label) in each for label in labels)]
    assert sentences, labels


def test_each_requirement_of_the_source_pages_is_accounted_for() -> None:
    told = set(LABELS) | set(QUOTED) | set(NOT_OURS)
    without = {row for group in NO_LABEL for row in of_group(group)}
    assert told & without == set()
    assert set(LABELS) & set(NOT_OURS) == set()
    every = {f"{group}-{number:02d}" for group, count in ROWS.items() for number in range(1, count + 1)}
    assert len(every) == 208
    assert (every - told - without, (told | without) - every) == (set(), set())


def test_the_english_of_the_labels_that_act_is_the_one_agreed() -> None:
    assert {key: wording("en").texts[key] for key in ENGLISH} == ENGLISH
    assert WORDS["en"] == "ACCEPT"
