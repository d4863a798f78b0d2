"""What the connector says of itself: streams, roles, limits, warnings and contacts."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

from raccord.plugin import Answer, ConnectorInfo, Contact, FileDays, NewObject, RoleInfo, StreamInfo, TermTable, Text
from raccord.plugin.drafts import Accepts
from raccord_chase.settings import ChaseSettings
from raccord_chase.timing import SUPPORT, delivery_of, reported_days
from raccord_chase.words import FACT_VALUES, FACTS

SALES = "sales"
REFUNDS = "refunds"
CHARGEBACKS = "chargebacks"
CHARGES = "charges"
SETTLEMENTS = "settlements"
REPORTS = "reports"
"""Which days the files tell of, also of days with no sale; posts nothing."""

STREAMS = (
    StreamInfo(SALES, Text("Ventes par carte", "Card sales")),
    StreamInfo(REFUNDS, Text("Remboursements", "Refunds")),
    StreamInfo(CHARGEBACKS, Text("Rétrofacturations", "Chargebacks")),
    StreamInfo(CHARGES, Text("Frais débités à part", "Charges debited apart")),
    StreamInfo(SETTLEMENTS, Text("Dépôts de règlement", "Settlement deposits")),
    StreamInfo(REPORTS, Text("Rapports reçus", "Reports received")),
)

TERMS = TermTable.from_toml(files("raccord_chase").joinpath("terms.toml").read_text(encoding="utf-8"))

_APART = Text(
    "Garder la valeur proposée tient les écritures de Chase à part des autres revenus.",
    "Keeping the suggested value keeps Chase's records apart from other income.",
)
_ROLES = (
    RoleInfo(
        "deposit_bank",
        Text("Compte bancaire", "Bank account"),
        Accepts.BANK,
        help=Text(
            "Le compte où arrivent les dépôts de Chase ; rien n’est choisi d’avance.",
            "The account that receives Chase's deposits; nothing is chosen beforehand.",
        ),
    ),
    RoleInfo(
        "income",
        Text(
            "Compte de revenu pour les transactions de paiement par cartes",
            "Income account for card payment transactions",
        ),
        Accepts.INCOME,
        default=NewObject(Text("Revenu Chase", "Chase Income"), "Income", "OtherPrimaryIncome"),
        keep_default=_APART,
    ),
    RoleInfo(
        "income_sales",
        Text("Revenu des ventes", "Income from sales"),
        Accepts.INCOME,
        same_as="income",
        keep_default=_APART,
    ),
    RoleInfo(
        "income_refunds",
        Text("Compte des remboursements", "Account of refunds"),
        Accepts.INCOME,
        same_as="income",
        keep_default=_APART,
    ),
    RoleInfo(
        "income_chargebacks",
        Text("Compte des rétrofacturations", "Account of chargebacks"),
        Accepts.INCOME,
        same_as="income",
        keep_default=_APART,
    ),
    RoleInfo(
        "fees",
        Text(
            "Compte de dépenses pour le traitement des cartes et les frais de service",
            "Expense account for card processing and service fees",
        ),
        Accepts.EXPENSE,
        default=NewObject(Text("Dépense Chase", "Chase Expense"), "Expense", "BankCharges"),
        keep_default=Text(
            "Garder la valeur proposée tient les frais de Chase à part des autres dépenses.",
            "Keeping the suggested value keeps Chase's fees apart from other expenses.",
        ),
    ),
    RoleInfo(
        "customer",
        Text("Client par défaut lors d’une vente", "Default customer of a sale"),
        Accepts.CUSTOMER,
        default=NewObject(Text("Client Chase", "Chase Customer")),
        keep_default=Text(
            "Garder la valeur proposée tient les ventes de Chase à part de celles des autres clients.",
            "Keeping the suggested value keeps Chase's sales apart from those of other customers.",
        ),
    ),
    RoleInfo(
        "tax",
        Text("Taxe par défaut", "Default tax"),
        Accepts.TAX_CODE,
        required=False,
        help=Text(
            "La taxe est comprise dans le montant de la carte : le reçu égale ce montant au centime.",
            "The tax is inside the card amount: the receipt equals that amount to the cent.",
        ),
    ),
    RoleInfo(
        "clearing",
        Text("Fonds non déposés", "Undeposited funds"),
        Accepts.CLEARING,
        subtype="UndepositedFunds",
    ),
)

_LIMITS = (
    Text(
        "Pour les clients de Chase Mobile Checkout-PLUS ou du terminal de point de vente Chase.",
        "For clients of Chase Mobile Checkout-PLUS or the Chase POS terminal.",
    ),
    Text("Sans frais supplémentaires.", "At no extra cost."),
    Text(
        "Un compte QuickBooks en ligne est nécessaire ; tous ses forfaits conviennent.",
        "A QuickBooks Online account is needed; every plan of it will do.",
    ),
    Text("QuickBooks Desktop n’est pas pris en charge.", "QuickBooks Desktop is not supported."),
    Text(
        "Cinq genres de données : ventes, remboursements, frais, rétrofacturations et dépôts de règlement.",
        "Five kinds of data: sales, refunds, fees, chargebacks and settlement deposits.",
    ),
    Text(
        "Une seule devise par connexion ; les lignes d’une autre devise sont refusées et montrées.",
        "One currency per connection; rows in another currency are refused and shown.",
    ),
    Text(
        "Les montants « conveyed » (Amex payé par un tiers) restent dans les fonds non déposés : "
        "Chase ne les dépose pas.",
        "Conveyed amounts (Amex paid by another party) stay in undeposited funds: Chase does not deposit them.",
    ),
)

_WARNINGS = (
    Text(
        "Chase n’offre pas d’interface publique : ce connecteur lit les fichiers de rapport (DFR) ou un fichier "
        "qui suit notre contrat publié.",
        "Chase has no public interface: this connector reads its report files (DFR) or a file that follows our "
        "published contract.",
    ),
    Text(
        "Demandez à Chase de masquer les numéros de carte (quatre derniers chiffres) dans les fichiers : nous les "
        "masquons à la lecture, mais le fichier reçu, chiffré, est gardé entier.",
        "Ask Chase to mask card numbers (last four digits) in the files: we mask them on reading, but the file itself "
        "is kept whole, encrypted.",
    ),
)

_ANSWERS = (
    Answer(
        Text("Quelles données sont partagées ?", "Which data is shared?"),
        Text(
            "Les ventes par cartes, les rétrofacturations, les remboursements, les frais et les dépôts de règlement, à "
            "la fin de chaque jour suivant. Une fois la connexion établie, il n’y a rien d’autre à faire.",
            "Card sales, chargebacks, refunds, fees and settlement deposits, at the end of each following day. Once "
            "the connection stands, nothing else has to be done.",
        ),
    ),
    Answer(
        Text("Puis-je suspendre le partage ?", "Can I pause sharing?"),
        Text(
            "Oui : QuickBooks, Gérer, Pause. Les données reprennent à compter du jour de la reprise ; celles de la "
            "pause restent dehors. Après un an, il faut autoriser de nouveau la connexion.",
            "Yes: QuickBooks, Manage, Pause. Data flows again from the day of resuming; that of the pause stays out. "
            "After one year the connection has to be authorised again.",
        ),
    ),
    Answer(
        Text("J’ai plusieurs entreprises Chase.", "I have several Chase businesses."),
        Text(
            "Chaque compte de commerçant se connecte, se suspend et se reprend seul, avec sa société QuickBooks.",
            "Each merchant account is connected, paused and resumed by itself, with a QuickBooks company of its own.",
        ),
    ),
    Answer(
        Text("La synchronisation d’une opération a échoué.", "A transaction failed to synchronise."),
        Text(
            "Vérifiez que les comptes, les clients et les taxes sont ceux de QuickBooks et sont actifs. Si tout semble "
            "correct, marquez-la « Prête pour la synchronisation ». Si cela persiste, saisissez-la dans QuickBooks et "
            "marquez-la « Résolue ».",
            "Check that accounts, customers and taxes are those of QuickBooks and are active. If all looks right, mark "
            "it “Ready to sync”. If it persists, enter it in QuickBooks and mark it “Resolved”.",
        ),
    ),
    Answer(
        Text("Que se passe-t-il si je ferme mon compte Chase ?", "What happens if I close my Chase account?"),
        Text(
            "Plus rien n’est partagé ; ce qui a été transmis reste dans QuickBooks.",
            "Nothing more is shared; what was sent stays in QuickBooks.",
        ),
    ),
)
_MISSING_COMPANY = Text(
    "Vérifiez que l’entreprise que vous partagez a un compte de commerçant Chase.",
    "Check that the business you share has a Chase merchant account.",
)


def chase_info() -> ConnectorInfo:
    """Return the manifest."""
    return ConnectorInfo(
        name="chase",
        label=Text("Chase (cartes)", "Chase (merchant cards)"),
        summary=Text(
            "Ventes, remboursements, rétrofacturations, frais et dépôts des Services aux commerçants Chase.",
            "Sales, refunds, chargebacks, fees and deposits of Chase merchant services.",
        ),
        version=version("raccord-chase"),
        uploads={"input_kind": "upload"},
        files_cover=FileDays(stream=REPORTS, tell=reported_days),
        streams=STREAMS,
        settings=ChaseSettings,
        hosts=("{sftp_host}",),
        roles=_ROLES,
        terms=TERMS,
        limits=_LIMITS,
        warnings=_WARNINGS,
        contacts=(
            Contact(SUPPORT, phone="1-800-507-0782"),
            # The source page gives Chase's own number as QuickBooks support (rule K10): it stays data, to be corrected.
            Contact(
                Text("Soutien de QuickBooks, selon la page de Chase", "QuickBooks support, as Chase's page says"),
                phone="1-800-507-0782",
            ),
        ),
        answers=_ANSWERS,
        missing_company=_MISSING_COMPANY,
        identity_setting="merchant_id",
        delivery=delivery_of,
        owner_only=True,
        facts=FACTS,
        fact_values=FACT_VALUES,
        tile="Ch",
        hue=215,
    )
