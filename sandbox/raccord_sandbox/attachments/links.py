"""The temporary addresses of attached files."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from raccord_sandbox.attachments.files import CONTENT
from raccord_sandbox.keeping.store import Store

MEDIA = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
"""What a header can say; clients may call a file anything."""
DENIED = '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>{}</Message></Error>'


def files_router(store: Store) -> APIRouter:
    """Return the route that serves files to whoever holds a fresh link."""
    router = APIRouter()

    @router.get("/files/{realm}/{key}/{name:path}", response_model=None)
    def file(realm: str, key: str, name: str, Expires: str = "", Signature: str = "") -> Response:  # noqa: N803  # wire names
        company = store.get(realm)
        if company is None or not company.files.is_open(key, Expires, Signature):
            return Response(DENIED.format("Request has expired"), 403, media_type="application/xml")
        doc = company.get("Attachable", key) or {}
        content = company.files.get(doc.get(CONTENT, ""))
        if content is None:
            return Response(DENIED.format("The file is gone"), 404, media_type="application/xml")
        disposition = f"attachment; filename*=UTF-8''{quote(doc['FileName'], safe='')}"
        headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
        media = doc["ContentType"] if MEDIA.fullmatch(doc["ContentType"]) else "application/octet-stream"
        return Response(content, 200, headers, media_type=media)

    return router
