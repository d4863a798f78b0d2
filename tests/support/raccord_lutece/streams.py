"""What Lutèce tells of each stream, and the document that a row of it becomes."""

from collections.abc import Sequence

from raccord.plugin import FetchContext, Fields, MapContext, Mapped, Page, Record, Skipped, Text, hookimpl, texts_of
from raccord.plugin.documents import SaleFields, entry, invoice, payment, refund, settling
from raccord.plugin.drafts import Customer, CustomerOf, Draft, Link, Role
from raccord.plugin.sources import RestSource, RestStream, map_row, stream_page
from raccord_lutece.settings import Settings

TEXTS = texts_of("raccord_lutece")
SOLD = SaleFields(
    lines="lignes", amount="net", description="titre", quantity="quantite", price="prix", tax="tva",
    taxes="taxes", percent="taux", tax_amount="montant",
)  # fmt: skip


def customer(context: MapContext, record: Record, said: Fields) -> Customer:
    currency = said.text("devise", context.home_currency)
    return Customer(key=record.key(), name=said.text("nom"), email=said.text("courriel", ""), currency=currency)


def billed(context: MapContext, record: Record, said: Fields) -> Draft | Skipped:
    if said.text("statut") == "annulée":
        return Skipped("lutece.void", TEXTS["void"], takes_back=True)
    to, due = Link(f"customers/{said.text('client')}"), said.day("echeance")
    return invoice(context, record, SOLD, customer=to, number=said.text("numero"), due=due)


def paid(context: MapContext, record: Record, said: Fields) -> Sequence[Draft] | Skipped:
    if said.text("statut") == "annulé":
        return Skipped("lutece.void", TEXTS["void"], takes_back=True)
    at, kept = place(context, said), said.decimal("frais")
    settles = [settling("invoices", each.text("facture"), each.decimal("montant")) for each in said.each("ventilation")]
    received = payment(record, at=at, applied=settles, total=said.decimal("brut"), reference=said.text("piece", ""))
    fee = [entry(record, [(Role("fees"), kept), (at, -kept)], money=at, purpose="fee")] if kept else []
    return [received, *fee]


def given_back(context: MapContext, record: Record, said: Fields) -> Draft:
    whose = CustomerOf(Link(f"invoices/{said.text('facture')}"))
    return refund(context, record, SOLD, at=place(context, said), customer=whose, memo=said.text("motif", ""))


def place(context: MapContext, said: Fields) -> Role:
    return Role(context.terms.known(said.text("mode"), "mode").role)


PEOPLE, INVOICES = Text("Clients", "Customers"), Text("Factures et avoirs", "Invoices and credit notes")
PAYMENTS, REFUNDS = Text("Encaissements", "Payments"), Text("Remboursements", "Refunds")
STREAMS = (
    RestStream(name="customers", label=PEOPLE, path="clients", draw=customer),
    RestStream(
        name="invoices", label=INVOICES, path="factures", day="date", amount="total", currency="devise", draw=billed
    ),
    RestStream(
        name="payments", label=PAYMENTS, path="encaissements", moment="recu_le", amount="net", currency="devise",
        draw=paid,
    ),
    RestStream(
        name="refunds", label=REFUNDS, path="remboursements", moment="rendu_le", amount="total", outgoing=True,
        draw=given_back,
    ),
)  # fmt: skip


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    settings = Settings.of(context)
    source = RestSource(
        name="lutece", url=f"{settings.address}/api/v1", bearer=settings.api_token, rows="donnees", page="page",
        limit="par_page", since="modifie_depuis", changed="modifie_le",
    )  # fmt: skip
    return stream_page(context, source, STREAMS, stream, cursor)


@hookimpl
def map_record(context: MapContext, record: Record) -> Mapped | Skipped | None:
    return map_row(context, STREAMS, record)
