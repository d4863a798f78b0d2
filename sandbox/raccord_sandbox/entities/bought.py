"""The properties that bills, vendor credits and purchase orders share."""

from __future__ import annotations

from collections.abc import Mapping

from raccord_sandbox.entities.expenses import EXPENSE_LINE
from raccord_sandbox.entities.kind import TRANSACTION_PROPERTIES
from raccord_sandbox.schema import Block, Choice, Flag, Many, Property, Ref, Text
from raccord_sandbox.tax import TAX_PROPERTIES

LINKED_TXN = Many(Block({"TxnId": Text(30), "TxnType": Text(40), "TxnLineId": Text(30)}))
LOCATIONS = Choice(("WithinFrance", "FranceOverseas", "OutsideFranceWithEU", "OutsideEU"))
PAYABLE: Mapping[str, Property] = {
    **TRANSACTION_PROPERTIES,
    **TAX_PROPERTIES,
    "Line": Many(EXPENSE_LINE),
    "DocNumber": Text(21),
    "VendorRef": Ref(("Vendor",)),
    "APAccountRef": Ref(("Account",)),
    "TransactionLocationType": LOCATIONS,
    "IncludeInAnnualTPAR": Flag(),
}
