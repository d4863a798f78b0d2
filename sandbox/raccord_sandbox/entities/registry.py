"""All entities by name and by path."""

from __future__ import annotations

from raccord_sandbox.entities.accounts import ACCOUNT
from raccord_sandbox.entities.adjustments import INVENTORY_ADJUSTMENT
from raccord_sandbox.entities.attachable import ATTACHABLE
from raccord_sandbox.entities.billpayments import BILL_PAYMENT
from raccord_sandbox.entities.bills import BILL, VENDOR_CREDIT
from raccord_sandbox.entities.cardpayments import CREDIT_CARD_PAYMENT
from raccord_sandbox.entities.company_settings import COMPANY_INFO, PREFERENCES
from raccord_sandbox.entities.currency_lists import COMPANY_CURRENCY, EXCHANGE_RATE
from raccord_sandbox.entities.deposits import DEPOSIT
from raccord_sandbox.entities.estimates import ESTIMATE
from raccord_sandbox.entities.invoices import CREDIT_MEMO, INVOICE
from raccord_sandbox.entities.items import ITEM
from raccord_sandbox.entities.journal_codes import JOURNAL_CODE
from raccord_sandbox.entities.journals import JOURNAL_ENTRY
from raccord_sandbox.entities.kind import Kind
from raccord_sandbox.entities.lists import CLASS, CUSTOMER_TYPE, DEPARTMENT, PAYMENT_METHOD, TERM
from raccord_sandbox.entities.orders import PURCHASE_ORDER
from raccord_sandbox.entities.payments import PAYMENT
from raccord_sandbox.entities.people import CUSTOMER, EMPLOYEE, VENDOR
from raccord_sandbox.entities.purchases import PURCHASE
from raccord_sandbox.entities.recurring import RECURRING_TRANSACTION
from raccord_sandbox.entities.reimburse import REIMBURSE_CHARGE
from raccord_sandbox.entities.sales import REFUND_RECEIPT, SALES_RECEIPT
from raccord_sandbox.entities.tax_lists import TAX_AGENCY, TAX_CODE, TAX_RATE
from raccord_sandbox.entities.times import TIME_ACTIVITY
from raccord_sandbox.entities.transfers import TRANSFER

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        ACCOUNT,
        CUSTOMER,
        VENDOR,
        EMPLOYEE,
        ITEM,
        CLASS,
        DEPARTMENT,
        TERM,
        PAYMENT_METHOD,
        CUSTOMER_TYPE,
        TAX_CODE,
        TAX_RATE,
        TAX_AGENCY,
        JOURNAL_CODE,
        COMPANY_CURRENCY,
        EXCHANGE_RATE,
        COMPANY_INFO,
        PREFERENCES,
        INVOICE,
        ESTIMATE,
        PAYMENT,
        CREDIT_MEMO,
        SALES_RECEIPT,
        REFUND_RECEIPT,
        DEPOSIT,
        JOURNAL_ENTRY,
        PURCHASE,
        TRANSFER,
        ATTACHABLE,
        BILL,
        VENDOR_CREDIT,
        BILL_PAYMENT,
        CREDIT_CARD_PAYMENT,
        PURCHASE_ORDER,
        INVENTORY_ADJUSTMENT,
        TIME_ACTIVITY,
        RECURRING_TRANSACTION,
        REIMBURSE_CHARGE,
    )
}
BY_PATH: dict[str, Kind] = {kind.path: kind for kind in KINDS.values()}
BY_NAME: dict[str, Kind] = {kind.name.lower(): kind for kind in KINDS.values()} | BY_PATH
"""By what queries and change data capture call an entity, in lower case."""
