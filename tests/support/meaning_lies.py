"""What a connector may say of accounting and time that is not so: each a lie of Lutèce's (file, text, what it says)."""

from __future__ import annotations

Edit = tuple[str, str, str]
STREAMS = "streams.py"


def said(old: str, new: str) -> Edit:
    return STREAMS, old, new


REFUND = "return refund(context, record, SOLD,"
INVOICE = 'return invoice(context, record, SOLD, customer=to, number=said.text("numero"), due=due)'
RECEIVED = (
    'received = payment(record, at=at, applied=settles, total=said.decimal("brut"), reference=said.text("piece", ""))'
)
FROM = "from raccord.plugin.sources import"
PAGE = "    return stream_page(context, source, STREAMS, stream, cursor)\n"


def changed(what: str) -> Edit:
    """Return the page with each of its records changed."""
    return said(
        PAGE,
        "    page = stream_page(context, source, STREAMS, stream, cursor)\n"
        f"    return page and replace(page, records=[{what} for one in page.records])\n",
    )


REPLACE = said(FROM, "from dataclasses import replace\n" + FROM)

LIES: dict[str, tuple[str, list[Edit]]] = {
    "a refund in the wrong sign": ("record.totals", [said("outgoing=True,", "")]),
    "tax that is in the amount counted once more": ("draft.links", [said('tax="tva",', 'tax="tva", inclusive=True,')]),
    "tax rounded line by line, not as stated": ("draft.printed", [said(INVOICE, "made = " + INVOICE[7:] + '''
    stated = [replace(one, amount=sum((line.amount * one.percent / 100 for line in made.lines
        if line.tax_code == Role("tax_reduced" if one.percent < 20 else "tax_standard")), one.amount * 0).quantize(one.amount))
        for one in made.taxes]
    off = sum(one.amount for one in stated) - sum(one.amount for one in made.taxes)
    line = replace(made.lines[-1], amount=made.lines[-1].amount - off, quantity=None, unit_price=None)
    return replace(made, taxes=tuple(stated), lines=(*made.lines[:-1], line))'''), REPLACE]),
    "a currency dropped": ("record.totals", [said('amount="total", currency="devise", draw=billed', 'amount="total", draw=billed')]),
    "a payment of the wrong customer": ("draft.applied", [said("received = payment(record,", 'received = payment(record, customer=Link("customers/C1"),')]),
    "part of a payment on another invoice of the customer": ("draft.applied", [said(RECEIVED, """if record.source_id == "P3":
        settles = [settling("invoices", id_, Decimal(part)) for id_, part in (("F5", "9.35"), ("F2", "10.65"))]
    """ + RECEIVED), said(FROM, "from decimal import Decimal\n" + FROM)]),
    "the same payment under two ids": ("record.totals", [REPLACE, said(PAGE,
        "    page = stream_page(context, source, STREAMS, stream, cursor)\n"
        '    twice = [replace(one, source_id=one.source_id + "b") for one in page.records if one.source_id == "P2"] if page else []\n'
        "    return page and replace(page, records=[*page.records, *twice])\n")]),
    "a void passed over": ("map.expected", [said('said.text("statut") == "annulée"', 'said.text("statut") == "supprimée"')]),
    "a void that does not take back": ("map.expected", [said('== "annulé":\n        return Skipped("lutece.void", TEXTS["void"], takes_back=True)', '== "annulé":\n        return Skipped("lutece.void", TEXTS["void"])')]),
    "a cancelled row never told": ("record.totals", [REPLACE, said(PAGE,
        "    page = stream_page(context, source, STREAMS, stream, cursor)\n"
        '    return page and replace(page, records=[one for one in page.records if one.raw.get("statut") != "annulé"])\n')]),
    "a page skipped": ("trial.records", [said('page="page",', 'page="page", first_page=2,')]),
    "the last page left out": ("fetch.raises", [said('page="page",', 'page="page", pages="nombre",')]),
    "the order of rows decides": ("identity.reordered", [REPLACE, said(PAGE,
        "    page = stream_page(context, source, STREAMS, stream, cursor)\n"
        '    return page and replace(page, records=[replace(one, source_id=f"{one.source_id}-{n}") for n, one in enumerate(page.records)])\n')]),
    "rows of the same moment skipped": ("identity.later", [REPLACE, said(PAGE,
        "    page = stream_page(context, source, STREAMS, stream, cursor)\n"
        '    if page is None or page.more:\n        return page\n'
        '    at = json.loads(page.cursor)\n    at["since"] = (datetime.fromisoformat(at["since"]) + timedelta(seconds=1)).isoformat()\n'
        '    return replace(page, cursor=json.dumps(at))\n'), said(FROM, "import json\nfrom datetime import datetime, timedelta\n" + FROM)]),
    "a day of UTC": ("day.zone", [REPLACE, said(FROM, "from datetime import UTC, datetime\n" + FROM), changed('replace(one, day=datetime.fromisoformat(str(one.raw["recu_le"])).astimezone(UTC).date()) if "recu_le" in one.raw else one')]),
    "an updated row told with its first amount": ("identity.later", [REPLACE, changed('one if context.kept(stream, one.source_id) is None else replace(one, amount=Money.of(str(context.kept(stream, one.source_id)["net"]), str(one.raw["devise"])), raw=context.kept(stream, one.source_id)) if stream == "payments" else one'), said("import FetchContext,", "import FetchContext, Money,")]),
    "an older word before a newer one": ("identity.later", [REPLACE, said(FROM, "from raccord.plugin import revised\n" + FROM), changed('replace(one, as_of=revised(-int(datetime.fromisoformat(str(one.raw["modifie_le"])).timestamp()) // 60))'), said(FROM, "from datetime import datetime\n" + FROM)]),
    "a refund as a payment below zero": ("draft.signs", [said(REFUND, "return Payment(key=record.key(), day=record.day, currency='EUR', customer=whose, deposit_to=place(context, said), total=record.amount.amount)\n    " + REFUND), said("import Customer,", "import Payment, Customer,")]),
    "a fee dropped": ("draft.effects", [said('"brut"', '"net"'), said('kept = place(context, said), said.decimal("frais")', 'kept = place(context, said), said.decimal("frais") * 0')]),
    "a fee on another account": ("draft.effects", [said('Role("fees")', 'Role("income")')]),
    "an unknown field dropped": ("identity.extended", [REPLACE, changed('replace(one, raw={name: value for name, value in one.raw.items() if name != "fresh"})')]),
    "a partial payment booked whole": ("draft.applied", [said('each.decimal("montant"))', 'said.decimal("brut"))')]),
    "a discount dropped": ("draft.taxes", [said(INVOICE, "made = " + INVOICE[7:] + "\n    return replace(made, lines=tuple(each for each in made.lines if each.amount > 0 or len(made.lines) == 1))"), REPLACE]),
    "a discount put into another line": ("draft.quantities", [said(INVOICE, "made = " + INVOICE[7:] + '''
    if len(made.lines) < 3:
        return made
    first = replace(made.lines[0], amount=made.lines[0].amount + made.lines[2].amount)
    return replace(made, lines=(first, made.lines[1]))'''), REPLACE]),
    "a quantity that is not what it costs": ("draft.quantities", [said('quantity="quantite"', 'quantity="net"')]),
    "a credit note as an invoice": ("draft.signs", [said(INVOICE, "made = " + INVOICE[7:] + '''
    if made.kind == "Invoice":
        return made
    return Invoice(key=made.key, day=made.day, currency=made.currency, customer=made.customer, total=-made.total, tax_mode=made.tax_mode,
        lines=tuple(replace(each, amount=-each.amount, quantity=None) for each in made.lines), taxes=tuple(replace(each, amount=-each.amount) for each in made.taxes))'''), REPLACE, said("import Customer,", "import Invoice, Customer,")]),
    "money on another account": ("draft.effects", [said('Role(context.terms.known(said.text("mode"), "mode").role)', 'Role(context.terms.known(said.text("mode"), "mode").role.replace("bank", "clearing"))')]),
    "a payment that settles nothing": ("draft.effects", [said("applied=settles,", 'applied=(), customer=CustomerOf(Link("invoices/" + said.each("ventilation")[0].text("facture"))),')]),
    "a rest of a payment settled too": ("draft.applied", [said('each.decimal("montant"))', 'said.decimal("brut") if record.source_id == "P3" else each.decimal("montant"))')]),
    "a line under another tax code": ("draft.links", [said('context, record, SOLD, customer', 'context, record, replace(SOLD, tax="titre"), customer')  , REPLACE]),
    "the number of another invoice": ("draft.printed", [said('number=said.text("numero")', 'number=said.text("client")')]),
    "a due date of today": ("draft.printed", [said('said.day("echeance")', "record.day")]),
    "the name of another field": ("draft.printed", [said('name=said.text("nom")', 'name=record.source_id')]),
    "an e-mail address dropped": ("draft.printed", [said('email=said.text("courriel", "")', 'email=""')]),
    "what was sold not said": ("draft.printed", [said('description="titre", ', "")]),
    "a refund of nobody": ("draft.printed", [said("customer=whose,", "")]),
    "a refund of another customer": ("draft.printed", [said("customer=whose,", 'customer=Link("customers/C2"),')]),
    "two payments made one": ("map.expected", [said('    return [received, *fee', '    if record.source_id == "P2":\n        return Skipped("lutece.void", TEXTS["void"])\n    return [received, *fee')]),
}  # fmt: skip
"""Every lie with a rule that catches it."""
