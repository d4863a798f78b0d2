"""Whether the way of starting that somebody chose for a source fits what the books hold already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from raccord.onboarding.checking.findings import Finding, Level
from raccord.onboarding.setting_up.books_before import books_before
from raccord.plugin.info import ConnectorInfo, Mode
from raccord.plugin.texts import Text
from raccord.quickbooks import QuickBooksError
from raccord.store.models import Connection
from raccord.sync.workshop import Workshop

CALLED: Mapping[str, Text] = MappingProxyType(
    {
        "Invoice": Text("facture(s)", "invoice(s)"),
        "SalesReceipt": Text("reçu(s) de vente", "sales receipt(s)"),
        "Deposit": Text("dépôt(s)", "deposit(s)"),
        "Purchase": Text("dépense(s)", "expense(s)"),
    }
)


def check_mode(workshop: Workshop, connection: Connection, info: ConnectorInfo) -> Iterator[Finding]:
    """Say before the first plan that books which hold such documents may know the source already (PL-02)."""
    if connection.approved_at is not None or connection.mode != Mode.FIRST_TIME:
        return
    try:
        found = books_before(workshop, connection.company_id, info)
    except QuickBooksError:
        # The company's own checks say what is wrong with QuickBooks.
        return
    if found:
        french = ", ".join(f"{count} {CALLED[kind].fr}" for kind, count in found.items())
        english = ", ".join(f"{count} {CALLED[kind].en}" for kind, count in found.items())
        yield Finding(
            "doctor.books_before",
            Level.WARNING,
            Text(
                f"QuickBooks a déjà {french} que Raccord n'a pas écrits, et vous avez dit démarrer.",
                f"QuickBooks has {english} already that Raccord did not write, and you said that you are starting.",
            ),
            Text(
                "S'ils viennent de cette source, dites « déjà en marche » : ils sont reconnus, pas créés de nouveau.",
                "If they come from this source, say “already running”: they are recognised, not created again.",
            ),
            connection.label,
        )
