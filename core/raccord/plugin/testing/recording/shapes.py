"""What a recording is on disk, and reading one that may be damaged, newer, or none at all."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from raccord.plugin.texts import Text

VERSION: Final = 1
FORMAT: Final = "raccord-recording"
BYTES_MAX = 16 * 1024 * 1024
EXCHANGES_MAX = 2_000
FILES_MAX = 500
BODY_BYTES_MAX = 4 * 1024 * 1024
LINE_MAX = BODY_BYTES_MAX


class RecordingError(ValueError):
    """Raised where a recording cannot be made, read or replayed; ``text`` says what and why, ``fix`` what to do."""

    def __init__(self, code: str, text: Text, fix: Text) -> None:
        super().__init__(code, text, fix)
        self.code = code
        self.text = text
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.code}: {self.text.en} {self.fix.en}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Setting = str | bool | int | list[str] | dict[str, str]
Line = Annotated[str, Field(max_length=LINE_MAX)]


class RecordedExchange(_Part):
    """A request and its answer; ``refused`` says what core made of an answer that is none."""

    method: Literal["GET", "POST", "PUT", "DELETE"]
    url: Annotated[str, Field(max_length=10_000)]
    sent: list[Line] = []
    status: int = Field(0, ge=0, le=599)
    headers: dict[str, str] = {}
    body: list[Line] = []
    refused: Literal["", "reauthorise", "retry_later", "source_refused"] = ""


class RecordedFile(_Part):
    """A file as it arrived, text by lines."""

    name: Annotated[str, Field(max_length=1_000)]
    encoding: Literal["utf-8", "cp1252", "latin-1"] = "utf-8"
    lines: list[Line]


class LeftOut(_Part):
    """A file that was not kept, and why."""

    name: str
    bytes: int
    why: Literal["not_text", "too_large"]


class RecordingFile(_Part):
    """The whole recording."""

    format: Literal["raccord-recording"] = FORMAT
    version: Literal[1] = VERSION
    connector: Annotated[str, Field(max_length=100)]
    connector_version: str
    now: datetime
    time_zone: str
    home_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    starts_on: date
    settings: dict[str, Setting]
    exchanges: Annotated[list[RecordedExchange], Field(max_length=EXCHANGES_MAX)] = []
    files: Annotated[list[RecordedFile], Field(max_length=FILES_MAX)] = []
    left_out: list[LeftOut] = []

    def written(self) -> bytes:
        """Return the file: JSON over lines, the same each time."""
        value = self.model_dump(mode="json")
        return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def read_recording(content: bytes, name: str = "") -> RecordingFile:
    """Read a recording; raises :class:`RecordingError` that says what is wrong with it, where, and what to do."""
    shown = name or "recording"
    if len(content) > BYTES_MAX:
        raise RecordingError(
            "recording.too_large",
            Text(f"{shown} : plus de {BYTES_MAX // 2**20} Mio.", f"{shown}: more than {BYTES_MAX // 2**20} MiB."),
            Text("Enregistrez moins de jours (--since).", "Record fewer days (--since)."),
        )
    try:
        value = json.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise _damaged(shown, f"octet {error.start}", f"byte {error.start}", "pas de l'UTF-8", "not UTF-8") from None
    except json.JSONDecodeError as error:
        where = f"{error.lineno}:{error.colno}"
        raise _damaged(shown, f"ligne {where}", f"line {where}", "JSON incomplet", "JSON breaks off") from None
    except RecursionError:
        raise _damaged(shown, "ligne 1", "line 1", "trop de niveaux", "too many levels") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise RecordingError(
            "recording.none",
            Text(f"{shown} n'est pas un enregistrement de Raccord.", f"{shown} is no recording of Raccord's."),
            Text("Faites-en un avec « raccord record ».", "Make one with “raccord record”."),
        )
    version = value.get("version")
    if isinstance(version, int) and version > VERSION:
        raise RecordingError(
            "recording.newer",
            Text(
                f"{shown} est de la version {version} ; ce Raccord lit jusqu'à la version {VERSION}.",
                f"{shown} is of version {version}; this Raccord reads up to version {VERSION}.",
            ),
            Text("Mettez Raccord à jour, ou refaites l'enregistrement ici.", "Update Raccord, or record again here."),
        )
    try:
        return RecordingFile.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(each) for each in first["loc"]) or "–"
        raise _damaged(shown, where, where, first["msg"], first["msg"]) from None


def _damaged(name: str, where_fr: str, where_en: str, why_fr: str, why_en: str) -> RecordingError:
    return RecordingError(
        "recording.damaged",
        Text(f"{name} est abîmé, à {where_fr} : {why_fr}.", f"{name} is damaged, at {where_en}: {why_en}."),
        Text(
            "Reprenez l'original, ou refaites l'enregistrement avec « raccord record ».",
            "Take the original again, or record once more with “raccord record”.",
        ),
    )
