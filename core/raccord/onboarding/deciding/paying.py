"""What people say a bank line pays: one of the proposals beside its question, with every document seen before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from raccord.onboarding.access.people import Actor
from raccord.onboarding.deciding.decisions import DecisionError, held, note
from raccord.onboarding.deciding.open_documents import chosen
from raccord.plugin.drafts import Deposit, Expense, Settled
from raccord.plugin.texts import Text
from raccord.quickbooks.codec import entity_of
from raccord.store.models import DraftRow, DraftState, Hold, LedgerEntry, PaidDocument
from raccord.sync.bodies import load_draft
from raccord.sync.lines.line_answers import CALLED, answered
from raccord.sync.lines.matching import Sure
from raccord.sync.lines.paying import FUNDS, MATCHES, PAYS, REFUNDED, as_paid, proposal_seen
from raccord.sync.lines.reserving import not_free, paid_by_others, reserve
from raccord.sync.lines.two_sides import CalledOtherwise
from raccord.sync.lines.undeposited import SUBTYPE
from raccord.sync.resolving.holds import close_hold
from raccord.sync.workshop import Workshop


def pay(workshop: Workshop, actor: Actor, hold_id: str, documents: Sequence[str] = (), *, seen: str = "") -> DraftRow:
    """Say that a line pays the documents of one of its proposals, of the first unless they are named by their ids;
    or open invoices or bills that are none of its proposals, which are read now. ``seen`` tells the proposal that was
    read (:func:`proposal_seen`): another one, be it of the same documents, is not taken.

    The next run posts the payment, and nothing else may pay these documents, or the same part of one.
    """
    now = workshop.clock.now()
    proposed = bool(seen) or _proposed(workshop, actor, hold_id, documents)
    by_hand = None if proposed else chosen(workshop, actor, hold_id, documents)
    try:
        with workshop.database.begin() as session:
            hold, row, connection = held(workshop, session, actor, hold_id)
            match = by_hand or _match(hold, documents, seen)
            taken = paid_by_others(session, connection.company_id, row.id)
            kind, ids = str(match["kind"]), [str(each["id"]) for each in match["documents"]]
            if not_free(taken, kind, match["documents"]):
                raise _taken()
            draft = load_draft(row.body)
            if not isinstance(draft, Deposit | Expense):
                raise _not_proposed()
            said = {"account": _owed_on(session, connection.company_id, kind, draft)} if kind in REFUNDED else {}
            if len({each.get("party_id") for each in match["documents"]}) > 1:
                said = {FUNDS: _funds(session, connection.company_id)}
            pays = said | {name: match[name] for name in ("kind", "party_id", "party", "documents")}
            row.decisions = answered(row.decisions, draft, {PAYS: {**pays, "total": format(draft.total, "f")}})
            row.kind = entity_of(as_paid(row.decisions, draft))
            row.revision += 0 if row.state == DraftState.HELD else 1
            row.state, row.reason = DraftState.WAITING, ""
            session.execute(delete(PaidDocument).where(PaidDocument.draft_id == row.id))
            session.flush()
            reserve(session, connection.company_id, row, pays, now)
            close_hold(session, row, now, actor.name, {PAYS: ids})
            note(session, actor, "hold.pays", row, connection, now, kind=kind, documents=" ".join(ids))
            session.flush()
            CalledOtherwise(session, connection.company_id, now, actor.name).ask(row)
            return row
    except IntegrityError as error:
        # Somebody said so of another line in the same moment.
        raise _taken() from error


def certain(session: Session, connection_ids: Sequence[str]) -> list[str]:
    """Return the open questions whose first proposal is certain, the oldest day first."""
    rows = session.execute(
        select(Hold.id, Hold.params, DraftRow.decisions)
        .join(DraftRow, DraftRow.id == Hold.draft_id)
        .where(Hold.closed_at.is_(None), Hold.connection_id.in_(connection_ids))
        .order_by(DraftRow.day, Hold.id)
    )
    return [
        row.id
        for row in rows
        if CALLED not in row.decisions and (row.params.get(MATCHES) or [{}])[0].get("sure") == Sure.CERTAIN
    ]


def first_proposal(session: Session, hold_id: str) -> tuple[list[str], str]:
    """Return the documents of a question's first proposal, and what tells it from any other; nothing without one."""
    matches = session.get_one(Hold, hold_id).params.get(MATCHES)
    return ([str(each["id"]) for each in matches[0]["documents"]], proposal_seen(matches[0])) if matches else ([], "")


