"""Files attached to documents, in QuickBooks' words."""

from __future__ import annotations

from raccord.plugin.drafts import Attachment
from raccord.quickbooks.codec.errors import EncodeError
from raccord.quickbooks.codec.json_text import Json, JsonObject
from raccord.quickbooks.codec.names import clean_text, within
from raccord.quickbooks.codec.notes import private_note
from raccord.quickbooks.codec.sheet import Sheet

_NOTE_LENGTH = 2000
_NAME_LENGTH = 1000
_TYPES = {
    "ai": "application/postscript",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "eps": "application/postscript",
    "gif": "image/gif",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "pdf": "application/pdf",
    "png": "image/png",
    "rtf": "text/rtf",
    "tif": "image/tiff",
    "txt": "text/plain",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "text/xml",
}
"""What QuickBooks takes, by the ending of the file's name."""


def attachable(draft: Attachment, sheet: Sheet, marker: str) -> JsonObject:
    """Return what accompanies the bytes: name, type, our mark, and the document they belong to."""
    name = within(clean_text(draft.name, lines=False), _NAME_LENGTH, "name")
    ending = name.rpartition(".")[2].lower()
    if "." not in name or ending not in _TYPES:
        raise EncodeError(
            "encoding.file_type",
            f"QuickBooks ne prend pas de fichier « {name} » ; il prend {', '.join(_TYPES)}. "
            "Convertissez-le, ou joignez-le à la main.",
            f'QuickBooks does not take a file "{name}"; it takes {", ".join(_TYPES)}. '
            "Convert it, or attach it by hand.",
            "name",
        )
    target = sheet.id(draft.document, "document")
    kind = sheet.kind_of(draft.document)
    if not kind:
        raise EncodeError(
            "encoding.target_unknown",
            f"Raccord ne sait pas de quel genre est le document « {draft.document.key} » ; le fichier attend.",
            f'Raccord does not know of what kind the document "{draft.document.key}" is; the file waits.',
            "document",
        )
    refs: list[Json] = [{"EntityRef": {"type": kind, "value": target}, "IncludeOnSend": False}]
    return {
        "FileName": name,
        "ContentType": _TYPES[ending],
        "Note": private_note(draft.note, "", marker, _NOTE_LENGTH),
        "AttachableRef": refs,
    }
