"""The twin's page: what the firm has, and a form for each thing that a person does in Plannit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

from raccord.plugin import Language, Text
from raccord_plannit.sandbox.firm import Firm, Sold

Typed = Mapping[str, str]
Deed = Callable[[Firm, Typed], str]


def _sold(typed: Typed) -> Sold:
    return Sold(item=typed.get("item", ""), name=typed.get("name", ""), price=typed.get("price", ""))


_DEEDS: dict[str, tuple[Text, tuple[str, ...], Deed]] = {
    "contact": (Text("Créer un contact", "Create a contact"), ("name",), lambda f, t: f.contact(t["name"])),
    "item": (Text("Créer un article", "Create an item"), ("name", "price"), lambda f, t: f.item(t["name"], t["price"])),
    "invoice": (
        Text("Facturer", "Invoice"),
        ("contact", "item", "name", "price"),
        lambda f, t: f.invoice(t["contact"], _sold(t)),
    ),
    "payment": (
        Text("Encaisser une facture", "Take a payment"),
        ("invoice", "amount"),
        lambda f, t: f.pay(t["invoice"], t.get("amount", "")),
    ),
    "advance": (
        Text("Encaisser une avance", "Take an advance"),
        ("contact", "amount"),
        lambda f, t: f.advance(t["contact"], t["amount"]),
    ),
    "void": (Text("Annuler un paiement", "Void a payment"), ("payment",), lambda f, t: f.void(t["payment"])),
    "credit": (
        Text("Donner un crédit promotionnel", "Give a promotional credit"),
        ("contact", "invoice", "name", "price"),
        lambda f, t: f.credit(t["contact"], _sold(t), invoice=t.get("invoice", "")),
    ),
}
_WORDS = {
    "contact": Text("Contact", "Contact"),
    "item": Text("Article", "Item"),
    "name": Text("Nom", "Name"),
    "price": Text("Prix", "Price"),
    "invoice": Text("Facture", "Invoice"),
    "payment": Text("Paiement", "Payment"),
    "amount": Text("Montant", "Amount"),
}
_TITLE = Text("Plannit, jumeau d’essai", "Plannit, a twin for trials")
_REFUSED = Text("Refusé : il manque quelque chose, ou cela n’existe pas.", "Refused: something is missing or unknown.")
_DONE = Text("Fait :", "Done:")
_SHOWN = ("contact", "item", "invoice", "payment", "credit")


def act(firm: Firm, deed: str, typed: Typed) -> str:
    """Do what a person clicked; return the new object's id, or ``!`` where it cannot be done."""
    found = _DEEDS.get(deed)
    if found is None:
        return "!"
    try:
        return quote(found[2](firm, typed))
    except (KeyError, ArithmeticError):
        return "!"


def page(firm: Firm, language: str, said: str) -> str:
    """Return the page in French, or in English where that is asked."""
    tongue: Language = "en" if language == "en" else "fr"
    other = "fr" if tongue == "en" else "en"
    note = _REFUSED.get(tongue) if said == "!" else f"{_DONE.get(tongue)} {said}" if said else ""
    forms = "".join(_form(name, *each[:2], tongue) for name, each in _DEEDS.items())
    tables = "".join(_table(firm, kind, tongue) for kind in _SHOWN)
    return (
        f'<!doctype html><html lang="{tongue}"><meta charset="utf-8"><title>{_TITLE.get(tongue)}</title>'
        f'<h1>{_TITLE.get(tongue)}</h1><p><a href="/?lang={other}">{other}</a></p>'
        f'<p role="status">{escape(note)}</p>{forms}{tables}</html>'
    )


def _form(name: str, title: Text, fields: tuple[str, ...], tongue: Language) -> str:
    inputs = "".join(f'<label>{_WORDS[field].get(tongue)} <input name="{field}"></label> ' for field in fields)
    hidden = f'<input type="hidden" name="lang" value="{tongue}">'
    return f'<form method="post" action="/do/{name}">{hidden}{inputs}<button>{title.get(tongue)}</button></form>'


def _table(firm: Firm, kind: str, tongue: Language) -> str:
    shown = ("id", "number", "display_name", "name", "contact_id", "invoice_id", "date", "amount", "total", "voided_at")
    values = firm.all(kind)
    columns = [name for name in shown if any(name in value for value in values)]
    head = "".join(f"<th>{name}</th>" for name in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(str(value.get(name) or ''))}</td>" for name in columns) + "</tr>"
        for value in values
    )
    title = _WORDS.get(kind, Text("Crédit", "Credit")).get(tongue)
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
