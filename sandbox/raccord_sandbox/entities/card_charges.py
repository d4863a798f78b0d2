"""Cards charged through the company's merchant account: what was settled there is not changed here."""

from __future__ import annotations

from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.schema import MONEY, Block, Choice, Flag, Forbidden, Number, Text

CREDIT_CARD_PAYMENT = Block(
    {
        "CreditChargeInfo": Block(
            {
                "Number": Forbidden(6530, "Raw card number : send a token of the merchant service, never a number"),
                "Type": Text(30),
                "NameOnAcct": Text(110),
                "BillAddrStreet": Text(255),
                "ProcessPayment": Flag(),
                "Amount": MONEY,
                "CcExpiryMonth": Number(),
                "CcExpiryYear": Number(),
                "PostalCode": Text(30),
            }
        ),
        "CreditChargeResponse": Block(
            {
                "Status": Choice(("Completed", "Unknown")),
                "AuthCode": Text(100),
                "CCTransId": Text(100),
                "TxnAuthorizationTime": Text(40),
                "TxnAuthorizationStamp": Text(40),
            }
        ),
    }
)
REFUSALS = {
    6110: "Merchant service transaction cannot be updated : the card was charged",
    6120: "Merchant service transaction cannot be deleted : the card was charged",
    6450: "Void failed : the card charge is settled",
}


def refuse_if_charged(doc: Doc, code: int) -> None:
    """Refuse to update (6110), delete (6120) or void (6450) what the merchant account has charged and settled."""
    card = doc.get("CreditCardPayment", {})
    response = card.get("CreditChargeResponse", {})
    if (
        card.get("CreditChargeInfo", {}).get("ProcessPayment")
        and response.get("Status") == "Completed"
        and "CCTransId" in response
    ):
        raise FaultError(code, REFUSALS[code])
