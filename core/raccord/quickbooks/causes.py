"""What each QuickBooks error code means for us: what happens next, and our stable name for the cause."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType


class RetryClass(StrEnum):
    """What happens next after a fault."""

    NEVER = "never"
    """The same request can never succeed; it is a mistake in what was sent."""
    REFRESH_TOKEN = "refresh_token"  # noqa: S105 - a name, not a secret
    """Refresh the access token once, then send again; nothing was executed."""
    REREAD = "reread"
    """Read the object again and decide anew; it changed meanwhile."""
    AFTER_PAUSE = "after_pause"
    """Nothing was executed; send again after a pause."""
    UNCERTAIN = "uncertain"
    """Perhaps executed; read back before any resend."""
    REAUTHORISE = "reauthorise"
    """A person must authorise the connection again."""
    WAIT_FOR_PERSON = "wait_for_person"
    """A person must change something, then the document may be sent again."""


class Cause(StrEnum):
    """Stable codes of problems, as stored, shown and documented."""

    STALE = "posting.stale"
    DUPLICATE_NAME = "posting.duplicate_name"
    DUPLICATE_NUMBER = "posting.duplicate_number"
    DUPLICATE_OBJECT = "posting.duplicate_object"
    PERIOD_CLOSED = "posting.period_closed"
    INACTIVE_REFERENCE = "posting.inactive_reference"
    GONE = "posting.gone"
    DEPOSITED = "posting.deposited"
    MATCHED = "posting.matched"
    IN_USE = "posting.in_use"
    LINK_REFUSED = "posting.link_refused"
    MISSING_TAX_CODE = "posting.missing_tax_code"
    WRONG_ACCOUNT_TYPE = "posting.wrong_account_type"
    REQUIRED_MISSING = "posting.required_missing"
    TOO_LONG = "posting.too_long"
    INVALID_VALUE = "posting.invalid_value"
    UNBALANCED = "posting.unbalanced"
    MALFORMED = "posting.malformed"
    FEATURE_MISSING = "posting.feature_missing"
    REFUSED = "posting.refused"
    THROTTLED = "quickbooks.throttled"
    REAUTHORISE = "quickbooks.reauthorise"
    ACCESS_DENIED = "quickbooks.access_denied"
    WRONG_COMPANY = "quickbooks.wrong_company"
    AUTHORISATION_FAILED = "quickbooks.authorisation_failed"
    APP_CREDENTIALS = "quickbooks.app_credentials"
    SUBSCRIPTION = "quickbooks.subscription"
    QUOTA = "quickbooks.quota"
    UNAVAILABLE = "quickbooks.unavailable"
    UNCERTAIN = "quickbooks.uncertain"
    TOO_LARGE = "quickbooks.too_large"


Verdict = tuple[RetryClass, Cause]


def verdict(code: str, message: str, detail: str, http_status: int, operation: str) -> Verdict:
    """Return what a fault means.

    The text decides where one code covers several cases; an HTTP status of 500 or more always leaves the outcome open.
    ``operation`` is what was asked ('create', 'update', 'read' …), or empty when that is not known.
    """
    text = f"{message} {detail}".casefold()
    if http_status >= 500:
        return (RetryClass.UNCERTAIN, Cause.UNCERTAIN)
    if code == "610" and operation == "create":
        # A new object has no id that could be missing: it is one that it refers to. In an update it may be either, with
        # the same text; reading the object again tells.
        return (RetryClass.WAIT_FOR_PERSON, Cause.INACTIVE_REFERENCE)
    for codes, words, found in _BY_TEXT:
        if code in codes and any(word in text for word in words):
            return found
    return VERDICTS.get(code) or _by_status(http_status)


def _by_status(http_status: int) -> Verdict:
    match http_status:
        case 401:
            return (RetryClass.REFRESH_TOKEN, Cause.REAUTHORISE)
        case 403:
            return (RetryClass.REAUTHORISE, Cause.ACCESS_DENIED)
        case 408:
            return (RetryClass.UNCERTAIN, Cause.UNCERTAIN)
        case 429:
            return (RetryClass.AFTER_PAUSE, Cause.THROTTLED)
        case 413:
            return (RetryClass.NEVER, Cause.TOO_LARGE)
        case 404 | 406 | 415:
            return (RetryClass.NEVER, Cause.MALFORMED)
        case _:
            return (RetryClass.WAIT_FOR_PERSON, Cause.REFUSED)


def _person(cause: Cause, *codes: int) -> dict[str, Verdict]:
    return {str(code): (RetryClass.WAIT_FOR_PERSON, cause) for code in codes}


def _never(cause: Cause, *codes: int) -> dict[str, Verdict]:
    return {str(code): (RetryClass.NEVER, cause) for code in codes}


# Intuit's "Error codes" page and what live companies answer; a code that is not here is judged by its HTTP status.
VERDICTS = MappingProxyType(
    {
        **{str(code): (RetryClass.REFRESH_TOKEN, Cause.REAUTHORISE) for code in (100, 110, 3200, 3202)},
        **{str(code): (RetryClass.REAUTHORISE, Cause.ACCESS_DENIED) for code in (120, 3100)},
        **{str(code): (RetryClass.AFTER_PAUSE, Cause.UNAVAILABLE) for code in (130, 140, 150)},
        "3001": (RetryClass.AFTER_PAUSE, Cause.THROTTLED),
        "5010": (RetryClass.REREAD, Cause.STALE),
        "610": (RetryClass.REREAD, Cause.GONE),
        # 600: the same request id is still being executed. 10000, 6002: failed somewhere inside.
        **{str(code): (RetryClass.UNCERTAIN, Cause.UNCERTAIN) for code in (600, 6002, 10000)},
        **_never(Cause.MALFORMED, 500, 1050, 2000, 2010, 2030, 2060, 2080, 2090, 2100, 2110, 2120, 2130, 2170, 2600),
        **_never(Cause.MALFORMED, 3000, 4000, 4001, 5000, 6040, 6050, 6530),
        **_never(Cause.TOO_LARGE, 1040, 6020, 6030, 10100),
        **_person(Cause.REQUIRED_MISSING, 2020, 2250, 2260, 2270, 2280, 6010, 6060, 6080, 6090, 6150, 6420, 6440),
        **_person(Cause.INVALID_VALUE, 2040, 2070, 2140, 2150, 2160, 2180, 2190, 2200, 2210, 2220, 2230, 2240, 2290),
        **_person(Cause.INVALID_VALUE, 700, 900, 6041, 6180, 6270, 6520),
        **_person(Cause.TOO_LONG, 2050),
        **_person(Cause.UNBALANCED, 2300, 6070),
        **_person(Cause.INACTIVE_REFERENCE, 2500, 6250, 6290, 6300),
        **_person(Cause.DUPLICATE_OBJECT, 630),
        **_person(Cause.DUPLICATE_NAME, 6240),
        **_person(Cause.DUPLICATE_NUMBER, 6140),
        **_person(Cause.PERIOD_CLOSED, 6200, 6210),
        **_person(Cause.DEPOSITED, 6540),
        **_person(Cause.MATCHED, 6480),
        **_person(Cause.IN_USE, 800, 6110, 6120, 6130, 6220, 6280, 6310, 6320, 6400, 6450),
        **_person(Cause.LINK_REFUSED, 620, 6460),
        **_person(Cause.MISSING_TAX_CODE, 6100, 6160, 6170, 6230, 6470),
        **_person(Cause.WRONG_ACCOUNT_TYPE, 6430),
        **_person(Cause.FEATURE_MISSING, 5030),
        **_person(Cause.ACCESS_DENIED, 5020),
        **_person(Cause.SUBSCRIPTION, 6190),
        **_person(Cause.REFUSED, 1000, 1010, 1020, 4002, 6000, 10200, *range(6330, 6391, 10), *range(6490, 6511, 10)),
    }
)

_PERSON = RetryClass.WAIT_FOR_PERSON

# One code, several cases: (codes, words of which one occurs in the text, meaning). The first that fits wins.
_BY_TEXT: tuple[tuple[frozenset[str], tuple[str, ...], Verdict], ...] = (
    # A list of 2017 gives 6210 for duplicate numbers; live companies use it for closed books.
    (
        frozenset({"6210", "6000"}),
        ("number has already been used", "duplicate document number", "specify a different number"),
        (_PERSON, Cause.DUPLICATE_NUMBER),
    ),
    (frozenset({"6000"}), ("made inactive",), (_PERSON, Cause.INACTIVE_REFERENCE)),
    (frozenset({"6000"}), ("period has closed", "period closed", "books are closed"), (_PERSON, Cause.PERIOD_CLOSED)),
    (frozenset({"6000"}), ("has been deposited",), (_PERSON, Cause.DEPOSITED)),
    (frozenset({"6000"}), ("name already exists", "already using this name"), (_PERSON, Cause.DUPLICATE_NAME)),
    (frozenset({"6000"}), ("subscription", "trial period"), (_PERSON, Cause.SUBSCRIPTION)),
    (
        frozenset({"6000"}),
        ("gst/hst", "tax code", "tax rate", "sales tax", "vat rate", "vat code", "taxcode"),
        (_PERSON, Cause.MISSING_TAX_CODE),
    ),
    # A request for another company's books shows itself so.
    (frozenset({"6000"}), ("-30000",), (RetryClass.REAUTHORISE, Cause.ACCESS_DENIED)),
)
