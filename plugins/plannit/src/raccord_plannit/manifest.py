"""What the connector says of itself: streams, roles, lists, gates, limits and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from importlib.resources import files

from raccord.plugin import (
    JSON,
    ConnectorInfo,
    Contact,
    FileDays,
    GateInfo,
    ListInfo,
    Mode,
    NewObject,
    RoleInfo,
    Stage,
    StreamInfo,
    TermTable,
    Text,
    Webhooks,
)
from raccord.plugin.contract import COLUMNS_ASKED, FILE_BYTES_MAX
from raccord.plugin.drafts import Accepts
from raccord_plannit.contract import CONTRACT, PAYMENTS
from raccord_plannit.settings import PlannitSettings
from raccord_plannit.words import FACT_VALUES

TERMS = TermTable.from_toml(files("raccord_plannit").joinpath("terms.toml").read_text(encoding="utf-8"))
CONTACT_LIST = "contacts"
ITEM_LIST = "items"
TAG = "Avant importation QuickBooks"
"""As Plannit's page words it; a tag of theirs, so in one language."""
HELP = "https://aide.plannit.io"

_PLURALS = {
    "contacts": Text("Contacts", "Contacts"),
    "items": Text("Produits et services", "Products & services"),
    "tax_groups": Text("Groupes de taxes", "Tax groups"),
    "invoices": Text("Factures", "Invoices"),
    "credits": Text("Crédits promotionnels", "Promotional credits"),
    "payments": Text("Paiements et avances", "Payments and advances"),
    "refunds": Text("Remboursements", "Refunds"),
    "payouts": Text("Versements Plannit Pay", "Plannit Pay payouts"),
}
_REFUND = Text(
    "Pour rembourser, annulez le paiement dans Plannit et ajoutez-en un autre du bon montant.",
    "To refund, void the payment in Plannit and add another one of the right amount.",
)
_PAID_BACK = Text(
    f"{_REFUND.fr} L’annulé est vidé dans QuickBooks et sa facture redevient due ; l’autre est écrit à son tour.",
    f"{_REFUND.en} The voided one is emptied in QuickBooks and its invoice is due again; the other is posted in turn.",
)
_NOTES = {PAYMENTS: _PAID_BACK}
"""What stands beside a payment that somebody wants to pay back (EX-03)."""


def taxes_of(item: Mapping[str, JSON]) -> list[tuple[str, str]]:
    """Return the tax that a line of an item bears: that of its group, or the one of lines without tax (PL-22)."""
    if item.get("taxable") is False:
        return [("tax_exempt", "")]
    return [("tax_group", str(item.get("tax_group_id") or ""))]


