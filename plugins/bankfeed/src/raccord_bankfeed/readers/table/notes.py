"""Why a row of a table is no transaction, or moves no money."""

from __future__ import annotations

from datetime import date

from raccord.plugin import Text


class NoTransaction(Exception):  # noqa: N818 - says what the row is instead
    """Raised for a row that moves no money."""

    def __init__(self, reason: Text, day: date | None = None) -> None:
        super().__init__(reason.en)
        self.reason = reason
        self.day = day
        """Its day, where the statement is of the days of such rows."""


NO_AMOUNT = Text("La ligne n’a ni entrée ni sortie d’argent.", "The row has no money in or out.")
SUM = Text("C’est un solde ou un total, pas une opération.", "It is a balance or a total, not a transaction.")
NO_DATE = Text("La ligne n’a ni date ni montant.", "The row has neither a date nor an amount.")
NOT_MOVED = Text("D’après son état, l’argent n’a pas bougé.", "By its status, the money has not moved.")
UNDATED_PENDING = Text(
    "L’opération est en attente et n’a pas encore de date.", "The transaction is pending and has no date yet."
)
PAID_ELSEWHERE = Text(
    "Payé avec une carte ou un compte de banque : c’est une ligne du relevé de cette carte ou de ce compte.",
    "Paid with a card or a bank account: it is a line of that card's or account's statement.",
)
NO_IMPACT = Text("La ligne ne change pas le solde (mémo).", "The row does not change the balance (memo).")
HOLD = Text(
    "Une retenue ou une autorisation, que sa levée annule : l’argent n’a pas bougé.",
    "A hold or an authorisation, which its release undoes: the money has not moved.",
)
OTHER_PRODUCT = Text(
    "Intérêts, capital ou avance d’un prêt : pas une ligne de banque.",
    "Interest, capital or advance of a loan: not a bank line.",
)
INVESTMENT = Text(
    "Une opération d’un compte de placement : pas une ligne de banque.",
    "A transaction of an investment account: not a bank line.",
)
