"""Bank and card accounts that a connection writes to, and what to do with QuickBooks' own bank feed of each.

QuickBooks may download the same lines from the bank. Added there they count twice; its interface lets no program see or
exclude them, so a person does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from raccord.catalog import Catalog
from raccord.plugin.texts import Text
from raccord.quickbooks import Page, page_link
from raccord.store.models import Choice, Company, Connection, ConnectionState, LedgerEntry, LinkRow, LinkState
from raccord.sync.environments import environment_of

MONEY_TYPES = ("Bank", "Credit Card")
_OF_ACCOUNTS = Choice.ledger_kind == "Account"
_OLDEST = Choice.valid_from
"""QuickBooks account types that banks have a feed for."""


@dataclass(frozen=True, slots=True)
class FedAccount:
    """A bank or card account that a connection writes to."""

    id: str
    name: str
    type: str
    lines: bool
    """Whether this connection or another of the company brings the account's own lines, so that the bank's are all
    doubles.
    """
    link: str
    """The page of QuickBooks that shows its bank feed."""

    @property
    def advice(self) -> Text:
        """What a person does in QuickBooks, there."""
        return EXCLUDE if self.lines else MATCH


EXCLUDE = Text(
    "QuickBooks → Opérations → Opérations bancaires → ce compte : cochez les lignes à examiner, puis « Exclure » ; "
    "n'en ajoutez aucune. Pour qu'il n'en vienne plus : crayon du compte → « Modifier les informations du compte » → "
    "« Déconnecter ce compte à l'enregistrement ». Désactivez les règles bancaires qui ajoutent d'elles-mêmes.",
    "QuickBooks → Transactions → Bank transactions → this account: tick the lines for review, then “Exclude”; add "
    "none of them. So that no more come: the account's pencil → “Edit account info” → “Disconnect this account on "
    "save”. Turn off bank rules that add by themselves.",
)
MATCH = Text(
    "QuickBooks → Opérations → Opérations bancaires → ce compte : associez (« Associer ») chaque ligne téléchargée au "
    "document que Raccord a écrit ; ne l'ajoutez pas (« Ajouter »), elle compterait deux fois. Attendez la synchro du "
    "jour si le document manque encore. Désactivez les règles bancaires qui ajoutent d'elles-mêmes.",
    "QuickBooks → Transactions → Bank transactions → this account: “Match” each downloaded line with the document "
    "that Raccord posted; do not “Add” it, or it counts twice. If the document is not there yet, wait for the day's "
    "run. Turn off bank rules that add by themselves.",
)


def fed_accounts(session: Session, connection: Connection, catalog: Catalog, today: date) -> Sequence[FedAccount]:
    """Return the bank and card accounts that a connection's choices name today or later, or that it has written to.

    What is advised of an account is the same at each connection that writes to it.
    """
    company = session.get_one(Company, connection.company_id)
    chosen = _chosen(
        session.scalars(select(Choice).where(Choice.connection_id == connection.id, _OF_ACCOUNTS).order_by(_OLDEST)),
        today,
    )
    # Asked for each account, of which there are few; documents are many.
    written = exists().where(
        LinkRow.connection_id == connection.id,
        LinkRow.state == LinkState.LIVE,
        LinkRow.money_account == LedgerEntry.object_id,
    )
    entries = session.scalars(
        select(LedgerEntry)
        .where(
            LedgerEntry.company_id == company.id,
            LedgerEntry.kind == "Account",
            LedgerEntry.type.in_(MONEY_TYPES),
            LedgerEntry.active,
            or_(LedgerEntry.object_id.in_(chosen), written),
        )
        .order_by(LedgerEntry.name)
    )
    link = page_link(environment_of(company.environment), Page.BANKING, realm=company.realm)
    own, others = _brings_lines(catalog, connection.connector), _with_lines(session, catalog, connection, today)
    return [
        FedAccount(entry.object_id, entry.name, entry.type, own or entry.object_id in others, link) for entry in entries
    ]


def _chosen(choices: Iterable[Choice], today: date) -> frozenset[str]:
    """Return the accounts that choices, the oldest first, name today or later."""
    standing: dict[tuple[str, str, str], str] = {}
    later: set[str] = set()
    for choice in choices:
        if choice.valid_from <= today:
            standing[choice.connection_id, choice.role, choice.of] = choice.ledger_id
        else:
            later.add(choice.ledger_id)
    return frozenset((*standing.values(), *later))


def _with_lines(session: Session, catalog: Catalog, connection: Connection, today: date) -> frozenset[str]:
    """Return the accounts whose own lines another connection of the company brings."""
    rows = session.execute(
        select(Choice, Connection.connector)
        .join(Connection, Connection.id == Choice.connection_id)
        .where(
            Connection.company_id == connection.company_id,
            Connection.id != connection.id,
            Connection.state.not_in((ConnectionState.DRAFT, ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED)),
            _OF_ACCOUNTS,
        )
        .order_by(_OLDEST)
    )
    return _chosen((choice for choice, connector in rows if _brings_lines(catalog, connector)), today)


def _brings_lines(catalog: Catalog, connector: str) -> bool:
    admitted = catalog.get(connector)
    return admitted is not None and admitted.info.validates_each
