"""A plan as tables for people and as JSON for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, both
from raccord.cli.terminal.showing import ACTIONS, day, days_said, field_shown, moment, money
from raccord.overview.changes import FieldChange, field_changes
from raccord.overview.explain import explain
from raccord.overview.plans import AccountEffect, LineView, PlanSummary, plan_effect, plan_summary
from raccord.overview.upgrades import MappingChange
from raccord.quickbooks import Lane, quoted
from raccord.quickbooks.fields import field_named
from raccord.quickbooks.kinds import kind_named
from raccord.store.canonical import canonical
from raccord.store.models import REMOVALS, Action, Company, Connection, PlanState
from raccord.sync.chunks import chunks
from raccord.sync.workshop import Workshop

HASH_SHOWN = 12

Books = Mapping[tuple[str, str], Mapping[str, Any]]
"""Documents as QuickBooks holds them now, by kind and id."""

CHANGING = (Action.UPDATE, *REMOVALS)
"""Actions on a document that exists."""

_STATES = {
    PlanState.BUILDING: Phrase("en préparation", "being made"),
    PlanState.WAITING: Phrase("attend votre approbation", "waits for your approval"),
    PlanState.APPROVED: Phrase("approuvé", "approved"),
    PlanState.APPLIED: Phrase("exécuté", "executed"),
    PlanState.STALE: Phrase("dépassé", "stale"),
}


def read_plan(session: Session, plan_id: str) -> tuple[PlanSummary, Sequence[AccountEffect]]:
    """Return a plan and its effect on ledger accounts."""
    plan = plan_summary(session, plan_id)
    if plan is None:
        raise LookupError(f"there is no plan {plan_id}")
    return plan, plan_effect(session, plan_id).rows


def books_now(workshop: Workshop, plan: PlanSummary, lines: Sequence[LineView]) -> Books:
    """Read from QuickBooks the documents that these lines would change."""
    wanted: dict[str, list[str]] = {}
    for line in lines:
        if line.action in CHANGING:
            wanted.setdefault(line.kind, []).append(line.document_id)
    if not wanted:
        return {}
    with workshop.database.read() as session:
        connection = session.get_one(Connection, plan.connection_id)
        client = workshop.client(session.get_one(Company, connection.company_id)).in_lane(Lane.INTERACTIVE)
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for kind, ids in wanted.items():
        for some in chunks(ids, 100):
            for row in client.query_all(kind, f"Id IN ({', '.join(map(quoted, some))})"):
                found[kind, str(row["Id"])] = row
    return found


def show(out: Output, plan: PlanSummary, effect: Sequence[AccountEffect]) -> None:
    """Show counts and totals, the effect on each account, what is left out and why, and the hash to approve."""
    state = _STATES[plan.state]
    out.say(days_said(plan.time_zone, plan.cut_off))
    out.table(
        Phrase(f"{plan.connection} : plan {state.fr}", f"{plan.connection}: plan {state.en}"),
        [
            Column(Phrase("Action", "Action")),
            Column(Phrase("Genre", "Kind")),
            Column(Phrase("Nombre", "Count"), right=True),
            Column(Phrase("Total", "Total"), right=True),
            Column(Phrase("Devise", "Currency")),
        ],
        [
            [
                ACTIONS[group.action].get(out.language),
                kind_named(group.kind, out.language),
                str(group.lines),
                money(group.total, out.language),
                group.currency,
            ]
            for group in plan.groups
        ],
        empty=Phrase(
            "Le plan est vide : QuickBooks dit déjà tout ce que dit la source.",
            "The plan is empty: QuickBooks already says all that the source says.",
        ),
    )
    if effect:
        out.table(
            Phrase("Effet sur les comptes (débit positif)", "Effect on accounts (debit positive)"),
            [
                Column(Phrase("Compte", "Account")),
                Column(Phrase("Type", "Type")),
                Column(Phrase("Effet", "Effect"), right=True),
            ],
            [
                [
                    each.name + (Phrase(" (nouveau)", " (new)").get(out.language) if each.new else ""),
                    each.type,
                    money(each.amount, out.language),
                ]
                for each in effect
            ],
            empty=Phrase("Aucun effet.", "No effect."),
        )
    _show_reasons(out, plan)
    if plan.books_closed_on is not None:
        out.say(
            Phrase(
                f"Livres clos jusqu'au {plan.books_closed_on} ; documents d'avant : {plan.closed_policy}.",
                f"Books closed to {plan.books_closed_on}; earlier documents: {plan.closed_policy}.",
            )
        )
    out.say(Phrase(f"Empreinte du plan : {plan.hash[:HASH_SHOWN]}", f"Hash of the plan: {plan.hash[:HASH_SHOWN]}"))
    if plan.state == PlanState.WAITING and plan.blocked_alone:
        out.say(
            Phrase(
                f"Rien à approuver ; documents bloqués : {plan.blocked_alone}. « raccord problems » dit pourquoi.",
                f"Nothing to approve; blocked documents: {plan.blocked_alone}. “raccord problems” says why.",
            )
        )
    elif plan.state == PlanState.WAITING:
        step = f"raccord apply {plan.connection!r} --hash {plan.hash[:HASH_SHOWN]}"
        out.say(Phrase(f"Pour l'approuver et l'exécuter : {step}", f"To approve and execute it: {step}"))


def show_change(out: Output, change: MappingChange) -> None:
    """Show what another version of the connector says otherwise; what is posted stays as it is."""
    differ = counted(
        change.records,
        (f"{{n}} opération sur {change.looked_at} se dirait", f"{{n}} record of {change.looked_at}"),
        (f"{{n}} opérations sur {change.looked_at} se diraient", f"{{n}} records of {change.looked_at}"),
    )
    out.table(
        Phrase(
            f"Le connecteur a changé ({change.was} → {change.now}) : {differ.fr} autrement ; "
            "approuver ce plan l'accepte",
            f"The connector changed ({change.was} → {change.now}): {differ.en} would be said otherwise; "
            "approving this plan accepts it",
        ),
        [
            Column(Phrase("Opération", "Record")),
            Column(Phrase("Champ", "Field")),
            Column(Phrase("Avant", "Before")),
            Column(Phrase("Après", "After")),
        ],
        [
            [
                each["record"],
                field_shown(each["field"], out.language),
                each["before"],
                each["after"],
            ]
            for each in change.examples
        ],
        empty=Phrase("Aucune différence.", "No difference."),
    )


def show_lines(out: Output, lines: Sequence[LineView], before: Books, total: int) -> None:
    """Show each line with what is there before, and the exact text that is sent or why nothing is."""
    out.say(Phrase(f"Lignes ({len(lines)} sur {total})", f"Lines ({len(lines)} of {total})"))
    for line in lines:
        action = ACTIONS[line.action]
        amount = f"{money(line.amount, out.language)} {line.currency}".strip()
        kind = kind_named(line.kind, out.language)
        told = " · ".join(part for part in (kind, line.key, day(line.day), amount) if part)
        out.say(Phrase(f"{action.fr} {told}", f"{action.en} {told}"))
        if line.reason:
            french, english = (explain(line.reason, line.params, language).what for language in ("fr", "en"))
            out.say(Phrase(f"  motif : {french} [{line.reason}]", f"  reason: {english} [{line.reason}]"))
        if line.payload:
            held = _before(line, before)
            out.say(Phrase(f"  avant : {held.fr}", f"  before: {held.en}"))
            out.say(Phrase(f"  après : {line.payload}", f"  after:  {line.payload}"))
            for each in _changes(line, before):
                told = f"{each.field} : {each.before or '–'} → {each.after or '–'}"
                out.say(Phrase(f"    change {told}", f"    changes {told}"))


def as_json(
    plan: PlanSummary, effect: Sequence[AccountEffect], by_day: Sequence[AccountEffect] = ()
) -> dict[str, object]:
    """Return a plan as JSON values; ``by_day`` is its effect per account and day."""
    return {
        "plan": plan.id,
        "connection": plan.connection,
        "connection_id": plan.connection_id,
        "run": plan.run_id,
        "state": str(plan.state),
        "hash": plan.hash,
        "created_at": plan.created_at.isoformat(),
        "approved_at": moment(plan.approved_at) or None,
        "approved_by": plan.approved_by,
        "first_day": day(plan.first_day) or None,
        "last_day": day(plan.last_day) or None,
        "books_closed_on": day(plan.books_closed_on) or None,
        "closed_policy": plan.closed_policy,
        "time_zone": plan.time_zone,
        "cut_off": plan.cut_off,
        "to_send": plan.to_send,
        "groups": [
            {
                "action": str(group.action),
                "kind": group.kind,
                "currency": group.currency,
                "lines": group.lines,
                "total": group.total,
            }
            for group in plan.groups
        ],
        "effect": [
            {"account": each.account_id, "name": each.name, "type": each.type, "new": each.new, "amount": each.amount}
            for each in effect
        ],
        "effect_by_day": [
            {"account": each.account_id, "name": each.name, "day": day(each.day) or None, "amount": each.amount}
            for each in by_day
        ],
        "reasons": [
            {
                "action": str(each.action),
                "code": each.reason,
                "lines": each.lines,
                "text": _both(each.reason, each.params),
            }
            for each in plan.reasons
        ],
    }


def lines_as_json(lines: Sequence[LineView], before: Books) -> list[dict[str, object]]:
    """Return lines as JSON values; ``payload`` is the exact text that is sent."""
    return [
        {
            "action": str(line.action),
            "kind": line.kind,
            "key": line.key,
            "revision": line.revision,
            "day": day(line.day) or None,
            "amount": line.amount,
            "currency": line.currency,
            "document": line.document_id or None,
            "state": str(line.state),
            "reason": line.reason or None,
            "text": _both(line.reason, line.params) if line.reason else None,
            "before": before.get((line.kind, line.document_id)),
            "payload": line.payload or None,
            "changes": [
                {"field": each.field, "name": both(field_named(each.field)), "before": each.before, "after": each.after}
                for each in _changes(line, before)
            ],
        }
        for line in lines
    ]


def _show_reasons(out: Output, plan: PlanSummary) -> None:
    if not plan.reasons:
        return
    out.table(
        Phrase("Motifs", "Reasons"),
        [
            Column(Phrase("Action", "Action")),
            Column(Phrase("Lignes", "Lines"), right=True),
            Column(Phrase("Pourquoi", "Why")),
            Column(Phrase("À faire", "What to do")),
        ],
        [
            [
                ACTIONS[each.action].get(out.language),
                str(each.lines),
                f"{explain(each.reason, each.params, out.language).what} [{each.reason}]",
                explain(each.reason, each.params, out.language).fix,
            ]
            for each in plan.reasons
        ],
        empty=Phrase("Aucun.", "None."),
    )


def _before(line: LineView, before: Books) -> Phrase:
    if line.action not in CHANGING:
        return Phrase("rien", "nothing")
    document = before.get((line.kind, line.document_id))
    if document is None:
        return Phrase("disparu de QuickBooks", "gone from QuickBooks")
    held = canonical(document)
    return Phrase(held, held)


def _changes(line: LineView, before: Books) -> list[FieldChange]:
    document = before.get((line.kind, line.document_id))
    if line.action != Action.UPDATE or document is None:
        return []
    return field_changes(line.payload, document)


def _both(code: str, params: Mapping[str, Any]) -> dict[str, str]:
    return {"fr": explain(code, params, "fr").what, "en": explain(code, params, "en").what}
