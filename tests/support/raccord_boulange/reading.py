"""Tickets and payouts of the API become records."""

from collections.abc import Mapping

from raccord.plugin import JSON, FetchContext, Fields, Page, Record, hookimpl, revised
from raccord.plugin.sources import RestSource, rest_page
from raccord_boulange.settings import Settings


@hookimpl
def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:
    def ticket(row: Mapping[str, JSON]) -> Record:
        said = Fields(row)
        # What a voided ticket or a gift card pays moves no money.
        moves = not said.flag("void") and said.text("tender") != "gift"
        amount = said.minor("total_cents", context.home_currency) if moves else None
        as_of = revised(said.whole("revision", 1))
        return Record(stream, said.text("id"), context.days.day_of(said.moment("closed_at")), row, amount, as_of)

    def payout(row: Mapping[str, JSON]) -> Record:
        said = Fields(row)
        return Record(stream, said.text("id"), said.day("date"), row, said.minor("net_cents", context.home_currency))

    make = {"tickets": ticket, "payouts": payout}.get(stream)
    if make is None:
        return None
    settings = Settings.of(context)
    url, token = f"{settings.address}/v2/{stream}", settings.api_token
    since = "since" if stream == "tickets" else ""
    source = RestSource(
        name="boulange", url=url, bearer=token, rows=stream, page_size=50, since=since, changed="closed_at"
    )
    return rest_page(context, source, stream, cursor, make)
