"""``raccord drift``: what people changed in QuickBooks of what Raccord wrote, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import is_part, operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, both, output
from raccord.cli.terminal.showing import day, money, short
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.deciding.drifts import DriftError, Way, settle_all, settle_drifts
from raccord.overview.drifts import DriftView, FieldDifference, open_drifts
from raccord.overview.listing import MOST, USUAL, Listing
from raccord.plugin.texts import Language, Text
from raccord.quickbooks.fields import KIND_FIELDS
from raccord.quickbooks.kinds import kind_named
from raccord.store.models import Drift, DriftState

CHANGES = {
    "edited": Phrase("modifié", "edited"),
    "voided": Phrase("annulé", "voided"),
    "deleted": Phrase("supprimé", "deleted"),
}


@default_group(
    "drift",
    "list",
    "Montrer ce que des personnes ont changé dans QuickBooks, et en décider.",
    "Show what people changed in QuickBooks, and decide about it.",
)
def command() -> None:
    pass


@command.command(
    "list",
    phrase=Phrase("Montrer les documents qui ne sont plus tels qu'écrits.", "Show documents that are not as written."),
    params=[
        Option(
            "--limit",
            type=click.IntRange(1, MOST),
            default=USUAL,
            phrase=Phrase("Nombre de documents au plus.", "Number of documents at most."),
        )
    ],
)
@click.argument("connection", required=False)
def list_(connection: str | None, limit: int) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        chosen = None if connection is None else the_connection(session, connection).id
        found = open_drifts(session, chosen, limit=limit)
    if out.as_json:
        out.json({"drifts": [_as_json(each) for each in found.rows], "total": found.total})
    else:
        _show(out, found)
    return Exit.NEEDS_PERSON if found.total else Exit.OK


@command.command(
    "settle",
    phrase=Phrase(
        "En décider : keep (garder la leur, ne rien écrire), restore (rétablir la nôtre par le prochain plan), unlink "
        "(ne plus s'en occuper).",
        "Decide: keep (theirs stands, nothing is written), restore (ours is written again by the next plan), unlink "
        "(leave it to people).",
    ),
    params=[
        Option("--all", "everything", is_flag=True, phrase=Phrase("Tous ceux qui attendent.", "All that wait.")),
        Option("--connection", default=None, phrase=Phrase("D'une seule connexion.", "Of one connection only.")),
    ],
)
@click.argument("way", type=click.Choice([str(way) for way in Way]))
@click.argument("drift", nargs=-1)
def settle(way: str, drift: tuple[str, ...], everything: bool, connection: str | None) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = None if connection is None else the_connection(session, connection).id
            ids = [] if everything else _chosen(session, chosen, drift)
        if everything:
            settled = settle_all(workshop, operator(actor()), Way(way), chosen)
        else:
            settled = settle_drifts(workshop, operator(actor()), ids, Way(way))
    if out.as_json:
        out.json({"settled": list(settled.ids), "left": list(settled.left), "way": way})
    count = len(settled.ids)
    decided = counted(count, ("{n} décision", "{n} decided"), ("{n} décisions", "{n} decided"))
    out.say(Phrase(f"{decided.fr} : {way}.", f"{decided.en}: {way}."))
    return Exit.OK


def _chosen(session: Session, connection_id: str | None, names: Sequence[str]) -> list[str]:
    wanted = select(Drift.id).where(Drift.state == DriftState.OPEN).order_by(Drift.found_at, Drift.id)
    if connection_id is not None:
        wanted = wanted.where(Drift.connection_id == connection_id)
    waiting = list(session.scalars(wanted))
    return [_named(waiting, name) for name in names]


def _named(waiting: list[str], name: str) -> str:
    found = [each for each in waiting if each == name or is_part(name.lower(), each)]
    if len(found) == 1:
        return found[0]
    raise DriftError(
        "drift.unknown",
        Text(f"Aucun document qui attend ne porte le nom {name}.", f"No document that waits is named {name}."),
        Text("« raccord drift » montre ceux qui attendent.", "“raccord drift” shows those that wait."),
    )


def _show(out: Output, found: Listing[DriftView]) -> None:
    out.table(
        Phrase(f"Changés dans QuickBooks ({found.total})", f"Changed in QuickBooks ({found.total})"),
        [
            Column(Phrase("Numéro", "Id")),
            Column(Phrase("Document", "Document")),
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Montant écrit", "Amount written"), right=True),
            Column(Phrase("Changement", "Change")),
            Column(Phrase("Avant → après", "Before → after")),
        ],
        [
            [
                short(each.id),
                "\n".join(
                    (
                        f"{kind_named(each.kind, out.language)} {each.number or each.document_id}",
                        f"{each.connection}, {each.key}",
                    )
                ),
                day(each.day),
                f"{money(each.amount, out.language)} {each.currency}".strip(),
                CHANGES.get(each.change, Phrase(each.change, each.change)).get(out.language),
                "\n".join(_told(one, out.language) for one in each.differences),
            ]
            for each in found.rows
        ],
        empty=Phrase(
            "À la dernière exécution, tout était tel que Raccord l'a écrit ; « raccord sync » regarde de nouveau.",
            "At the last run everything was as Raccord wrote it; “raccord sync” looks again.",
        ),
    )


def _told(one: FieldDifference, language: Language) -> str:
    """Return a difference as people read it: names of fields, and of what they point to."""
    if one.field.rpartition(".")[2] in KIND_FIELDS:
        before, after = (kind_named(side, language) for side in (one.before, one.after))
    else:
        before, after = one.before_name or one.before, one.after_name or one.after
    colon = " :" if language == "fr" else ":"
    return f"{one.name.get(language)}{colon} {before or '–'} → {after or '–'}"


def _as_json(each: DriftView) -> dict[str, object]:
    return {
        "drift": each.id,
        "connection": each.connection,
        "connection_id": each.connection_id,
        "key": each.key,
        "kind": each.kind,
        "document": each.document_id,
        "number": each.number,
        "day": day(each.day) or None,
        "amount": each.amount,
        "currency": each.currency,
        "change": each.change,
        "differences": [
            {
                "field": one.field,
                "name": both(one.name),
                "before": one.before,
                "before_name": one.before_name,
                "after": one.after,
                "after_name": one.after_name,
            }
            for one in each.differences
        ],
        "found_at": each.found_at.isoformat(),
    }
