"""QuickBooks Online on the wire: tokens, limits, faults, the client of one company; no other package knows its HTTP."""

from raccord.quickbooks.batch import BATCH_MAX, BatchAnswer, BatchItem, BatchQuery, Entity, Operation
from raccord.quickbooks.causes import Cause, RetryClass
from raccord.quickbooks.changes import LOOK_BACK, Changes
from raccord.quickbooks.client import QuickBooks
from raccord.quickbooks.clock import SYSTEM_CLOCK, Clock, SystemClock
from raccord.quickbooks.environment import INTUIT_SANDBOX, PRODUCTION, Environment, Page, deep_link, local, page_link
from raccord.quickbooks.errors import (
    AppCredentialsError,
    Attempt,
    AuthorisationFailedError,
    ConsentRefusedError,
    NoPermitError,
    QuickBooksError,
    ReadOnlyError,
    ReauthoriseError,
    RefusedError,
    ThrottledError,
    TooManyRowsError,
    UnavailableError,
    Uncertain,
    WrongCompanyError,
)
from raccord.quickbooks.faults import Fault
from raccord.quickbooks.governor import Governor
from raccord.quickbooks.keeper import TokenKeeper
from raccord.quickbooks.limits import LOCAL, PUBLISHED, Bucket, Lane, Limits, LocalBucket
from raccord.quickbooks.oauth import ACCOUNTING_SCOPE, AppCredentials, OAuthClient, new_state
from raccord.quickbooks.query import PAGE_MAX, quoted
from raccord.quickbooks.secret import Secret
from raccord.quickbooks.texts import Explanation, explain
from raccord.quickbooks.tokens import Tokens, TokenStore
from raccord.quickbooks.uploads import UPLOAD_BYTES_MAX
from raccord.quickbooks.wire import Answer

__all__ = [
    "ACCOUNTING_SCOPE",
    "BATCH_MAX",
    "INTUIT_SANDBOX",
    "LOCAL",
    "LOOK_BACK",
    "PAGE_MAX",
    "PRODUCTION",
    "PUBLISHED",
    "SYSTEM_CLOCK",
    "UPLOAD_BYTES_MAX",
    "Answer",
    "AppCredentials",
    "AppCredentialsError",
    "Attempt",
    "AuthorisationFailedError",
    "BatchAnswer",
    "BatchItem",
    "BatchQuery",
    "Bucket",
    "Cause",
    "Changes",
    "Clock",
    "ConsentRefusedError",
    "Entity",
    "Environment",
    "Explanation",
    "Fault",
    "Governor",
    "Lane",
    "Limits",
    "LocalBucket",
    "NoPermitError",
    "OAuthClient",
    "Operation",
    "Page",
    "QuickBooks",
    "QuickBooksError",
    "ReadOnlyError",
    "ReauthoriseError",
    "RefusedError",
    "RetryClass",
    "Secret",
    "SystemClock",
    "ThrottledError",
    "TokenKeeper",
    "TokenStore",
    "Tokens",
    "TooManyRowsError",
    "UnavailableError",
    "Uncertain",
    "WrongCompanyError",
    "deep_link",
    "explain",
    "local",
    "new_state",
    "page_link",
    "quoted",
]