_ROLES = (
    RoleInfo(
        "tax_taxable",
        Text("Taxe QuickBooks des lignes taxables", "QuickBooks tax of taxable lines"),
        Accepts.TAX_CODE,
        help=Text("Par exemple TPS/TVQ QC.", "For example GST/QST QC."),
    ),
    RoleInfo(
        "tax_exempt",
        Text("Taxe QuickBooks des lignes non taxables", "QuickBooks tax of non-taxable lines"),
        Accepts.TAX_CODE,
        help=Text("Par exemple Exonéré ou Détaxé.", "For example Exempt or Zero-rated."),
    ),
    RoleInfo(
        "default_item",
        Text("Article QuickBooks par défaut", "Default QuickBooks item"),
        Accepts.ITEM,
        help=Text(
            "Sert quand un article de Plannit n’est pas lié, par exemple « Revenus Autres ».",
            "Used when a Plannit item is not linked, for example “Other Income”.",
        ),
    ),
    RoleInfo(
        "deposit_bank",
        Text("Compte bancaire de tous les dépôts", "Bank account of all deposits"),
        Accepts.BANK,
        help=Text(
            "Chaque paiement et chaque avance y paraît dans le grand livre de QuickBooks.",
            "Each payment and each advance appears there in QuickBooks' ledger.",
        ),
    ),
    RoleInfo(
        "item",
        Text("Item lié à QuickBooks", "Item linked to QuickBooks"),
        Accepts.ITEM,
        required=False,
        same_as="default_item",
        from_list=ITEM_LIST,
        of_stream="items",
        needs=(
            ("unit", Text("unité de mesure", "unit of measure")),
            ("sale_price", Text("prix", "price")),
        ),
        lines_use=taxes_of,
    ),
    RoleInfo(
        "tax_group",
        Text("Taxe d’un autre groupe de taxes", "Tax of another tax group"),
        Accepts.TAX_CODE,
        required=False,
        same_as="tax_taxable",
    ),
    RoleInfo(
        "fees",
        Text("Frais de Plannit Pay", "Plannit Pay fees"),
        Accepts.EXPENSE,
        required=False,
        default=NewObject(Text("Frais Plannit Pay", "Plannit Pay Fees"), "Expense", "BankCharges"),
    ),
)
_FOUR = ("tax_taxable", "tax_exempt", "default_item", "deposit_bank")
_NOT_TWICE = Text(
    "Plannit tourne déjà : n’importez pas les produits, ils seraient en double. Liez-les plutôt un à un.",
    "Plannit is running already: do not import the products, they would be doubled. Link them one by one instead.",
)
_LISTS = (
    ListInfo(name=CONTACT_LIST, label=Text("Contacts", "Contacts"), kinds=("Customer",), of_stream="contacts", tag=TAG),
    ListInfo(
        name=ITEM_LIST,
        label=Text("Produits et services", "Products & services"),
        kinds=("Item",),
        modes=frozenset({Mode.FIRST_TIME}),
        refusal=_NOT_TWICE,
    ),
)
_CATALOGUE = Text(
    "Chaque article demande une unité de mesure, un prix et un compte de revenu ; une catégorie ne porte pas le nom "
    "d’un produit.",
    "Each item needs a unit of measure, a price and an income account; a category must not bear a product's name.",
)
_GATES = (
    GateInfo(
        name="tax_groups",
        before=Stage.COMPANY,
        title=Text("Les groupes de taxes existent dans Plannit", "The tax groups exist in Plannit"),
        why=Text(
            "Sans groupe de taxes, les factures arriveraient sans TPS ni TVQ.",
            "Without a tax group, invoices would arrive without GST and QST.",
        ),
        how=Text(
            "Dans Plannit : Gérer les paramètres de factures, section « Paramètres des factures ». Confirmez ici "
            "qu’ils y sont, ou que vous ne percevez aucune taxe : votre réponse est consignée.",
            "In Plannit: manage the invoice settings, section “Paramètres des factures”. Confirm here that they are "
            "there, or that you charge no tax: your answer is recorded.",
        ),
        link=HELP,
        seen_in="tax_groups",
    ),
    GateInfo(
        name="catalogue_created",
        before=Stage.COMPANY,
        title=Text(
            "La liste des produits et services est créée ou validée dans QuickBooks",
            "The products & services list is created or validated in QuickBooks",
        ),
        why=_CATALOGUE,
        how=Text(
            "Ouvrez la liste dans QuickBooks, complétez-la, puis confirmez.",
            "Open the list in QuickBooks, complete it, then confirm.",
        ),
        modes=frozenset({Mode.FIRST_TIME}),
        link="https://quickbooks.intuit.com/learn-support/fr-ca",
    ),
    GateInfo(
        name="catalogue_validated",
        before=Stage.COMPANY,
        title=Text(
            "La liste des produits et services est validée dans QuickBooks",
            "The products & services list is validated in QuickBooks",
        ),
        why=_CATALOGUE,
        how=Text(
            "Ouvrez la liste dans QuickBooks, vérifiez-la, puis confirmez.",
            "Open the list in QuickBooks, check it, then confirm.",
        ),
        modes=frozenset({Mode.ALREADY_RUNNING}),
        link="https://quickbooks.intuit.com/learn-support/fr-ca",
    ),
    GateInfo(
        name="well_configured",
        before=Stage.LISTS,
        title=Text("Suis-je bien configuré ?", "Am I well configured?"),
        why=Text(
            "L’importation des contacts et des produits ne paraît qu’une fois les quatre choix faits.",
            "The import of contacts and products appears only once the four choices are made.",
        ),
        how=Text(
            "Choisissez la taxe des lignes taxables, celle des lignes non taxables, l’article par défaut et le compte "
            "bancaire.",
            "Choose the tax of taxable lines, that of non-taxable lines, the default item and the bank account.",
        ),
        roles=_FOUR,
    ),
)
_LIMITS = (
    Text(
        "De Plannit vers QuickBooks seulement : aucune vente n’est relue dans Plannit.",
        "From Plannit to QuickBooks only: no sale is ever read back into Plannit.",
    ),
    Text(
        "Seules les factures numérotées sont envoyées ; une ébauche ne part jamais.",
        "Only numbered invoices are sent; a draft never goes.",
    ),
    _REFUND,
)
_WARNINGS = (
    Text(
        "Plannit n’offre pas d’interface publique : ce connecteur lit des fichiers, une adresse ou des messages signés "
        "qui suivent notre contrat publié. Rien n’est lu dans vos écrans.",
        "Plannit has no public interface: this connector reads files, an address or signed messages that follow our "
        "published contract. Nothing is read from your screens.",
    ),
    Text(
        "Les groupes de taxes doivent exister dans Plannit avant l’intégration.",
        "The tax groups must exist in Plannit before the integration.",
    ),
    Text(
        "Si Plannit tourne déjà : les factures créées avant l’intégration ne peuvent pas être transférées à "
        "QuickBooks.",
        "If Plannit is running already: invoices created before the integration cannot be transferred to QuickBooks.",
    ),
    Text(
        "Si Plannit tourne déjà : l’importation des contacts, facultative, peut créer des doublons. Donnez d’abord "
        "l’étiquette « Avant importation QuickBooks » aux contacts existants.",
        "If Plannit is running already: the import of contacts, which is optional, may create duplicates. Tag the "
        "contacts that are there “Avant importation QuickBooks” first.",
    ),
    Text(
        "Ne reliez pas aussi QuickBooks dans Plannit même (Paramètres, Comptabilité, « Connecter un système de "
        "comptable », « QuickBooks en ligne », « Connecter ») : tout serait écrit deux fois.",
        "Do not connect QuickBooks in Plannit itself too (Paramètres, Comptabilité, “Connecter un système de "
        "comptable”, “QuickBooks en ligne”, “Connecter”): everything would be posted twice.",
    ),
)


