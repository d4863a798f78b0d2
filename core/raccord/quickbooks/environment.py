"""Where QuickBooks lives: Intuit's production, Intuit's sandbox or our own, all served by the same code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Environment:
    """The addresses of one QuickBooks; no address ends with a slash.

    ``app_base`` is the web application that people use, for links; ``api_base`` is the service that programs use.
    """

    name: str
    api_base: str
    authorize_url: str
    token_url: str
    revoke_url: str
    app_base: str
    userinfo_url: str = ""
    """Where Intuit tells who gave an authorisation; empty where nobody tells."""

    def __post_init__(self) -> None:
        for address in (self.api_base, self.authorize_url, self.token_url, self.revoke_url, self.app_base):
            if not address.startswith(("https://", "http://")) or address.endswith("/"):
                raise ValueError(f"{address!r} must begin with http:// or https:// and not end with a slash")


_AUTHORIZE_URL = "https://appcenter.intuit.com/connect/oauth2"
_TOKEN_URL = "https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer"  # noqa: S105 - an address, not a password
_REVOKE_URL = "https://developer.api.intuit.com/v2/oauth2/tokens/revoke"

PRODUCTION = Environment(
    name="production",
    api_base="https://quickbooks.api.intuit.com",
    authorize_url=_AUTHORIZE_URL,
    token_url=_TOKEN_URL,
    revoke_url=_REVOKE_URL,
    app_base="https://app.qbo.intuit.com",
    userinfo_url="https://accounts.platform.intuit.com/v1/openid_connect/userinfo",
)
INTUIT_SANDBOX = Environment(
    name="intuit-sandbox",
    api_base="https://sandbox-quickbooks.api.intuit.com",
    authorize_url=_AUTHORIZE_URL,
    token_url=_TOKEN_URL,
    revoke_url=_REVOKE_URL,
    app_base="https://sandbox.qbo.intuit.com",
    userinfo_url="https://sandbox-accounts.platform.intuit.com/v1/openid_connect/userinfo",
)


def local(url: str) -> Environment:
    """Return the environment of a local sandbox that answers everything, on Intuit's own paths, at ``url``."""
    base = url.rstrip("/")
    return Environment(
        name="local",
        api_base=base,
        authorize_url=f"{base}/connect/oauth2",
        token_url=f"{base}/oauth2/v1/tokens/bearer",
        revoke_url=f"{base}/v2/oauth2/tokens/revoke",
        app_base=base,
        userinfo_url=f"{base}/v1/openid_connect/userinfo",
    )


# Observed in public integrations, not promised by Intuit: a kind that is not here simply has no link.
_PAGES = MappingProxyType(
    {
        "Invoice": "invoice?txnId=",
        "SalesReceipt": "salesreceipt?txnId=",
        "RefundReceipt": "refundreceipt?txnId=",
        "CreditMemo": "creditmemo?txnId=",
        "Payment": "recvpayment?txnId=",
        "Deposit": "deposit?txnId=",
        "JournalEntry": "journal?txnId=",
        "Purchase": "expense?txnId=",
        "Bill": "bill?txnId=",
        "BillPayment": "billpayment?txnId=",
        "VendorCredit": "vendorcredit?txnId=",
        "Transfer": "transfer?txnId=",
        "Estimate": "estimate?txnId=",
        "Customer": "customerdetail?nameId=",
        "Vendor": "vendordetail?nameId=",
        "Account": "register?accountId=",
    }
)


class Page(StrEnum):
    """A page of QuickBooks that is about no document; observed in a browser, not promised by Intuit either."""

    SETTINGS = "settings"
    SALES_SETTINGS = "settings?p=sales"
    ADVANCED_SETTINGS = "settings?p=advanced"
    PLAN = "settings?p=billing"
    TAXES = "salestax"
    ACCOUNTS = "chartofaccounts"
    ITEMS = "items"
    CUSTOMERS = "customers"
    VENDORS = "vendors"
    BANKING = "banking"


def page_link(environment: Environment, page: Page, *, realm: str = "") -> str:
    """Return the address of a page; with ``realm`` the link asks QuickBooks to switch to that company."""
    address = f"{environment.app_base}/app/{page}"
    if not realm:
        return address
    return f"{address}{'&' if '?' in page else '?'}deeplinkcompanyid={quote(realm, safe='')}"


def deep_link(environment: Environment, kind: str, id: str, *, realm: str = "", cheque: bool = False) -> str | None:
    """Return the address where a person sees the document in QuickBooks, or None for a kind without a known page.

    ``cheque`` picks the page of cheques for a Purchase paid by cheque. With ``realm`` the link asks QuickBooks to
    switch to that company.
    """
    page = "check?txnId=" if kind == "Purchase" and cheque else _PAGES.get(kind)
    if page is None:
        return None
    company = f"&deeplinkcompanyid={quote(realm, safe='')}" if realm else ""
    return f"{environment.app_base}/app/{page}{quote(id, safe='')}{company}"
