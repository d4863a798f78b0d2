"""What PayPal calls the columns of its files in languages in which nobody knows all of the names."""

from __future__ import annotations

from collections.abc import Sequence

from raccord_bankfeed.readers.table.words import Part, part_of

_ZONES = frozenset(
    {
        *(
            "timezone",
            "time zone",
            "fuseau horaire",
            "zeitzone",
            "tijdzone",
            "zona horaria",
            "fuso orario",
            "fuso horario",
        ),
        *("strefa czasowa", "tidszon", "tidszone", "tidssone", "casove pasmo", "aikavyohyke", "часовой пояс"),
    }
)
"""What PayPal calls the column of time zones, which nobody else has beside amounts before and after a fee."""
_PAYPALS = {"liquido": Part.NET, "id da transacao": Part.ID, "numer transakcji": Part.ID}
"""Names that say so little at others that they are believed of PayPal alone."""


def take_paypals(columns: dict[Part, int], plains: Sequence[str], cells: Sequence[str]) -> None:
    """Know PayPal's fee by where it stands, and its time, in a language in which nobody knows what it calls them."""
    zone = next((number for number, name in enumerate(plains) if name in _ZONES), None)
    if zone is None or (gross := columns.get(Part.GROSS)) is None:
        return
    own = {part: number for number, name in enumerate(plains) if (part := _PAYPALS.get(name)) is not None}
    if (columns | own).get(Part.NET) != gross + 2:
        return
    columns.update(own)
    if Part.FEE not in columns and part_of(cells[gross + 1]) is None:
        columns[Part.FEE] = gross + 1
    columns.setdefault(Part.TIME, zone)
