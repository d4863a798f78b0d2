"""Files on their way to QuickBooks: one form with what the file is and its bytes, and the answer to it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

from raccord.quickbooks.errors import Attempt, RefusedError, Uncertain
from raccord.quickbooks.faults import faults_in
from raccord.quickbooks.wire import Answer

UPLOAD_BYTES_MAX = 100 * 1000 * 1000
"""QuickBooks takes 100 MB a request; what accompanies the bytes needs little."""


def form_of(metadata: str, content: bytes) -> tuple[bytes, str]:
    """Return the multipart body of one file, and its content type; the same file makes the same bytes."""
    if len(content) > UPLOAD_BYTES_MAX:
        raise ValueError(f"a file of {len(content)} bytes is larger than QuickBooks takes")
    said = json.loads(metadata, parse_float=Decimal)
    boundary = "raccord-" + hashlib.sha256(metadata.encode() + content).hexdigest()[:40]
    # Browsers and clients write a name that is not ASCII in different ways; QuickBooks takes it from the metadata.
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file_metadata_01"; filename="metadata.json"\r\n'
        f"Content-Type: application/json\r\n\r\n{metadata}\r\n"
        f'--{boundary}\r\nContent-Disposition: form-data; name="file_content_01"; filename="file"\r\n'
        f"Content-Type: {said['ContentType']}\r\n\r\n"
    )
    return head.encode() + content + f"\r\n--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def attached(answer: Answer[dict[str, Any]], attempt: Attempt) -> Answer[dict[str, Any]]:
    """Take the one attachable out of an answer, which is a good one even where the file was refused."""
    parts = answer.value.get("AttachableResponse")
    part = parts[0] if isinstance(parts, list) and len(parts) == 1 and isinstance(parts[0], dict) else {}
    faults = faults_in(part, answer.status, answer.tid, attempt.operation)
    if faults:
        raise RefusedError(f"QuickBooks refused a file: {faults[0]}", faults, answer.tid)
    found = part.get("Attachable")
    if not isinstance(found, dict):
        raise Uncertain(
            replace(attempt, http_status=answer.status, reason="the answer holds no Attachable"), answer.tid
        )
    return Answer(found, answer.tid, answer.status)
