"""What a value is by the name it stands under: a secret, a person or what is said of one, an account."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache


class Kind(StrEnum):
    """What a recording does not tell; its word begins what stands for it."""

    SECRET = "redacted"  # noqa: S105 - a word, not a secret
    NAME = "name"
    TEXT = "text"
    ACCOUNT = "account"


_SECRET = frozenset(
    {
        "token", "secret", "password", "passwd", "passphrase", "pwd", "apikey", "authorization", "auth", "credential",
        "credentials", "cookie", "signature", "jwt", "bearer", "otp", "pin", "assertion", "userpass", "nonce",
    }
)  # fmt: skip
_SECRET_KEYS = frozenset({"api", "private", "secret", "access", "consumer", "client", "license", "licence"})
"""What makes a secret of a ``key``."""
_NAME = frozenset(
    {
        "name", "firstname", "lastname", "fullname", "surname", "holder", "owner", "payee", "payer", "beneficiary",
        "debtor", "creditor", "recipient", "sender", "username", "login", "employee", "author", "address", "street",
        "city", "town", "postal", "postcode", "zip", "phone", "telephone", "mobile", "fax", "email", "mail", "birth",
        "birthday", "birthdate", "customer", "client", "vendor", "supplier", "counterparty", "cardholder", "company",
        "nm", "adr", "adrline", "strtnm", "twnnm", "pstcd", "phne",
        "nom", "prenom", "adresse", "courriel", "ville", "beneficiaire", "titulaire", "fournisseur",
    }
)  # fmt: skip
_TEXT = frozenset(
    {
        "memo", "note", "notes", "description", "comment", "comments", "message", "narrative", "details", "remittance",
        "title", "subject", "ustrd", "purpose", "addtlntryinf", "addtltxinf", "libelle", "commentaire", "communication",
        "payeeline", "extra",
    }
)  # fmt: skip
_ACCOUNT = frozenset(
    {
        "iban", "bban", "acct", "acctid", "bankid", "branchid", "pan", "routing", "sin", "ssn", "siret", "siren",
        "sortcode", "transit", "accountnumber", "cardnumber", "mask",
    }
)  # fmt: skip
_NUMBERED = frozenset(
    {"account", "card", "bank", "tax", "vat", "gst", "routing", "merchant", "sort", "compte", "carte"}
)
"""What a ``number``, ``no``, ``id`` or ``code`` of is an account's."""
_NUMBERS = frozenset({"number", "no", "num", "nr", "id", "code", "numero"})
_KEPT = frozenset({"type", "kind", "status", "method", "count", "currency", "date", "at", "on", "amount", "total"})
"""A name that ends with one of these tells something else."""
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+|[^\W\d_A-Za-z]+")


@lru_cache(maxsize=20_000)
def kind_of(key: str, above: str = "") -> Kind | None:
    """Return what a value under ``key`` is, which itself stands under ``above``; nothing where it may be told."""
    pieces = [piece.casefold() for piece in _PIECE.findall(key)]
    if not pieces or pieces[-1] in _KEPT:
        return None
    words = {*pieces, "".join(pieces), *(piece.removesuffix("s") for piece in pieces)}
    if words & _SECRET or ("key" in pieces and words & _SECRET_KEYS):
        return Kind.SECRET
    over = {piece.casefold() for piece in _PIECE.findall(above)}
    if words & _ACCOUNT or (pieces[-1] in _NUMBERS and (words & _NUMBERED or (len(pieces) == 1 and over & _NUMBERED))):
        # An id under "account" is what others refer to it by; its number is what a bank knows it by.
        return None if pieces == ["id"] else Kind.ACCOUNT
    if words & _TEXT:
        return Kind.TEXT
    if "address" in over and not words & {"region", "country", "province", "state"}:
        return Kind.NAME
    # "customer" alone may hold a name; "customer_id" is what others refer to it by.
    return Kind.NAME if words & _NAME and pieces[-1] not in ("id", "ref", "key", "uuid") else None
