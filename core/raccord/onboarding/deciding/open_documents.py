"""What is open in QuickBooks that a person may say a bank line pays, read at that moment: one by one, or several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import DecisionError, held
from raccord.plugin.drafts import Deposit, Expense, Settled
from raccord.plugin.texts import Text
from raccord.quickbooks import Lane
from raccord.store.models import Company
from raccord.sync.bodies import load_draft
from raccord.sync.lines.matching import OpenItem, Proposal, Sure
from raccord.sync.lines.open_offers import left_of, read_open, said_of
from raccord.sync.lines.paying import payable
from raccord.sync.lines.reserving import paid_by_others
from raccord.sync.party_names import naming, words_of
from raccord.sync.workshop import Workshop

SHOWN_MAX = 200
"""Documents that are shown to choose from."""
NAMED = 5
CHOSEN_MAX = 50
"""Documents that a person says a line pays."""


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """An invoice or bill, and what is open of it that no other line pays."""

    id: str
    number: str
    party: str
    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """What a line may be said to pay, the likeliest first; ``more`` is how many are not among them."""

    kind: str
    documents: Sequence[OpenDocument]
    more: int


def open_documents(workshop: Workshop, actor: Actor, hold_id: str) -> OpenDocuments | None:
    """Return what a question's line may be said to pay; nothing where it is no money that pays anything."""
    with workshop.database.read() as session:
        _, row, connection = held(workshop, session, actor, hold_id, lock=False)
        draft, company = load_draft(row.body), session.get_one(Company, connection.company_id)
    if not payable(draft):
        return None
    kind = _kind(draft)
    items = _read(workshop, company, kind, draft.currency)
    with workshop.database.begin() as session:
        spoken_for = paid_by_others(session, company.id, row.id)
    free = [left for each in items if (left := left_of(each, spoken_for)) is not None]
    text = words_of(draft.memo)
    free.sort(key=lambda each: (each.amount != draft.total, -naming(words_of(each.party), text), each.day, each.id))
    shown = free[:SHOWN_MAX]
    return OpenDocuments(
        kind,
        [OpenDocument(each.id, each.number, each.party, each.day, each.amount) for each in shown],
        len(free) - len(shown),
    )


def chosen(workshop: Workshop, actor: Actor, hold_id: str, ids: Sequence[str]) -> dict[str, Any]:
    """Return documents that a person chose by their ids as the proposal that a line pays them, read now.

    All that is open of each, and together the line's amount; or of a single one the line's amount as a part of it.
    Raises ``DecisionError`` for what a line cannot pay.
    """
    with workshop.database.read() as session:
        _, row, connection = held(workshop, session, actor, hold_id, lock=False)
        draft, company = load_draft(row.body), session.get_one(Company, connection.company_id)
    if not payable(draft):
        raise _not_open(ids)
    there = {each.id: each for each in _read(workshop, company, _kind(draft), draft.currency)}
    with workshop.database.begin() as session:
        spoken_for = paid_by_others(session, company.id, row.id)
    items = [left for id_ in dict.fromkeys(ids) if id_ in there and (left := left_of(there[id_], spoken_for))]
    if len(items) != len(set(ids)) or len(items) > CHOSEN_MAX:
        raise _not_open([id_ for id_ in ids if id_ not in {each.id for each in items}])
    several = len({each.party_id for each in items}) > 1
    if several and isinstance(draft, Expense):
        raise _several_vendors()
    if several and draft.currency != company.home_currency:
        raise _several_foreign(draft.currency, company.home_currency)
    total = sum((each.amount for each in items), Decimal(0))
    part = draft.total if len(items) == 1 and draft.total < total else None
    if part is None and total != draft.total:
        raise _other_sum(total, draft.total, draft.currency)
    return said_of(Proposal(tuple(items), 0, Sure.POSSIBLE, (), part), {}, spoken_for)


def _kind(draft: Deposit | Expense) -> Settled:
    return Settled.INVOICE if isinstance(draft, Deposit) else Settled.BILL


def _read(workshop: Workshop, company: Company, kind: Settled, currency: str) -> list[OpenItem]:
    client = workshop.client(company).in_lane(Lane.INTERACTIVE)
    return [item for of, item in read_open(client, [str(kind)], company.home_currency) if of == currency]


def none_chosen() -> DecisionError:
    return DecisionError(
        "pays.none_chosen",
        Text("Aucune facture n'est cochée.", "No invoice or bill is ticked."),
        Text("Cochez celles que règle cette opération.", "Tick those that this line pays."),
    )


def _not_open(ids: Sequence[str]) -> DecisionError:
    named = ", ".join(ids[:NAMED]) or "–"
    return DecisionError(
        "pays.not_open",
        Text(
            f"Rien n'est ouvert pour cette opération dans QuickBooks sous {named}, ou une autre opération le règle.",
            f"Nothing is open for this line in QuickBooks under {named}, or another line pays it.",
        ),
        Text(
            "Choisissez des factures ouvertes, dans la devise de l'opération.",
            "Choose invoices or bills that are open, in the line's currency.",
        ),
    )


def _other_sum(total: Decimal, line: Decimal, currency: str) -> DecisionError:
    return DecisionError(
        "pays.other_sum",
        Text(
            f"Ces documents font {total} {currency}, l'opération {line} {currency}.",
            f"These documents come to {total} {currency}, the line to {line} {currency}.",
        ),
        Text(
            "Choisissez-en d'autres qui font son montant, ou une seule facture dont elle règle une partie.",
            "Choose others that come to its amount, or a single one of which it pays a part.",
        ),
    )


def _several_vendors() -> DecisionError:
    return DecisionError(
        "pays.several_vendors",
        Text(
            "Ces factures sont de plusieurs fournisseurs : QuickBooks écrit un paiement par fournisseur, et son "
            "registre montrerait plusieurs lignes là où la banque n'en montre qu'une.",
            "These bills are of several vendors: QuickBooks writes one payment for each vendor, and its register would "
            "show several lines where the bank shows one.",
        ),
        Text(
            "Payez ces factures dans QuickBooks : la synchro suivante reconnaît l'opération comme leurs paiements.",
            "Pay these bills in QuickBooks: the next run recognises the line as their payments.",
        ),
    )


def _several_foreign(currency: str, home: str) -> DecisionError:
    return DecisionError(
        "pays.several_foreign",
        Text(
            f"Les paiements de plusieurs clients attendraient leur dépôt dans les fonds non déposés, tenus en {home} ; "
            f"cette opération est en {currency}.",
            f"The payments of several customers would wait for their deposit in Undeposited Funds, kept in {home}; "
            f"this line is in {currency}.",
        ),
        Text(
            "Saisissez ces paiements dans QuickBooks, et rapprochez-en l'opération.",
            "Enter these payments in QuickBooks, and match the line with them.",
        ),
    )
