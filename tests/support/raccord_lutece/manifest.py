"""What people see before they connect."""

from raccord.plugin import ConnectorInfo, RoleInfo, TermTable, Text, hookimpl
from raccord.plugin.drafts import Accepts
from raccord_lutece.settings import Settings
from raccord_lutece.streams import STREAMS

FUNDS = "UndepositedFunds"


@hookimpl
def describe() -> ConnectorInfo:
    return ConnectorInfo(
        name="lutece",
        label=Text("Lutèce", "Lutèce"),
        summary=Text("Factures et encaissements de Lutèce.", "Invoices and payments of Lutèce."),
        version="0.1.0",
        streams=[each.info for each in STREAMS],
        settings=Settings,
        identity_setting="account",
        hosts=["{address}"],
        roles=[
            RoleInfo("income", Text("Revenu des ventes", "Income of the sales"), Accepts.INCOME),
            RoleInfo("clearing", Text("Fonds non déposés", "Undeposited funds"), Accepts.CLEARING, subtype=FUNDS),
            RoleInfo("bank", Text("Banque des virements", "Bank of the transfers"), Accepts.BANK),
            RoleInfo("fees", Text("Frais de carte", "Card fees"), Accepts.EXPENSE),
            RoleInfo("tax_reduced", Text("TVA à 5,5 %", "VAT at 5.5 %"), Accepts.TAX_CODE, required=False),
            RoleInfo("tax_standard", Text("TVA à 20 %", "VAT at 20 %"), Accepts.TAX_CODE, required=False),
            RoleInfo("tax_export", Text("Code sans TVA", "Code without VAT"), Accepts.TAX_CODE, required=False),
        ],
        terms=TermTable.of("raccord_lutece"),
    )
