"""XML of answers, made from their JSON: names in lower case are attributes, references hold their id as text."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from raccord_sandbox.refusing.faults import Doc

NAMESPACE = "http://schema.intuit.com/finance/v3"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
VALUE_IS_ATTRIBUTE = frozenset({"ColData"})
"""Elements whose `value` is an attribute too, unlike that of a reference."""
ORDER = {
    name: place
    for place, name in enumerate(
        (
            *("Id", "SyncToken", "MetaData", "CustomField", "AttachableRef"),
            *("LineNum", "Description", "Amount", "LinkedTxn", "DetailType"),
            *("DocNumber", "TxnDate", "DepartmentRef", "CurrencyRef", "ExchangeRate", "PrivateNote", "TxnStatus"),
            *("Line", "TxnTaxDetail", "TxnSource"),
            *("Title", "GivenName", "MiddleName", "FamilyName", "Suffix", "FullyQualifiedName", "CompanyName"),
            *("DisplayName", "PrintOnCheckName", "Active", "PrimaryPhone", "AlternatePhone", "Mobile", "Fax"),
            *("PrimaryEmailAddr", "WebAddr", "OtherContactInfo", "DefaultTaxCodeRef"),
            *("CreateTime", "LastUpdatedTime", "Message", "Detail"),
        )
    )
}
"""The order of the schema for what most entities share; the rest follows as the JSON has it."""


def markup(answer: Doc) -> str:
    """Return an answer as the XML that the service gives to those who ask for no JSON."""
    if "fault" in answer:
        answer = _plain_fault(answer)
    root = "Report" if "Columns" in answer else "IntuitResponse"
    time = f" time={quoteattr(str(answer['time']))}" if "time" in answer else ""
    inner = "".join(_children({name: value for name, value in answer.items() if name != "time"}))
    return f"{HEAD}\n<{root} xmlns={quoteattr(NAMESPACE)}{time}>{inner}</{root}>"


def _plain_fault(answer: Doc) -> Doc:
    """Return the gateway's lower-case fault under the names of the schema."""
    errors = [
        {"code": error["code"], "Message": error["message"], "Detail": error["detail"]}
        for error in answer["fault"]["error"]
    ]
    return {"Fault": {"type": answer["fault"]["type"], "Error": errors}}


def _children(doc: Doc) -> Iterator[str]:
    # Python's sort is stable, so what the schema does not order stays as it is.
    for name in sorted(doc, key=lambda name: ORDER.get(name, len(ORDER))):
        value = doc[name]
        for one in value if isinstance(value, list) else [value]:
            yield _element(name, one)


def _element(name: str, value: Any) -> str:
    if not isinstance(value, dict):
        return "" if value is None else f"<{name}>{escape(_text(value))}</{name}>"
    attributes, text = "", ""
    for key, item in value.items():
        if key == "value" and name not in VALUE_IS_ATTRIBUTE:
            text = escape(_text(item))
        elif key[:1].islower() and item not in ("", None):
            attributes += f" {key}={quoteattr(_text(item))}"
    inner = text + "".join(_children({key: item for key, item in value.items() if not key[:1].islower()}))
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"


def _text(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return format(value, "f")
        case _:
            return _clean(str(value))


def _clean(text: str) -> str:
    """Return text without the characters that XML cannot hold."""
    return "".join(mark for mark in text if mark in "\t\n\r" or (mark >= " " and mark not in "\ufffe\uffff"))
