"""XML of requests, read into the JSON that the same request would have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat  # a document type, the way to harm, is refused below

from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.refusing.faults import Doc, FaultError
from raccord_sandbox.schema import LINE_COMMON, Block, Line, Many, Property, Ref

DEEPEST = 50
ATTRIBUTES_KEPT = frozenset({"sparse", "domain"})


@dataclass(slots=True)
class Element:
    """One element with its name without namespace."""

    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    text: str = ""


def entity_of(body: bytes, name: str) -> Doc:
    """Return the entity that a request holds. Raises 2010 for other XML."""
    root = parsed(body)
    if root.name != name:
        raise FaultError(2000, f"Invalid or unsupported object name : {root.name}", root.name)
    return _entity(root)


def batch_of(body: bytes) -> Doc:
    """Return a batch as its JSON would be."""
    items = []
    for item in parsed(body).children:
        doc: Doc = {name: item.attributes[name] for name in ("bId", "operation") if name in item.attributes}
        for child in item.children:
            doc[child.name] = _entity(child) if child.name in KINDS else _loose(child)
        items.append(doc)
    return {"BatchItemRequest": items}


def parsed(body: bytes) -> Element:
    """Return the root of a document. Raises 2010 for what is no XML, nests too deep or brings a document type."""
    top = Element("")
    stack = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(stack) > DEEPEST:
            raise _unreadable("too deep")
        element = Element(name.rpartition(" ")[2], attributes)
        stack[-1].children.append(element)
        stack.append(element)

    def end(name: str) -> None:
        stack.pop()

    def text(data: str) -> None:
        stack[-1].text += data

    def doctype(*declaration: object) -> None:
        raise _unreadable("a document type is not allowed")

    reader = expat.ParserCreate(namespace_separator=" ")
    reader.buffer_text = True
    reader.StartElementHandler, reader.EndElementHandler, reader.CharacterDataHandler = start, end, text
    reader.StartDoctypeDeclHandler = doctype
    try:
        reader.Parse(body, True)
    except (expat.ExpatError, LookupError) as error:  # the latter of an encoding that nobody knows
        raise _unreadable(str(error)) from error
    return top.children[0]


def _unreadable(why: str) -> FaultError:
    return FaultError(2010, f"Property Name:failed to parse xml object; {why}", "Property Name")


def _entity(element: Element) -> Doc:
    kind = KINDS.get(element.name)
    doc = _object(element, {} if kind is None else kind.properties)
    return doc | {name: value for name, value in element.attributes.items() if name in ATTRIBUTES_KEPT}


def _object(element: Element, properties: Mapping[str, Property]) -> Doc:
    doc: Doc = {}
    for child in element.children:
        known = properties.get(child.name)
        if isinstance(known, Many):
            doc.setdefault(child.name, []).append(_value(child, known.item))
        else:
            doc[child.name] = _value(child, known)
    return doc


def _value(element: Element, known: Property | None) -> Any:
    match known:
        case Line():
            return _object(element, {**LINE_COMMON, **known.details, "DescriptionLineDetail": Block({})})
        case Block() if "value" in known.properties and not element.children:
            return {"value": element.text.strip(), **element.attributes}
        case Block():
            return _object(element, known.properties)
        case Ref():
            return {"value": element.text.strip(), **element.attributes}
        case _:
            return _loose(element)


def _loose(element: Element) -> Any:
    """Return an element of unknown type: an object where it has children, a reference where its name says so."""
    if element.children:
        return _object(element, {})
    if element.name.endswith("Ref"):
        return {"value": element.text.strip(), **element.attributes}
    return element.text
