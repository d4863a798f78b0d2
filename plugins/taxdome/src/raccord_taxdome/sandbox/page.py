"""The twin's page: what the practice has, and a form for each thing that a person does in TaxDome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from urllib.parse import quote

from raccord.plugin import Language, Text
from raccord.plugin.testing import ContractTwin
from raccord_taxdome.contract import CONTRACT
from raccord_taxdome.sandbox.practice import Practice, Value

Typed = Mapping[str, str]
Deed = Callable[[Practice, Typed], str]


def _line(practice: Practice, typed: Typed) -> Value:
    """Return what is billed: a service of the list, or words and a rate of its own."""
    own = {name: typed[name] for name in ("name", "rate") if typed.get(name)}
    return practice.line(typed.get("service", ""), quantity=typed.get("quantity", "1"), **own)


_DEEDS: dict[str, tuple[Text, tuple[str, ...], Deed]] = {
    "account": (Text("Créer un client", "Create an account"), ("name",), lambda p, t: p.account(t["name"])),
    "rename": (
        Text("Renommer un client", "Rename an account"),
        ("account", "name"),
        lambda p, t: p.change("account", t["account"], name=t["name"]),
    ),
    "service": (
        Text("Créer un service", "Create a service"),
        ("name", "rate"),
        lambda p, t: p.service(t["name"], t["rate"]),
    ),
    "invoice": (
        Text("Facturer", "Invoice"),
        ("account", "service", "name", "rate"),
        lambda p, t: p.invoice(t["account"], _line(p, t)),
    ),
    "draft": (
        Text("Préparer une ébauche", "Prepare a draft"),
        ("account", "service", "name", "rate"),
        lambda p, t: p.invoice(t["account"], _line(p, t), status="draft"),
    ),
    "issue": (
        Text("Émettre une ébauche", "Issue a draft"),
        ("invoice",),
        lambda p, t: p.change("invoice", t["invoice"], status="unpaid"),
    ),
    "void": (
        Text("Annuler une facture", "Void an invoice"),
        ("invoice",),
        lambda p, t: p.change("invoice", t["invoice"], status="voided"),
    ),
    "payment": (
        Text("Encaisser par carte", "Take a card payment"),
        ("invoice", "amount"),
        lambda p, t: p.pay(t["invoice"], t.get("amount", "")),
    ),
    "refund": (
        Text("Rembourser", "Refund"),
        ("payment", "amount"),
        lambda p, t: p.refund(t["payment"], t["amount"]),
    ),
    "delete": (
        Text("Supprimer un paiement", "Delete a payment"),
        ("payment",),
        lambda p, t: p.change("payment", t["payment"], deleted=True),
    ),
    "leave": (
        Text("Ne pas synchroniser un paiement", "Do not sync a payment"),
        ("payment",),
        lambda p, t: p.change("payment", t["payment"], sync=False),
    ),
    "promotion": (
        Text("Payer par crédit promotionnel", "Pay with a promotional credit"),
        ("invoice", "amount"),
        lambda p, t: p.pay(t["invoice"], t["amount"], source="promotional_credit", provider="none"),
    ),
    "credit": (
        Text("Donner un crédit promotionnel", "Give a promotional credit"),
        ("account", "amount"),
        lambda p, t: p.credit(t["account"], t["amount"]),
    ),
    "use": (
        Text("Payer avec le crédit d’un paiement", "Pay with the credit of a payment"),
        ("payment", "invoice", "amount"),
        lambda p, t: p.use_credit(t["payment"], t["invoice"], t["amount"]),
    ),
    "fee": (
        Text("Retenir des frais", "Keep a fee"),
        ("payment", "amount"),
        lambda p, t: p.fee(t["amount"], t["payment"]),
    ),
    "payout": (Text("Verser à la banque", "Pay out to the bank"), ("payment",), lambda p, t: p.payout(t["payment"])),
}
_WORDS = {
    "account": Text("Client", "Account"),
    "service": Text("Service", "Service"),
    "name": Text("Nom", "Name"),
    "rate": Text("Tarif", "Rate"),
    "invoice": Text("Facture", "Invoice"),
    "payment": Text("Paiement", "Payment"),
    "amount": Text("Montant", "Amount"),
    "credit": Text("Crédit", "Credit"),
    "refund": Text("Remboursement", "Refund"),
}
_TITLE = Text("TaxDome, jumeau d’essai", "TaxDome, a twin for trials")
_REFUSED = Text("Refusé : il manque quelque chose, ou cela n’existe pas.", "Refused: something is missing or unknown.")
_DONE = Text("Fait :", "Done:")
_SHOWN = ("account", "service", "invoice", "payment", "credit", "refund")
_COLUMNS = ("id", "number", "name", "account_id", "payment_id", "date", "amount", "total", "source", "sync", "deleted")


def twin_of(practice: Practice, *, page_size: int = 100) -> ContractTwin:
    """Return a practice as a service with its page."""
    return ContractTwin(
        CONTRACT,
        practice,
        page=lambda language, said: page(practice, language, said),
        act=lambda deed, typed: act(practice, deed, typed),
        page_size=page_size,
    )


def act(practice: Practice, deed: str, typed: Typed) -> str:
    """Do what a person clicked; return the new object's id, or ``!`` where it cannot be done."""
    found = _DEEDS.get(deed)
    if found is None:
        return "!"
    try:
        return quote(found[2](practice, typed))
    except (KeyError, ArithmeticError):
        return "!"


def page(practice: Practice, language: str, said: str) -> str:
    """Return the page in French, or in English where that is asked."""
    tongue: Language = "en" if language == "en" else "fr"
    other = "fr" if tongue == "en" else "en"
    note = _REFUSED.get(tongue) if said == "!" else f"{_DONE.get(tongue)} {said}" if said else ""
    forms = "".join(_form(name, *each[:2], tongue) for name, each in _DEEDS.items())
    tables = "".join(_table(practice, kind, tongue) for kind in _SHOWN)
    return (
        f'<!doctype html><html lang="{tongue}"><meta charset="utf-8"><title>{_TITLE.get(tongue)}</title>'
        f'<h1>{_TITLE.get(tongue)}</h1><p><a href="/?lang={other}">{other}</a></p>'
        f'<p role="status">{escape(note)}</p>{forms}{tables}</html>'
    )


def _form(name: str, title: Text, fields: tuple[str, ...], tongue: Language) -> str:
    inputs = "".join(f'<label>{_WORDS[field].get(tongue)} <input name="{field}"></label> ' for field in fields)
    hidden = f'<input type="hidden" name="lang" value="{tongue}">'
    return f'<form method="post" action="/do/{name}">{hidden}{inputs}<button>{title.get(tongue)}</button></form>'


def _table(practice: Practice, kind: str, tongue: Language) -> str:
    values = practice.all(kind)
    columns = [name for name in _COLUMNS if any(name in value for value in values)]
    head = "".join(f"<th>{name}</th>" for name in columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(_cell(value.get(name)))}</td>" for name in columns) + "</tr>" for value in values
    )
    return f"<h2>{_WORDS[kind].get(tongue)}</h2><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _cell(value: object) -> str:
    return "" if value is None else str(value)
