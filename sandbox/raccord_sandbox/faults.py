"""The refusals of the API and of the gateway in front of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from raccord_sandbox.clock import precise_stamp

Doc = dict[str, Any]

MESSAGES = {
    500: "Unsupported Operation",
    600: "Duplicate Request ID",
    610: "Object Not Found",
    620: "Txn ID cannot be linked",
    800: "Cannot delete object",
    1040: "Batch size exceeds limit",
    1050: "Invalid Content Type",
    2000: "Invalid or unsupported object name",
    2010: "Request has invalid or unsupported property",
    2020: "Required param missing, need to supply the required value for the API",
    2030: "Invalid ID",
    2040: "Invalid String",
    2050: "String length is either shorter or longer than supported by specification",
    2060: "Invalid Date Format",
    2080: "Invalid Number",
    2130: "Invalid Request Id Format",
    2140: "Invalid Amount",
    2150: "Invalid Percent",
    2170: "Invalid Enumeration",
    2190: "Invalid Date Range",
    2200: "Malformed URL",
    2210: "Malformed Email Address",
    2220: "Invalid Currency",
    2230: "Invalid Boolean",
    2240: "Invalid Number Range",
    2250: "Missing Lines",
    2260: "Missing Posting Type",
    2270: "Missing TaxApplicableOn",
    2280: "Missing Tax Amount",
    2290: "Negative Amount",
    2500: "Invalid Reference Id",
    2600: "Conflicting elements in request",
    3100: "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403",
    4000: "Error parsing query",
    4001: "Invalid query",
    5010: "Stale Object Error",
    5030: "Feature Not Supported Error",
    6000: "A business validation error has occurred while processing your request",
    6010: "Account Type and Subtype Missing",
    6020: "Content length missing in request",
    6030: "Upload request size exceeds allowed limit",
    6040: "The file metadata must be of Attachable type",
    6041: "Invalid Uploaded File",
    6050: "The entity reference type is unsupported for Attachable",
    6060: "Opening Balance Date Missing",
    6070: "Amount calculation incorrect in the request",
    6080: "No Name Provided",
    6090: "Discount Line Information Missing",
    6100: "Invalid Line TaxCode",
    6130: "Cannot Change Who Customer Bills With",
    6110: "Merchant Service Transaction Cannot Be Updated",
    6120: "Merchant Service Transaction Cannot Be Deleted",
    6140: "Duplicate Document Number Error",
    6150: "ParentRef Required",
    6160: "Custom sales tax id not allowed",
    6170: "TxnTaxDetail Not Allowed With NotApplicable",
    6180: "Sub Level Limit Exceeded",
    6190: "Invalid Company Status",
    6200: "Account Period Closed, Cannot Update Through Services API",
    6210: "Account Period Closed, Cannot Update Through Services API",
    6220: "Delete List Has Balance Error",
    6240: "Duplicate Name Exists Error",
    6280: "Customer Has Unbilled Expenses",
    6310: "Customer Reference Missing",
    6420: "Email Required",
    6430: "Invalid Account Type Used",
    6440: "Transaction Detail Information Required",
    6450: "Void Failed",
    6460: "Invoice Deposit Mismatch",
    6530: "Raw Card Number Not Allowed",
    6540: "Deposited Transaction cannot be changed",
    10000: "An application error has occurred while processing your request",
    10100: "Result set too big",
}

INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


class FaultError(Exception):
    """One refusal of the API with its code, detail and the property it is about."""

    def __init__(self, code: int, detail: str, element: str = "", *, status: int = 400) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status

    @property
    def message(self) -> str:
        """Return the fixed text that belongs to the code."""
        return MESSAGES[self.code]

    @property
    def kind(self) -> str:
        """Return the fault type."""
        return "SystemFault" if self.code in (500, 10000) and self.status >= 500 else "ValidationFault"

    def fault(self) -> Doc:
        """Return the `Fault` block without its envelope."""
        error = {"Message": self.message, "Detail": self.detail, "code": str(self.code), "element": self.element}
        return {"Error": [error], "type": self.kind}

    def body(self, now: datetime) -> Doc:
        """Return the whole answer."""
        return {"Fault": self.fault(), "time": precise_stamp(now)}


class GatewayError(Exception):
    """A refusal before the API is reached: token, realm, limits; its body is lower-case."""

    def __init__(self, status: int, code: int, message: str, detail: str, kind: str) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.message = message
        self.detail = detail
        self.kind = kind

    def body(self, now: datetime) -> Doc:
        """Return the whole answer in the gateway's shape, nulls and epoch time included."""
        error = {"message": self.message, "detail": self.detail, "code": str(self.code), "element": None}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": {"error": [error], "type": self.kind},
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": int(now.timestamp() * 1000),
            "status": None,
            "cdcresponse": [],
        }


def unauthenticated(detail: str) -> GatewayError:
    """Return the 401 for a missing, malformed, expired or revoked token."""
    return GatewayError(
        401, 3200, "message=AuthenticationFailed; errorCode=003200; statusCode=401", detail, "AUTHENTICATION"
    )


def forbidden(detail: str) -> GatewayError:
    """Return the 403 for a token of another company."""
    return GatewayError(403, 3100, MESSAGES[3100], detail, "AUTHORIZATION")


def throttled() -> GatewayError:
    """Return the 429 of the limits."""
    return GatewayError(
        429,
        3001,
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
        "SERVICE",
    )


def missing(name: str) -> FaultError:
    """Return the fault for a required property that was not sent."""
    return FaultError(2020, f"Required parameter {name} is missing in the request", name)


def business(text: str, element: str = "") -> FaultError:
    """Return the catch-all business fault."""
    return FaultError(6000, f"Business Validation Error: {text}", element)


def not_found() -> FaultError:
    """Return the fault for an object that does not exist or was deleted."""
    return FaultError(610, f"Object Not Found : {INACTIVE}")


def stale() -> FaultError:
    """Return the fault for a superseded SyncToken."""
    return FaultError(
        5010,
        "Stale Object Error : You and root were working on this at the same time. "
        "root finished before you did, so your work was not saved.",
    )


def unsupported(operation: str) -> FaultError:
    """Return the fault for an operation that the entity does not have."""
    return FaultError(500, f"Operation {operation} is not supported.")
