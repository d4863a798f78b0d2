"""A ticket becomes a receipt or a refund receipt, a payout a deposit; pure."""

from decimal import Decimal

from raccord.plugin import BadRecord, Fields, MapContext, Mapped, Money, Record, Skipped, hookimpl, texts_of
from raccord.plugin.documents import entry, payout, sale
from raccord.plugin.drafts import Accepts, Decision, ItemFor, Role, SalesLine, StatedTax, TaxMode
from raccord_boulange.settings import Settings

TEXTS = texts_of("raccord_boulange")
RATES = {"TPS": Decimal(5), "TVQ": Decimal("9.975")}


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    return map_ticket(context, record) if record.stream == "tickets" else map_payout(context, record)


def map_ticket(context: MapContext, record: Record) -> Mapped | Skipped:
    said, currency, gift_sku = Fields(record.raw), context.home_currency, Settings.of(context).gift_sku
    if said.flag("void"):
        return Skipped("boulange.void", TEXTS["void"])
    lines, taxes = [], []
    for one in said.each("lines"):
        sku, quantity = one.text("sku"), one.decimal("qty")
        amount = Money(one.minor("unit_cents", currency).amount * quantity, currency).rounded().amount
        item = ItemFor(Role("gift_cards" if sku == gift_sku else "income"))
        code = Role(context.terms.known(one.text("tax"), "tax").role)
        lines.append(SalesLine(item=item, amount=amount, description=f"{quantity} × {sku}", tax_code=code))
    for one in said.each("taxes"):
        if (percent := RATES.get(one.text("name"))) is None:
            raise BadRecord("taxes", TEXTS["tax_unknown"], "boulange.tax_unknown")
        taxes.append(StatedTax(percent=percent, amount=one.minor("cents", currency).amount))
    total, tender = said.minor("total_cents", currency).amount, said.text("tender")
    # Where the money of an unknown tender went, a person says, ticket by ticket.
    asked = Decision(name="tender", accepts=Accepts.CLEARING, suggestion=tender, label=TEXTS["tender"])
    at = Role(term.role) if (term := context.terms.get(tender)) else asked
    memo = f"{said.text('store')} {record.source_id} {said.text('refund_of', '')}".strip()
    mode = TaxMode.EXCLUSIVE
    receipt = sale(context, record, at=at, lines=lines, total=total, tax_mode=mode, taxes=taxes, memo=memo)
    if record.amount is not None or not total:
        return Mapped([receipt])
    # Paid by gift card: no money comes in, what is owed to its holder goes down.
    moves = [(Role("gift_cards"), total), (at, -total)]
    return Mapped([receipt, entry(record, moves, money=at, purpose="gift", currency=currency, memo=memo)])


def map_payout(context: MapContext, record: Record) -> Mapped:
    said = Fields(record.raw)
    gross, fee = (said.minor(name, context.home_currency).amount for name in ("gross_cents", "fee_cents"))
    memo = f"{record.source_id}: {', '.join(said.texts('tickets'))}"[:1000]
    return Mapped([payout(record, Role("bank"), [(Role("clearing"), gross), (Role("fees"), -fee)], memo=memo)])
