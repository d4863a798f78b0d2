"""Taking something out of the books in QuickBooks' words: deleting and voiding documents, entries of lists inactive."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal

from raccord.quickbooks.codec.encode import SPARSE, kept_of
from raccord.quickbooks.codec.json_text import JsonObject, write
from raccord.quickbooks.entities import VoidWay, entity

TOKEN = "{token}"  # noqa: S105 - a place, not a secret
"""Stands for the token of a document that something else still holds: taking that out gives it another one."""


def deletion(kind: str, document_id: str, token: str) -> str:
    """Return what deletes a document. Raises ``ValueError`` for a kind that QuickBooks does not delete."""
    if not entity(kind).deletable:
        raise ValueError(f"QuickBooks does not delete {kind}")
    return write(_address(document_id, token))


def voiding(kind: str, document_id: str, token: str) -> str:
    """Return what voids a document. Raises ``ValueError`` for a kind that QuickBooks voids by hand only."""
    if not can_void(kind):
        raise ValueError(f"QuickBooks does not void {kind} through its service")
    sparse: JsonObject = {"sparse": True} if entity(kind).void is VoidWay.INCLUDE else {}
    return write({**_address(document_id, token), **sparse})


def can_void(kind: str) -> bool:
    """Tell whether QuickBooks voids this kind through its service."""
    return entity(kind).void is not None


def deactivation(kind: str, document: Mapping[str, object]) -> str:
    """Return what makes an entry of a list inactive; a kind that is updated whole keeps all that it says."""
    address = _address(str(document["Id"]), str(document["SyncToken"]))
    if kind in SPARSE:
        return write({**address, "sparse": True, "Active": False})
    return write({**kept_of(document), **address, "Active": False})


def with_token(payload: str, token: str) -> str:
    """Return a removal's text with the document's token in its place; one that has its token stays as it is."""
    body = json.loads(payload, parse_float=Decimal)
    return write({**body, "SyncToken": token}) if body.get("SyncToken") == TOKEN else payload


def waits_for_token(payload: str) -> bool:
    """Tell whether a removal's text still lacks the token."""
    return f'"SyncToken":"{TOKEN}"' in payload


def is_voided(document: Mapping[str, object]) -> bool:
    """Tell whether QuickBooks says of a document that it was voided: in its note, and by amounts of nothing.

    The note alone may be what a source said; and a journal entry's total is nothing in any case.
    """
    if not str(document.get("PrivateNote", "")).startswith("Voided"):
        return False
    lines = document.get("Line")
    amounts = [line.get("Amount") for line in lines if isinstance(line, Mapping)] if isinstance(lines, list) else []
    return not any((document.get("TotalAmt"), document.get("Amount"), *amounts))


def _address(document_id: str, token: str) -> JsonObject:
    return {"Id": document_id, "SyncToken": token}
