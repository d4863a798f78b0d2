"""What takes documents out again, in QuickBooks' words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from raccord.quickbooks.codec import TOKEN, can_void, deactivation, deletion, is_voided, voiding, with_token


def test_a_document_is_named_by_id_and_token_and_a_token_that_waits_is_filled_in() -> None:
    assert deletion("Deposit", "7", "3") == '{"Id":"7","SyncToken":"3"}'
    assert voiding("Invoice", "7", "3") == '{"Id":"7","SyncToken":"3"}'
    assert voiding("Payment", "7", TOKEN) == '{"Id":"7","SyncToken":"{token}","sparse":true}'
    assert with_token(voiding("Payment", "7", TOKEN), "4") == '{"Id":"7","SyncToken":"4","sparse":true}'
    assert with_token(deletion("Deposit", "7", "3"), "4") == deletion("Deposit", "7", "3"), (
        "one that has its token keeps it"
    )
    assert (can_void("SalesReceipt"), can_void("JournalEntry")) == (True, False)
    for refused in (lambda: deletion("Customer", "7", "3"), lambda: voiding("Deposit", "7", "3")):
        with pytest.raises(ValueError, match="QuickBooks does not"):
            refused()


def test_an_entry_of_a_list_is_made_inactive_with_all_that_it_says() -> None:
    said = {"Id": "5", "SyncToken": "1", "DisplayName": "Zoé", "Active": True, "MetaData": {}, "PurchaseEx": {}}
    assert deactivation("Customer", said) == '{"Id":"5","SyncToken":"1","sparse":true,"Active":false}'
    assert deactivation("Vendor", said) == '{"DisplayName":"Zo\\u00e9","Active":false,"Id":"5","SyncToken":"1"}'


@pytest.mark.parametrize(
    ("document", "voided"),
    [
        ({"PrivateNote": "Voided - x", "TotalAmt": 0, "Line": [{"Amount": Decimal("0.00")}]}, True),
        ({"PrivateNote": "Voided", "Amount": 0}, True),
        ({"PrivateNote": "Voided cheque", "TotalAmt": Decimal("5.00")}, False),
        ({"PrivateNote": "Voided cheque", "TotalAmt": 0, "Line": [{"Amount": Decimal("5.00")}]}, False),
        ({"PrivateNote": "Voided cheque", "Amount": Decimal("5.00")}, False),
        ({"PrivateNote": "x", "TotalAmt": 0}, False),
        ({}, False),
    ],
)
def test_what_was_voided_is_told_by_note_and_amounts(document: dict[str, Any], voided: bool) -> None:
    assert is_voided(document) is voided
