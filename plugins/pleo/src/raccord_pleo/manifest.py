"""What the connector says of itself before an expense moves."""

from __future__ import annotations

from importlib.resources import files

from raccord.plugin import ConnectorInfo, ListInfo, RoleInfo, StreamInfo, TermTable, Text, Webhooks
from raccord.plugin.drafts import Accepts
from raccord_pleo.lists import ACCOUNTS, TAX_CODES, VENDORS
from raccord_pleo.mapping import BANK, CATEGORY, CLASSES, FUNDING, PAYABLE, POCKET, PROJECTS, TAX
from raccord_pleo.records import ENTRIES
from raccord_pleo.settings import PleoSettings

VERSION = "0.1.0"


ROLES = (
    RoleInfo(
        BANK,
        Text("Compte bancaire de Pleo", "Pleo's bank account"),
        Accepts.BANK,
        help=Text(
            "Le compte QuickBooks créé pour Pleo seul, par exemple « Banque Pleo », numéro 512.",
            "The QuickBooks account made for Pleo alone, for instance “Banque Pleo”, number 512.",
        ),
    ),
    RoleInfo(
        POCKET,
        Text("Compte pour les dépenses Pleo Pocket", "Account for Pleo Pocket expenses"),
        Accepts.BANK,
        help=Text(
            "Un second compte bancaire : son solde est ce que l'entreprise doit aux employés.",
            "A second bank account: its balance is what the company owes its employees.",
        ),
    ),
    RoleInfo(
        FUNDING,
        Text("Compte qui alimente Pleo", "Account that feeds Pleo"),
        Accepts.BANK,
        help=Text(
            "Le compte bancaire d'où partent les versements vers Pleo.",
            "The bank account that money for Pleo leaves from.",
        ),
    ),
    RoleInfo(
        CATEGORY,
        Text("Catégorie de Pleo", "Pleo category"),
        Accepts.CATEGORY,
        required=False,
        help=Text(
            "Seulement pour les catégories que Pleo n'a pas reçues des comptes de QuickBooks.",
            "Only for the categories that Pleo did not receive from QuickBooks' accounts.",
        ),
    ),
    RoleInfo(TAX, Text("Code de taxe de Pleo", "Pleo tax code"), Accepts.TAX_CODE),
    RoleInfo(
        PAYABLE,
        Text("Comptes fournisseurs, pour un paiement revenu", "Accounts payable, for a payment that came back"),
        Accepts.PAYABLE,
        required=False,
        subtype="AccountsPayable",
    ),
)
LISTS = tuple(
    ListInfo(name=name, label=label, kinds=(kind,), every_run=True)
    for name, kind, label in (
        (ACCOUNTS, "Account", Text("Comptes de dépense", "Expense accounts")),
        (TAX_CODES, "TaxCode", Text("Taux de TVA actifs", "Active tax rates")),
        (VENDORS, "Vendor", Text("Fournisseurs", "Vendors")),
        (CLASSES, "Class", Text("Classes, en étiquettes", "Classes, as tags")),
        (PROJECTS, "Customer", Text("Projets, en libellés", "Projects, as tags")),
    )
)


def manifest() -> ConnectorInfo:
    """Return the manifest; reads the term table that ships with the connector."""
    terms = TermTable.from_toml((files("raccord_pleo") / "terms.toml").read_text(encoding="utf-8"))
    return ConnectorInfo(
        name="pleo",
        label=Text("Pleo", "Pleo"),
        summary=Text(
            "Reçoit les dépenses que vous exportez dans Pleo, avec leurs justificatifs, et répond à chacune.",
            "Receives the expenses that you export in Pleo, with their receipts, and answers each of them.",
        ),
        version=VERSION,
        streams=(StreamInfo(ENTRIES, Text("Dépenses exportées", "Exported expenses")),),
        settings=PleoSettings,
        roles=ROLES,
        lists=LISTS,
        terms=terms,
        hosts=(
            "external.pleo.io",
            "external.staging.pleo.io",
            "auth.pleo.io",
            "auth.staging.pleo.io",
            "{address}",
            "{auth_address}",
            "{receipts_address}",
        ),
        signs_in={"way": ("oauth",)},
        webhooks=Webhooks.NOTICES,
        limits=(
            Text(
                "Rien n'arrive sans un export lancé dans Pleo ; un export dont personne ne s'occupe expire.",
                "Nothing arrives without an export started in Pleo; an export that nobody works at expires.",
            ),
            Text(
                "Le paiement d'une facture règle une facture que Pleo a exportée aussi ; sinon il n'est pas écrit.",
                "An invoice's payment settles an invoice that Pleo exported too; otherwise it is not posted.",
            ),
        ),
        identity_setting="company_id",
        tile="PL",
        hue=345,
    )
