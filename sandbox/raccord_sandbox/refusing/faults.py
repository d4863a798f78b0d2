"""The refusals of the API and of the gateway in front of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from raccord_sandbox.clock import precise_stamp
from raccord_sandbox.refusing.fault_codes import GATEWAY, MESSAGES, STATUS, TYPES

Doc = dict[str, Any]

INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)


class FaultError(Exception):
    """One refusal of the API with its code, detail and the property it is about."""

    def __init__(self, code: int, detail: str, element: str = "", *, status: int | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.element = element
        self.status = status if status is not None else STATUS.get(code, 400)

    @property
    def message(self) -> str:
        """Return the fixed text that belongs to the code."""
        return MESSAGES[self.code]

    @property
    def kind(self) -> str:
        """Return the fault type."""
        return TYPES.get(self.code, "ValidationFault")

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
    return gateway(3200, detail)


def forbidden(detail: str) -> GatewayError:
    """Return the 403 for a token of another company."""
    return gateway(3100, detail)


def throttled() -> GatewayError:
    """Return the 429 of the limits."""
    return gateway(3001, "The request limit was reached.  Try again later")


def gateway(code: int, detail: str) -> GatewayError:
    """Return the refusal of a code that the gateway answers."""
    return GatewayError(STATUS[code], code, MESSAGES[code], detail, GATEWAY[code])


def of_code(code: int, detail: str = "") -> FaultError | GatewayError:
    """Return the refusal of any documented code, its detail being the message where none is given. Raises KeyError."""
    detail = detail or MESSAGES[code]
    return gateway(code, detail) if code in GATEWAY else FaultError(code, detail)


def unknown_realm() -> FaultError:
    """Return the fault for a company id that is none: the service answers with an internal number, not with 404."""
    return business("Unexpected Internal Error. (-30000)")


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
