"""Multipart uploads: several pairs of metadata and content in one request, each answered for itself."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

from raccord_sandbox.attachments.files import CONTENT, TYPES, ending
from raccord_sandbox.entities.attachable import UPLOADED
from raccord_sandbox.entities.kind import Operation
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.refusing.faults import Doc, FaultError, missing, not_found
from raccord_sandbox.wire import loads

MAX_UPLOAD = 100 * 1024 * 1024
MAX_PARTS = 1000
PART = re.compile(r"file_(metadata|content)_?(\w*)")


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form: what its headers say and its bytes."""

    name: str
    filename: str
    media: str
    encoding: str
    content: bytes


@dataclass(slots=True)
class Pair:
    """What belongs to one file: parts with the same number."""

    number: str
    parts: dict[str, Part] = field(default_factory=dict)


def upload(company: Company, headers: Mapping[str, str], body: bytes, origin: Origin) -> Doc:
    """Attach every file of the form and return the answer without envelope; a bad one is a fault among the others."""
    pairs: dict[str, Pair] = {}
    for part in parts(headers.get("content-type", ""), body):
        found = PART.fullmatch(part.name)
        if found is None:
            raise FaultError(
                2010, f"{part.name}: parts are named file_metadata_01, file_content_01 and so on", part.name
            )
        pairs.setdefault(found[2], Pair(found[2])).parts[found[1]] = part
    if not pairs:
        raise missing("file_content_01")
    return {"AttachableResponse": [_answer(company, pair, origin) for pair in pairs.values()]}


def download(company: Company, key: str) -> str:
    """Return the temporary address of an attachable's file. Raises 610 where there is none."""
    doc = company.get("Attachable", key)
    if doc is None or CONTENT not in doc:
        raise not_found()
    return company.files.link(key, doc["FileName"])


def parts(content_type: str, body: bytes) -> Iterator[Part]:
    """Yield the parts of a form; lines may end in LF alone, as some clients write them. Raises 1050 and 2010."""
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_param("boundary")
    if header.get_content_type() != "multipart/form-data" or not isinstance(boundary, str):
        raise FaultError(1050, f"Invalid content type : {content_type or 'none'}; send multipart/form-data", status=415)
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    begin: int | None = None
    count = 0
    place = 0
    while (found := line.search(body, place)) is not None:
        if begin is not None:
            yield _part(body[begin : found.start()])
            count += 1
        if found[1]:
            return
        if count >= MAX_PARTS:
            raise FaultError(6000, f"Business Validation Error: an upload may hold at most {MAX_PARTS} parts.")
        begin = found.end()
        # The line end after a boundary may be the one before the next boundary: an empty part.
        place = begin - 1
    raise FaultError(2010, "The multipart body has no closing boundary.")


def _part(raw: bytes) -> Part:
    halves = re.split(rb"\r?\n\r?\n", raw, maxsplit=1)
    header = Message()
    for line in halves[0].decode("utf-8", "replace").splitlines():
        name, _, value = line.partition(":")
        header[name.strip()] = value.strip()
    return Part(
        str(header.get_param("name", "", "content-disposition")),
        str(header.get_filename("")),
        header.get_content_type() if "content-type" in header else "",
        str(header.get("content-transfer-encoding", "")).lower(),
        halves[1] if len(halves) > 1 else b"",
    )


def _answer(company: Company, pair: Pair, origin: Origin) -> Doc:
    try:
        return {"Attachable": _attach(company, pair, origin)}
    except FaultError as fault:
        return {"Fault": fault.fault()}


def _attach(company: Company, pair: Pair, origin: Origin) -> Doc:
    metadata = _metadata(pair)
    part = pair.parts.get("content")
    if part is None:
        raise missing(f"file_content_{pair.number}")
    name = str(metadata.get("FileName") or part.filename)
    if not name:
        raise missing("FileName")
    content = _content(part)
    if ending(name) not in TYPES or not content or not name.isprintable():
        raise FaultError(6041, f"Invalid Uploaded File : {name}", "FileName")
    media = metadata.get("ContentType") or part.media or TYPES[ending(name)]
    file = {CONTENT: company.files.put(content), "Size": len(content), "FileName": name, "ContentType": media}
    return write(company, UPLOADED, {**metadata, **file}, Operation.CREATE, origin=origin)


def _metadata(pair: Pair) -> Doc:
    part = pair.parts.get("metadata")
    if part is None:
        return {}
    found: Any = loads(part.content)
    if isinstance(found, dict) and set(found) == {"Attachable"}:
        found = found["Attachable"]
    other = _other_entity(found)
    if other:
        raise FaultError(
            6040,
            f"The file metadata submitted must be of Attachable type. Supplied Type: {other}, "
            f"request parameter: {part.name}.",
            part.name,
        )
    # A client must not name a content itself.
    return {name: value for name, value in found.items() if name != CONTENT}


def _other_entity(found: Any) -> str:
    """Return what the metadata is if it is no Attachable: another entity in its envelope, or no object."""
    if not isinstance(found, dict):
        return type(found).__name__
    names = [name for name, value in found.items() if isinstance(value, dict)]
    return names[0] if len(found) == 1 and names else ""


def _content(part: Part) -> bytes:
    if part.encoding != "base64":
        return part.content
    try:
        return base64.b64decode(b"".join(part.content.split()), validate=True)
    except binascii.Error as error:
        raise FaultError(6041, f"Invalid Uploaded File : {part.name} is not base64", part.name) from error
