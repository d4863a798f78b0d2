"""What people see before they connect."""

from raccord.plugin import ConnectorInfo, RoleInfo, StreamInfo, TermTable, Text, hookimpl
from raccord.plugin.drafts import Accepts
from raccord_boulange.settings import Settings

ASSET, LIABILITY = ("Other Current Asset", "OtherCurrentAssets"), ("Other Current Liability", "OtherCurrentLiabilities")


@hookimpl
def describe() -> ConnectorInfo:
    return ConnectorInfo(
        name="boulange",
        label=Text("Boulange Caisse", "Boulange Caisse"),
        summary=Text("Les ventes et versements de Boulange Caisse.", "The sales and payouts of Boulange Caisse."),
        version="0.1.2",
        streams=[
            StreamInfo("tickets", Text("Billets", "Tickets")),
            StreamInfo("payouts", Text("Versements", "Payouts")),
        ],
        settings=Settings,
        identity_setting="account",
        hosts=["{address}"],
        roles=[
            RoleInfo("income", Text("Revenu des ventes", "Income of the sales"), Accepts.INCOME),
            RoleInfo.created("clearing", Text("Cartes à recevoir", "Cards on the way"), Accepts.CLEARING, *ASSET),
            RoleInfo("cash", Text("Tiroir-caisse", "Cash drawer"), Accepts.BANK),
            RoleInfo("bank", Text("Banque des versements", "Bank of the payouts"), Accepts.BANK),
            RoleInfo("fees", Text("Frais de carte", "Card fees"), Accepts.EXPENSE),
            RoleInfo.created("gift_cards", Text("Cartes-cadeaux dues", "Gift cards due"), Accepts.CATEGORY, *LIABILITY),
            RoleInfo.created("gift_used", Text("Cartes utilisées", "Gift cards used"), Accepts.CLEARING, *ASSET),
            RoleInfo("tax", Text("Taxe des ventes", "Tax of the sales"), Accepts.TAX_CODE, required=False),
            RoleInfo("untaxed", Text("Code sans taxe", "Code without tax"), Accepts.TAX_CODE, required=False),
        ],
        terms=TermTable.of("raccord_boulange"),
    )
