"""A request to a company and its answer, free of HTTP's machinery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.wire import dumps

JSON = "application/json;charset=UTF-8"
XML = "application/xml;charset=UTF-8"
TEXT = "text/plain;charset=UTF-8"
PDF = "application/pdf"
JSON_TYPES = ("application/json", "text/json")
XML_TYPES = ("application/xml", "text/xml")
STATEMENT_TYPES = ("application/text", "text/plain")


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a company."""

    method: str
    realm: str
    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    address: str = ""
    """Scheme, host and port by which the client reaches the sandbox."""
    marks: frozenset[str] = frozenset()
    """What the fault lab wants done to it."""
    body: bytes = b""

    @property
    def wants_json(self) -> bool:
        """Tell whether the client asks for JSON; the service answers XML to all others."""
        return any(media in self.headers.get("accept", "").lower() for media in JSON_TYPES)

    @property
    def content_type(self) -> str:
        """Return the media type of the body without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_upload(self) -> bool:
        """Tell whether the body is a form of files."""
        return self.method == "POST" and self.path.strip("/") == "upload"

    @property
    def is_write(self) -> bool:
        """Tell whether a request id counts."""
        return self.method == "POST" and self.path.strip("/") != "query"

    @property
    def request_id(self) -> str:
        """Return the request id, empty where there is none."""
        return self.parameters.get("requestid", "")

    @property
    def include(self) -> frozenset[str]:
        """Return the words of the parameter `include`."""
        return frozenset(word.strip() for word in self.parameters.get("include", "").split(","))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    status: int
    body: str | bytes
    media: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(doc: Doc, status: int = 200) -> Answer:
    """Return an answer from its JSON."""
    return Answer(status, dumps(doc))
