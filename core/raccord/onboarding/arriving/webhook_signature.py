"""The signature of Standard Webhooks (https://www.standardwebhooks.com), symmetric, version 1."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

PREFIX = "whsec_"
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
TOLERANCE = timedelta(minutes=5)
ID_CHARACTERS_MAX = 200
SIGNATURES_MAX = 10
"""Signatures of one message that are looked at: a source sends one for each secret while it rotates them."""
KEY_BYTES = 32
KEY_BYTES_MIN, KEY_BYTES_MAX = 16, 64


class Fault(StrEnum):
    """Why a message is not believed."""

    HEADERS = "headers"
    """Its id, time or signature is missing or misshapen."""
    TIME = "time"
    """It is older, or newer, than the tolerance: perhaps recorded and sent again."""
    SIGNATURE = "signature"


def new_secret() -> str:
    """Return a secret as sources expect it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key in a secret; raises ValueError where there is none of a proper length."""
    try:
        key = base64.b64decode(secret.strip().removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("not base64") from None
    if not KEY_BYTES_MIN <= len(key) <= KEY_BYTES_MAX:
        raise ValueError(f"not {KEY_BYTES_MIN} to {KEY_BYTES_MAX} bytes")
    return key


def sign(secret: str, message_id: str, moment: datetime, body: bytes) -> str:
    """Return the value of ``webhook-signature`` for a message sent at ``moment``."""
    signed = _signed(key_of(secret), message_id, str(int(moment.timestamp())), body)
    return f"v1,{base64.b64encode(signed).decode()}"


def fault_of(secrets_: Iterable[str], headers: Mapping[str, str], body: bytes, now: datetime) -> Fault | None:
    """Return why a message is not believed, or nothing; one of the secrets must have signed it within five minutes."""
    message_id, stamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    given = [each.partition(",") for each in headers.get(SIGNATURE, "").split(" ")[:SIGNATURES_MAX]]
    signatures = [_decoded(value) for version, _, value in given if version == "v1"]
    if not 0 < len(message_id) <= ID_CHARACTERS_MAX or not message_id.isprintable() or not signatures:
        return Fault.HEADERS
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 11):
        return Fault.HEADERS
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        return Fault.TIME
    wanted = [_signed(key_of(each), message_id, stamp, body) for each in secrets_]
    # Every pair is compared, so that the time taken says nothing.
    matches = [hmac.compare_digest(one, other) for one in wanted for other in signatures]
    return None if any(matches) else Fault.SIGNATURE


def _signed(key: bytes, message_id: str, stamp: str, body: bytes) -> bytes:
    return hmac.new(key, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