def plannit_info() -> ConnectorInfo:
    """Return the manifest."""
    return ConnectorInfo(
        name="plannit",
        label=Text("Plannit", "Plannit"),
        summary=Text(
            "Factures, paiements, avances, annulations et crédits de Plannit, en temps réel.",
            "Invoices, payments, advances, voids and credits of Plannit, in real time.",
        ),
        version=version("raccord-plannit"),
        uploads={"input_kind": "upload"},
        file_bytes_max=FILE_BYTES_MAX,
        files_cover=FileDays(when={"input_kind": ("upload", "folder")}),
        streams=[
            StreamInfo(each.stream, _PLURALS[each.stream], note=_NOTES.get(each.stream)) for each in CONTRACT.objects
        ],
        questions={COLUMNS_ASKED: "columns"},
        settings=PlannitSettings,
        roles=_ROLES,
        lists=_LISTS,
        gates=_GATES,
        terms=TERMS,
        limits=_LIMITS,
        warnings=_WARNINGS,
        hosts=("{base_url}",),
        contacts=(Contact(Text("Centre d’aide de Plannit", "Plannit's help centre"), url=HELP),),
        identity_setting="account",
        webhooks=Webhooks.RECORDS,
        fact_values=FACT_VALUES,
        tile="Pl",
        hue=160,
    )
