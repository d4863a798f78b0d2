"""What the connector says of itself before an expense moves."""

from __future__ import annotations

from importlib.resources import files

from raccord.plugin import (
    AtSource,
    ConnectorInfo,
    GateInfo,
    ListInfo,
    NewObject,
    RoleInfo,
    Stage,
    StreamInfo,
    TermTable,
    Text,
    Webhooks,
)
from raccord.plugin.drafts import Accepts
from raccord_pleo.lists import ACCOUNTS, TAX_CODES, VENDORS
from raccord_pleo.mapping import BANK, CATEGORY, CLASSES, FUNDING, PAYABLE, POCKET, PROJECTS, TAX
from raccord_pleo.records import ENTRIES
from raccord_pleo.settings import PleoSettings
from raccord_pleo.words import FACTS

VERSION = "0.1.0"


ROLES = (
    RoleInfo(
        BANK,
        Text("Compte bancaire de Pleo", "Pleo's bank account"),
        Accepts.BANK,
        help=Text(
            "Le compte QuickBooks créé pour Pleo seul, par exemple « Banque Pleo », numéro 512 Banques.",
            "The QuickBooks account made for Pleo alone, for instance “Banque Pleo”, number 512 Banques.",
        ),
        proposal=NewObject(Text("Banque Pleo", "Banque Pleo"), number="512 Banques"),
        alone=True,
    ),
    RoleInfo(
        POCKET,
        Text("Compte pour les dépenses Pleo Pocket", "Account for Pleo Pocket expenses"),
        Accepts.BANK,
        help=Text(
            "Un second compte bancaire : son solde est ce que la société doit aux employés.",
            "A second bank account: its balance is what the company owes its employees.",
        ),
        proposal=NewObject(Text("Pleo Pocket", "Pleo Pocket")),
        alone=True,
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
        instances=True,
        help=Text(
            "Seulement pour les catégories que Pleo n'a pas reçues des comptes de QuickBooks.",
            "Only for the categories that Pleo did not receive from QuickBooks' accounts.",
        ),
    ),
    RoleInfo(TAX, Text("Code de taxe de Pleo", "Pleo tax code"), Accepts.TAX_CODE, required=False, instances=True),
    RoleInfo(
        PAYABLE,
        Text("Comptes fournisseurs, pour un paiement revenu", "Accounts payable, for a payment that came back"),
        Accepts.PAYABLE,
        required=False,
        subtype="AccountsPayable",
    ),
)
GATES = (
    GateInfo(
        name="account_first",
        before=Stage.COMPANY,
        title=Text("Un compte bancaire pour Pleo seul.", "A bank account for Pleo alone."),
        why=Text(
            "Ce qui part de Pleo est écrit sur ce compte et sur aucun autre.",
            "What leaves Pleo is posted on this account and on no other.",
        ),
        how=Text(
            "Dans QuickBooks, « Plan comptable », « Nouveau » : numéro 512 Banques, nom Banque Pleo, un code journal "
            "s'il y en a, « Enregistrer et fermer ». Ou cochez ici, et l'étape des comptes l'ajoutera avec vous.",
            "In QuickBooks, Chart of accounts, New: number 512 Banques, name Banque Pleo, a journal code if there are "
            "any, Save and close. Or tick this, and the step of the accounts adds it with you.",
        ),
    ),
    GateInfo(
        name="account_chosen",
        before=Stage.MAPPING,
        roles=(BANK,),
        title=Text("Le compte de Pleo est choisi.", "Pleo's account is chosen."),
        why=Text("Rien n'est exporté avant.", "Nothing is exported before."),
        how=Text("Choisissez-le à l'étape des comptes.", "Choose it at the step of the accounts."),
    ),
    GateInfo(
        name="categories",
        before=Stage.PLAN,
        title=Text("Les catégories de Pleo sont alignées.", "Pleo's categories are aligned."),
        why=Text(
            "Une dépense dont la catégorie n'a pas de compte attend une personne.",
            "An expense whose category has no account waits for a person.",
        ),
        how=Text(
            "Dans Pleo, « Comptabilité », donnez à chaque compte de dépense un nom que vos employés comprennent.",
            "In Pleo, Accounting, give each expense account a name that your employees understand.",
        ),
    ),
)
"""In the order of PO-16: the account, then the connection, then its choice, then the categories."""
EXPORTED = Text(
    "Un export ne se reprend pas dans Pleo ; ce qu’il a écrit dans QuickBooks se défait ici. Exportée de nouveau, une "
    "dépense n’est pas écrite deux fois.",
    "An export cannot be reverted in Pleo; what it posted in QuickBooks can be undone here. Exported again, an expense "
    "is not posted twice.",
)
"""What Pleo says of its exports, and what is true of them here (EX-14, EX-15)."""
STAGES = {
    AtSource.FREE: Text("Non exportée (modifiable)", "Unexported (editable)"),
    AtSource.QUEUED: Text("File d’export (verrouillée)", "Export queue (locked)"),
    AtSource.TAKEN: Text("Exportée (verrouillée, exportable de nouveau)", "Exported (locked, can be exported again)"),
}
"""Pleo's three stages of an export (EX-14)."""
LISTS = tuple(
    ListInfo(name=name, label=label, kinds=(kind,), every_run=True)
    for name, kind, label in (
        (ACCOUNTS, "Account", Text("Comptes de dépense", "Expense accounts")),
        (TAX_CODES, "TaxCode", Text("Codes de taxe", "Tax codes")),
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
        streams=(
            StreamInfo(ENTRIES, Text("Dépenses exportées", "Exported expenses"), note=EXPORTED, at_source=STAGES),
        ),
        settings=PleoSettings,
        roles=ROLES,
        lists=LISTS,
        gates=GATES,
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
            EXPORTED,
            Text(
                "Rien n'arrive sans un export lancé dans Pleo ; un export dont personne ne s'occupe expire.",
                "Nothing arrives without an export started in Pleo; an export that nobody works at expires.",
            ),
            Text(
                "Le paiement d'une facture règle une facture que Pleo a exportée aussi ; sinon il n'est pas écrit.",
                "An invoice's payment settles an invoice that Pleo exported too; otherwise it is not posted.",
            ),
            Text(
                "Par les comptes fournisseurs, un achat est une facture et son paiement, et demande un fournisseur ; "
                "l'argent rendu et ce que les employés avancent échouent et le disent : pour eux, gardez dans Pleo la "
                "méthode « écriture de journal ».",
                "By accounts payable, a purchase is a bill and its payment, and needs a vendor; money that came back "
                "and what employees advance fail and say so: for these, keep the journal entry method at Pleo.",
            ),
            Text(
                "Les taux de TVA activés dans QuickBooks (« TVA », « Modifier la TVA ») sont ceux que Pleo reçoit.",
                "The tax rates that are on in QuickBooks (Taxes, Edit) are those that Pleo receives.",
            ),
            Text(
                "Dans Pleo, page « Comptabilité », « Libellé » : vos projets de QuickBooks s’y rattachent.",
                "In Pleo, page Accounting, Tags: your QuickBooks projects are tied to tags there.",
            ),
        ),
        identity_setting="company_id",
        facts=FACTS,
        tile="Pe",
        hue=345,
    )
