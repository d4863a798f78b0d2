"""The only place that builds QuickBooks' JSON, and reads the parts of it that a proof needs."""

from raccord.quickbooks.codec.again import active_again
from raccord.quickbooks.codec.agreement import differing
from raccord.quickbooks.codec.effect import Places, ledger_effect
from raccord.quickbooks.codec.encode import encode, entity_of, rank_of, readdressed, uses_batch
from raccord.quickbooks.codec.entries import entry_of
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.facts import CompanyFacts, Encoded, Target, TaxRate
from raccord.quickbooks.codec.names import clean_name
from raccord.quickbooks.codec.notes import marked_revision, read_marker
from raccord.quickbooks.codec.placeholders import UnfilledLinkError, fill, placeholder
from raccord.quickbooks.codec.purposes import LINKED, Purposes, item_in, purposes_of
from raccord.quickbooks.codec.reading import MONEY_KINDS, money_of, named_accounts, summary_of
from raccord.quickbooks.codec.removals import (
    TOKEN,
    can_void,
    deactivation,
    deletion,
    is_voided,
    voiding,
    waits_for_token,
    with_token,
)
from raccord.quickbooks.codec.sheet import must_be_kept
from raccord.quickbooks.codec.told import Told, code_of, told_of

__all__ = [
    "LINKED",
    "MONEY_KINDS",
    "TOKEN",
    "CompanyFacts",
    "EncodeError",
    "Encoded",
    "Places",
    "Purposes",
    "Target",
    "TaxRate",
    "Told",
    "UnfilledLinkError",
    "active_again",
    "can_void",
    "clean_name",
    "code_of",
    "deactivation",
    "deletion",
    "differing",
    "encode",
    "entity_of",
    "entry_of",
    "fill",
    "is_voided",
    "item_in",
    "ledger_effect",
    "marked_revision",
    "money_of",
    "must_be_kept",
    "named_accounts",
    "placeholder",
    "purposes_of",
    "rank_of",
    "read_marker",
    "readdressed",
    "summary_of",
    "told_of",
    "uses_batch",
    "voiding",
    "waits_for_token",
    "with_token",
]
