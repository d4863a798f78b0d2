"""What the QuickBooks package raises, ordered by what happens next.

Each error has a stable ``cause``; ``texts.explain(error.cause)`` says it to people in French and English. Messages
name path, status and correlation id, never a token, a body or a query. All survive pickling, since a durable engine
stores them.
"""

from __future__ import annotations

from dataclasses import dataclass

from raccord.quickbooks.causes import Cause, RetryClass
from raccord.quickbooks.faults import Fault


class QuickBooksError(Exception):
    """Base of everything raised here; ``tid`` is QuickBooks' correlation id or empty."""

    cause = Cause.REFUSED
    retry = RetryClass.WAIT_FOR_PERSON

    def __init__(self, message: str, tid: str = "") -> None:
        super().__init__(message, tid)
        self.message = message
        self.tid = tid

    def __str__(self) -> str:
        return f"{self.message} (intuit_tid {self.tid})" if self.tid else self.message


class RefusedError(QuickBooksError):
    """Raised when QuickBooks says no: nothing was executed. The first fault decides cause and retry class."""

    def __init__(self, message: str, faults: tuple[Fault, ...], tid: str = "") -> None:
        if not faults:
            raise ValueError("a refusal has at least one fault")
        Exception.__init__(self, message, faults, tid)
        self.message = message
        self.tid = tid
        self.faults = faults
        self.cause = faults[0].cause
        self.retry = faults[0].retry

    @property
    def fault(self) -> Fault:
        return self.faults[0]

    def __str__(self) -> str:
        said = "; ".join(str(fault) for fault in self.faults)
        return f"{self.message}: {said}" + (f" (intuit_tid {self.tid})" if self.tid else "")


@dataclass(frozen=True, slots=True)
class Attempt:
    """What is known of a write whose outcome is not: enough to read it back. ``http_status`` is 0 when no answer
    came. ``under_way_ms`` is for how long QuickBooks may still be executing it: what is not there before that may come.
    """

    operation: str
    kind: str
    request_id: str
    http_status: int = 0
    reason: str = ""
    under_way_ms: int = 0


class Uncertain(QuickBooksError):  # noqa: N818 - named for what is so, not for what went wrong
    """Raised when a write left and no usable answer came back: it may or may not be in the books. Read back before
    any resend.
    """

    cause = Cause.UNCERTAIN
    retry = RetryClass.UNCERTAIN

    def __init__(self, attempt: Attempt, tid: str = "") -> None:
        Exception.__init__(self, attempt, tid)
        self.attempt = attempt
        self.tid = tid
        what = f"{attempt.operation} {attempt.kind}, request {attempt.request_id}"
        self.message = f"outcome unknown: {what} ({attempt.reason})"


class ReadOnlyError(RuntimeError):
    """Raised when a client that was given for reading alone would write; nothing was sent."""


class UnavailableError(QuickBooksError):
    """Raised when QuickBooks could not be reached or did not answer usably, and nothing was changed by the call."""

    cause = Cause.UNAVAILABLE
    retry = RetryClass.AFTER_PAUSE


class ThrottledError(QuickBooksError):
    """Raised when QuickBooks still says "too many requests" after the pauses allowed, or a permit would take too
    long. Nothing was executed.
    """

    cause = Cause.THROTTLED
    retry = RetryClass.AFTER_PAUSE


class NoPermitError(ThrottledError):
    """Raised when our own limits allow the call only later than its caller waits. Nothing was sent.

    ``wait_ms`` says when asking again is of use, as far as that is known.
    """

    def __init__(self, message: str, wait_ms: int = 0) -> None:
        super().__init__(message)
        self.wait_ms = wait_ms


class ReauthoriseError(QuickBooksError):
    """Raised when the grant is gone (revoked, expired, superseded): a person must connect the company again. Never
    retried.
    """

    cause = Cause.REAUTHORISE
    retry = RetryClass.REAUTHORISE


class WrongCompanyError(QuickBooksError):
    """Raised when another company answers than the one that this connection belongs to; nothing was stored."""

    cause = Cause.WRONG_COMPANY
    retry = RetryClass.REAUTHORISE

    def __init__(self, expected: str, received: str) -> None:
        Exception.__init__(self, expected, received)
        self.expected = expected
        self.received = received
        self.tid = ""
        self.message = f"the authorisation is for company {received}, this connection belongs to company {expected}"


class AuthorisationFailedError(QuickBooksError):
    """Raised when the person comes back from Intuit on another way than the one we sent them on."""

    cause = Cause.AUTHORISATION_FAILED
    retry = RetryClass.REAUTHORISE


class ConsentRefusedError(AuthorisationFailedError):
    """Raised when the person said no on Intuit's page, or may not say yes for that company; nothing was stored."""


class AppCredentialsError(QuickBooksError):
    """Raised when Intuit does not accept the application's own client id and secret: the operator must correct them."""

    cause = Cause.APP_CREDENTIALS


class TooManyRowsError(QuickBooksError):
    """Raised when a query would deliver more rows than its limit, instead of leaving some out in silence."""

    cause = Cause.TOO_LARGE
    retry = RetryClass.NEVER