def _funds(session: Session, company_id: str) -> str:
    """Return the account of undeposited funds, where several customers' payments wait for the deposit of their line."""
    found = session.scalars(
        select(LedgerEntry.object_id).where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.subtype == SUBTYPE,
            LedgerEntry.active,
        )
    ).all()
    if len(found) != 1:
        raise DecisionError(
            "pays.funds_unclear",
            Text(
                f"QuickBooks a {len(found)} comptes de fonds non déposés actifs : on ne sait où les paiements de "
                "plusieurs clients attendent leur dépôt.",
                f"QuickBooks has {len(found)} active accounts of undeposited funds: where the payments of several "
                "customers wait for their deposit is not told.",
            ),
            Text(
                "Saisissez ces paiements et leur dépôt dans QuickBooks, et rapprochez-en l'opération.",
                "Enter these payments and their deposit in QuickBooks, and match the line with it.",
            ),
        )
    return str(found[0])


def _owed_on(session: Session, company_id: str, credit: str, draft: Deposit | Expense) -> str:
    """Return the account of what is owed in a line's currency, on which the refund of a credit is posted."""
    of_customers = credit == Settled.CREDIT_MEMO
    found = session.execute(
        select(LedgerEntry.object_id, LedgerEntry.currency).where(
            LedgerEntry.company_id == company_id,
            LedgerEntry.kind == "Account",
            LedgerEntry.type == ("Accounts Receivable" if of_customers else "Accounts Payable"),
            LedgerEntry.active,
        )
    ).all()
    fitting = [row.object_id for row in found if row.currency in ("", draft.currency)]
    if len(fitting) != 1:
        unclear = _receivable_unclear if of_customers else _payable_unclear
        raise unclear(len(fitting), draft.currency)
    return str(fitting[0])


def _receivable_unclear(accounts: int, currency: str) -> DecisionError:
    return DecisionError(
        "pays.receivable_unclear",
        Text(
            f"QuickBooks a {accounts} comptes clients actifs en {currency} : on ne sait lequel porte l'avoir.",
            f"QuickBooks has {accounts} active receivable accounts in {currency}: which holds the credit memo is not "
            "told.",
        ),
        Text(
            "Saisissez ce remboursement dans QuickBooks, et rapprochez-en l'opération.",
            "Enter this refund in QuickBooks, and match the line with it.",
        ),
    )


def _payable_unclear(accounts: int, currency: str) -> DecisionError:
    return DecisionError(
        "pays.payable_unclear",
        Text(
            f"QuickBooks a {accounts} comptes fournisseurs actifs en {currency} : on ne sait lequel porte le crédit.",
            f"QuickBooks has {accounts} active payable accounts in {currency}: which holds the vendor credit is not "
            "told.",
        ),
        Text(
            "Saisissez ce remboursement dans QuickBooks, et rapprochez-en l'opération.",
            "Enter this refund in QuickBooks, and match the line with it.",
        ),
    )


def _proposed(workshop: Workshop, actor: Actor, hold_id: str, documents: Sequence[str]) -> bool:
    """Tell whether documents are one of a question's proposals; without any, its first is meant."""
    if not documents:
        return True
    with workshop.database.read() as session:
        hold, _, _ = held(workshop, session, actor, hold_id, lock=False)
        return _among(hold, documents) is not None


def _match(hold: Hold, documents: Sequence[str], seen: str) -> Mapping[str, Any]:
    found = _among(hold, documents)
    if seen and (found is None or proposal_seen(found) != seen):
        raise proposed_otherwise()
    if found is None:
        raise _not_proposed()
    return found


def _among(hold: Hold, documents: Sequence[str]) -> dict[str, Any] | None:
    for match in hold.params.get(MATCHES) or ():
        ids = [str(each["id"]) for each in match["documents"]]
        if not documents or sorted(documents) == sorted(ids):
            return dict(match)
    return None


def _not_proposed() -> DecisionError:
    return DecisionError(
        "pays.not_proposed",
        Text("Cette opération n'a pas cette proposition.", "This line does not have that proposal."),
        Text(
            "Relancez une synchro : elle relit les factures ouvertes et propose à nouveau.",
            "Run again: a run reads the open invoices and bills and proposes anew.",
        ),
    )


def proposed_otherwise() -> DecisionError:
    """Return what is said where something else is proposed by now, or other amounts of the same."""
    return DecisionError(
        "pays.proposed_otherwise",
        Text(
            "Ce qui est proposé pour cette opération n'est plus ce que vous avez vu. Rien n'est enregistré.",
            "What is proposed for this line is not what you saw any more. Nothing is saved.",
        ),
        Text("Lisez ce qui est proposé maintenant, puis acceptez-le.", "Read what is proposed now, then accept it."),
    )


def _taken() -> DecisionError:
    return DecisionError(
        "pays.taken",
        Text("Une autre opération règle déjà ce document.", "Another line pays this document already."),
        Text(
            "Choisissez une autre facture, ou une catégorie.",
            "Choose another invoice or bill, or a category.",
        ),
    )
