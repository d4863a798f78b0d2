"""What the connector says of itself: streams, roles, gates, limits and warnings."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

from raccord.plugin import (
    Answer,
    ByHand,
    ConnectorInfo,
    Contact,
    FileDays,
    GateInfo,
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
from raccord_taxdome.contract import CONTRACT, SERVICES
from raccord_taxdome.services import sold_as
from raccord_taxdome.settings import TaxDomeSettings
from raccord_taxdome.words import FACT_VALUES, FACTS

TERMS = TermTable.from_toml(files("raccord_taxdome").joinpath("terms.toml").read_text(encoding="utf-8"))
HELP = "https://help.taxdome.com"

_PLURALS = {
    "accounts": Text("Comptes", "Accounts"),
    "services": Text("Services", "Services"),
    "recurring": Text("Factures récurrentes", "Recurring invoices"),
    "invoices": Text("Factures", "Invoices"),
    "payments": Text("Paiements", "Payments"),
    "fees": Text("Frais", "Fees"),
    "refunds": Text("Remboursements", "Refunds"),
    "credits": Text("Crédits", "Credits"),
    "payouts": Text("Versements", "Payouts"),
}
_ROLES = (
    RoleInfo(
        "default_item",
        Text("Article de vente par défaut", "Default sales item"),
        Accepts.ITEM,
        help=Text(
            "Pour les services plus anciens que la connexion, les remboursements et les crédits promotionnels.",
            "For services older than the connection, refunds and promotional credits.",
        ),
    ),
    RoleInfo(
        "service_income",
        Text("Compte de revenu de service", "Service income account"),
        Accepts.INCOME,
        help=Text(
            "Les articles des services créés après la connexion y sont comptabilisés.",
            "Items of services created after the connection post there.",
        ),
        required=False,
        default=NewObject(Text("Revenus de services", "Service Income"), "Income", "ServiceFeeIncome"),
    ),
    RoleInfo(
        "undeposited",
        Text("Fonds non déposés", "Undeposited funds"),
        Accepts.CLEARING,
        subtype="UndepositedFunds",
        required=False,
    ),
    RoleInfo(
        "clearing",
        Text("Compte de passage TaxDome", "TaxDome clearing account"),
        Accepts.BANK,
        required=False,
        default=NewObject(Text("Passage TaxDome", "TaxDome Clearing"), "Bank", "Checking"),
        help=Text(
            "Si les paiements y arrivent : il revient à zéro après chaque versement.",
            "If payments land there: it is zero again after each payout.",
        ),
    ),
    RoleInfo(
        "payout_bank",
        Text("Compte bancaire qui reçoit les versements", "Bank account that receives the payouts"),
        Accepts.BANK,
    ),
    RoleInfo(
        "fees",
        Text("Frais de traitement des paiements", "Payment-processing fees"),
        Accepts.EXPENSE,
        required=False,
        default=NewObject(Text("Frais de traitement TaxDome", "TaxDome Processing Fees"), "Expense", "BankCharges"),
    ),
    RoleInfo(
        "customer_type",
        Text("Type des nouveaux clients", "Type of new customers"),
        Accepts.CUSTOMER_TYPE,
        required=False,
        found_as=("Particulier", "Individual"),
        help=Text(
            "Un compte nouvellement synchronisé le reçoit, si QuickBooks a ce type ; aucun type n’est créé.",
            "A newly synced account gets it where QuickBooks has that type; no type is made.",
        ),
    ),
    RoleInfo(
        "tax_taxable",
        Text("Taxe QuickBooks des lignes taxables", "QuickBooks tax of taxable lines"),
        Accepts.TAX_CODE,
        required=False,
        help=Text("Sans réponse, une facture avec taxe attend.", "Without an answer an invoice with tax waits."),
    ),
    RoleInfo(
        "tax_named",
        Text("Taxe QuickBooks d’une taxe de TaxDome", "QuickBooks tax of one tax of TaxDome"),
        Accepts.TAX_CODE,
        required=False,
        same_as="tax_taxable",
        instances=True,
        help=Text(
            "Si une taxe n’est pas celle de toutes les lignes taxables : son nom comme TaxDome l’écrit, plusieurs "
            "ensemble comme « TPS + TVQ ».",
            "Where a tax is not that of all taxable lines: its name as TaxDome writes it, several together as "
            "“TPS + TVQ”.",
        ),
    ),
    RoleInfo(
        "class",
        Text("Classe QuickBooks d’une classe de TaxDome", "QuickBooks class of a class of TaxDome"),
        Accepts.CLASS,
        required=False,
        instances=True,
        found_by_instance=True,
    ),
    RoleInfo(
        "location",
        Text("Lieu QuickBooks d’un lieu de TaxDome", "QuickBooks location of a location of TaxDome"),
        Accepts.LOCATION,
        required=False,
        instances=True,
        found_by_instance=True,
    ),
    RoleInfo(
        "tax_exempt",
        Text("Taxe QuickBooks des lignes non taxables", "QuickBooks tax of non-taxable lines"),
        Accepts.TAX_CODE,
        required=False,
        help=Text("Inutile aux États-Unis.", "Not needed in the United States."),
    ),
)
_GATES = (
    GateInfo(
        name="scope",
        before=Stage.COMPANY,
        title=Text("Les comptes et la date de synchronisation", "The accounts and the sync date"),
        why=Text(
            "Ils se choisissent avant d’entrer vos identifiants QuickBooks.",
            "They are chosen before you enter your QuickBooks credentials.",
        ),
        how=Text(
            "Seulement les comptes avec factures ou paiements, ou tous ; les factures et paiements datés de ce jour ou "
            "après.",
            "Only accounts with invoices or payments, or all; invoices and payments dated on this day or after.",
        ),
        settings=("accounts",),
        first_day=True,
    ),
)
_LIMITS = (
    Text(
        "TaxDome offre sa liaison comptable avec le forfait TaxDome Pro seulement ; ce forfait n’est pas offert en "
        "Europe. Le passage au forfait Pro est possible en tout temps.",
        "TaxDome has its accounting link for TaxDome Pro plans only; that plan is not offered in Europe. You can "
        "upgrade to Pro at any time.",
    ),
    Text(
        "Seul le patron du cabinet peut relier QuickBooks ; lui et les administrateurs changent les réglages.",
        "Only the firm owner may link QuickBooks; the owner and admins change the settings.",
    ),
    Text(
        "Les services créés avant la connexion ne deviennent pas des articles : leurs lignes vont à l’article de vente "
        "par défaut, sauf réglage contraire.",
        "Services created before the connection do not become items: their lines go to the default sales item, unless "
        "the settings say otherwise.",
    ),
    Text(
        "La taxe de vente vient telle quelle pour les cabinets des États-Unis dont QuickBooks a la taxe automatisée ; "
        "les autres disent une fois quelle taxe QuickBooks elle est, ou la laissent de côté.",
        "Sales tax comes as it is for firms in the United States whose QuickBooks has automated sales tax; others say "
        "once which QuickBooks tax it is, or leave it out.",
    ),
    Text(
        "Un compte renommé dans TaxDome ne renomme pas le client de QuickBooks.",
        "An account renamed in TaxDome does not rename the customer of QuickBooks.",
    ),
)
_WARNINGS = (
    Text(
        "TaxDome n’offre pas d’interface publique : ce connecteur lit des fichiers, une adresse ou des messages signés "
        "qui suivent notre contrat publié. Rien n’est lu dans vos écrans.",
        "TaxDome has no public interface: this connector reads files, an address or signed messages that follow our "
        "published contract. Nothing is read from your screens.",
    ),
    Text(
        "Si un client paie dans QuickBooks et que vous notez le même paiement dans TaxDome, décochez « synchroniser ce "
        "paiement » : il serait compté deux fois.",
        "If a client pays in QuickBooks and you note the same payment in TaxDome, untick “sync this payment”: it would "
        "count twice.",
    ),
    Text(
        "Relier une autre société QuickBooks est irréversible : comptes, factures et paiements y sont proposés de "
        "nouveau, dans un plan.",
        "Connecting another QuickBooks company is irreversible: accounts, invoices and payments are offered to it "
        "again, in a plan.",
    ),
)
_BY_HAND = (
    ByHand(
        name="sync_payment",
        stream="payments",
        code="taxdome.payment_left_out",
        setting="synced",
        label=Text("Synchroniser ce paiement", "Sync this payment"),
        consequence=Text(
            "Il part avec la prochaine synchronisation, ses remboursements aussi. S’il est déjà dans QuickBooks, il y "
            "serait deux fois.",
            "It goes with the next run, its refunds too. If it is in QuickBooks already, it would be there twice.",
        ),
    ),
    ByHand(
        name="sync_account",
        stream="accounts",
        setting="unsynced",
        takes=True,
        label=Text("Synchroniser ce compte de nouveau", "Sync this account again"),
        consequence=Text(
            "Ce qui était resté dehors de ce compte vient avec la prochaine synchronisation, une seule fois.",
            "What stayed out of this account comes with the next run, once.",
        ),
    ),
    ByHand(
        name="select_account",
        stream="accounts",
        code="taxdome.account_not_selected",
        setting="selected",
        label=Text("Synchroniser ce compte aussi", "Sync this account too"),
        consequence=Text(
            "Il s’ajoute aux comptes choisis ; ses factures et paiements viennent avec la prochaine synchronisation.",
            "It joins the selected accounts; its invoices and payments come with the next run.",
        ),
    ),
    ByHand(
        name="unsync_account",
        stream="accounts",
        setting="unsynced",
        label=Text("Désynchroniser ce compte", "Unsync this account"),
        consequence=Text(
            "Ses factures, paiements et remboursements qui ne sont pas encore écrits restent dehors. Ce qui est dans "
            "QuickBooks y reste ; défaites-le à part s’il le faut.",
            "Its invoices, payments and refunds that are not written yet stay out. What is in QuickBooks stays there; "
            "undo it apart if you must.",
        ),
    ),
)
_ANSWERS = (
    Answer(
        Text("Que veut dire chaque état ?", "What does each status mean?"),
        Text(
            "Synchronisé : dans QuickBooks, le lien l’ouvre. En cours : dans le plan, pas encore écrit. Non "
            "synchronisé : attend votre réponse. Ignoré : laissé de côté, la raison est dite. Échec : un problème à "
            "corriger, à relier à la main ou à ignorer.",
            "Synced: in QuickBooks, the link opens it. Syncing: in the plan, not written yet. Not synced: waits for "
            "your answer. Skipped: left out, the reason is said. Failed: a problem to fix, link by hand or skip.",
        ),
    ),
    Answer(
        Text("Que se passe-t-il si je désynchronise un compte ?", "What follows when I unsync an account?"),
        Text(
            "Le patron ou un administrateur peut le faire. Ce qui n’est pas encore écrit de ce compte reste dehors, "
            "paiements et remboursements aussi ; ce qui est dans QuickBooks y reste. Synchronisé de nouveau, rien "
            "n’est doublé.",
            "The owner or an admin may. What is not written of that account yet stays out, payments and refunds too; "
            "what is in QuickBooks stays there. Synced again, nothing is doubled.",
        ),
    ),
    Answer(
        Text("Une autre devise que celle de QuickBooks ?", "Another currency than QuickBooks'?"),
        Text(
            "Ses opérations attendent, avec la raison. La devise principale se choisit dans QuickBooks ; il peut "
            "aussi en tenir plusieurs.",
            "Its records are held, with the reason. The home currency is chosen in QuickBooks, which can keep several.",
        ),
    ),
)  # fmt: skip


def taxdome_info() -> ConnectorInfo:
    """Return the manifest."""
    return ConnectorInfo(
        name="taxdome",
        label=Text("TaxDome", "TaxDome"),
        summary=Text(
            "Comptes, services, factures, paiements, remboursements et frais de TaxDome.",
            "Accounts, services, invoices, payments, refunds and fees of TaxDome.",
        ),
        version=version("raccord-taxdome"),
        uploads={"input_kind": "upload"},
        file_bytes_max=FILE_BYTES_MAX,
        files_cover=FileDays(when={"input_kind": ("upload", "folder")}),
        streams=[
            StreamInfo(each.stream, _PLURALS[each.stream], sold_as if each.stream == SERVICES else None)
            for each in CONTRACT.objects
        ],
        questions={COLUMNS_ASKED: "columns"},
        settings=TaxDomeSettings,
        roles=_ROLES,
        gates=_GATES,
        terms=TERMS,
        limits=_LIMITS,
        warnings=_WARNINGS,
        answers=_ANSWERS,
        by_hand=_BY_HAND,
        dated={"tax": "tax_before", "landing": "landing_before"},
        hosts=("{base_url}",),
        contacts=(Contact(Text("Centre d’aide de TaxDome", "TaxDome's help centre"), url=HELP),),
        identity_setting="firm",
        webhooks=Webhooks.RECORDS,
        facts=FACTS,
        fact_values=FACT_VALUES,
        tile="Td",
        hue=28,
    )
