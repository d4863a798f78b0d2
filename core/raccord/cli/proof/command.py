"""``raccord proof``: source total = posted total = QuickBooks total, or the documents that explain why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import click
from sqlalchemy.orm import Session

from raccord.catalog import Catalog
from raccord.cli.proof.certify import certify_month, check_certificate, prove_and_show
from raccord.cli.proof.nights import night_times
from raccord.cli.terminal.engine import holding_company
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import every_connection, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, output
from raccord.cli.terminal.showing import money, stream_label
from raccord.cli.terminal.words import Option, default_group
from raccord.overview.explain import explain
from raccord.overview.listing import MOST, Listing
from raccord.overview.others import OtherView, other_changes
from raccord.overview.proofs import ProofMonth, ProofRow, proof_months, proof_rows
from raccord.quickbooks.kinds import kind_named
from raccord.store.models import Connection

ROWS_USUAL = 50


@dataclass(frozen=True, slots=True)
class Proven:
    """What is shown of a connection's proof; ``rows`` are the unequal cells, or all of them if asked for."""

    connection: Connection
    months: Sequence[ProofMonth]
    rows: Sequence[ProofRow]
    total: int

    @property
    def cells(self) -> int:
        return sum(month.cells for month in self.months)

    @property
    def unequal(self) -> int:
        return sum(month.unequal for month in self.months)


@default_group(
    "proof",
    "show",
    "Montrer la preuve : source = écrit = QuickBooks, par mois ; chaque écart avec ce qui l'explique.",
    "Show the proof: source = posted = QuickBooks, by month; each difference with what explains it.",
)
def command() -> None:
    pass


@command.command(
    "show",
    phrase=Phrase(
        "Montrer la preuve, par mois (ce que fait « raccord proof » seul).",
        "Show the proof, by month (what “raccord proof” alone does).",
    ),
    params=[
        Option(
            "--month",
            type=click.DateTime(["%Y-%m"]),
            phrase=Phrase("Un seul mois, AAAA-MM, jour par jour.", "One month only, YYYY-MM, day by day."),
        ),
        Option(
            "--days",
            is_flag=True,
            phrase=Phrase("Montrer aussi les jours égaux.", "Show equal days too."),
        ),
        Option(
            "--limit",
            type=click.IntRange(1, 100_000),
            default=ROWS_USUAL,
            phrase=Phrase("Nombre de jours au plus.", "Number of days at most."),
        ),
        Option(
            "--refresh",
            is_flag=True,
            phrase=Phrase(
                "Comparer de nouveau maintenant, sans lire la source.", "Compare again now, without reading the source."
            ),
        ),
    ],
)
@click.argument("connection", required=False)
def show(connection: str | None, month: datetime | None, days: bool, limit: int, refresh: bool) -> int:
    out = output()
    wanted = None if month is None else month.date()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = every_connection(session) if connection is None else [the_connection(session, connection)]
        if refresh:
            for each in chosen:
                with holding_company(workshop, each.company_id):
                    prove_and_show(workshop, each, out)
        with workshop.database.read() as session:
            proven = [_read(session, each, wanted, days or month is not None, limit) for each in chosen]
            companies = sorted({each.company_id for each in chosen})
            others = other_changes(session, companies, workshop.clock.now(), limit=min(limit, MOST))
        catalog = workshop.scopes.catalog
    if out.as_json:
        out.json(
            {
                "connections": [_as_json(each) for each in proven],
                "all_equal": not any(each.unequal for each in proven),
                "others": [_other_as_json(each) for each in others.rows],
                "others_total": others.total,
            }
        )
    else:
        for found in proven:
            _show(out, found, catalog)
        _show_others(out, others)
    return Exit.UNEQUAL if any(each.unequal for each in proven) else Exit.OK


for _each in (certify_month, check_certificate, night_times):
    command.add_command(_each)


def _read(session: Session, connection: Connection, month: date | None, equal_too: bool, limit: int) -> Proven:
    rows: list[ProofRow] = []
    while True:
        page = proof_rows(
            session,
            connection.id,
            month=month,
            unequal_only=not equal_too,
            limit=limit - len(rows),
            offset=len(rows),
        )
        rows += page.rows
        if len(rows) >= limit or not page.more:
            months = [each for each in proof_months(session, connection.id) if month in (None, each.first)]
            return Proven(connection, months, rows, page.total)


def _show(out: Output, proven: Proven, catalog: Catalog) -> None:
    label = proven.connection.label
    out.table(
        headed(proven),
        [
            Column(Phrase("Mois", "Month")),
            Column(Phrase("Preuves (flux et jours)", "Proofs (streams and days)"), right=True),
            Column(Phrase("Avec du laissé de côté", "With amounts left out"), right=True),
            Column(Phrase("Écarts", "Differences"), right=True),
        ],
        [[f"{each.first:%Y-%m}", str(each.cells), str(each.left_out), str(each.unequal)] for each in proven.months],
        empty=Phrase(
            f"{label} : rien n'est prouvé encore. Lancez « raccord sync ».",
            f"{label}: nothing is proven yet. Run “raccord sync”.",
        ),
    )
    if not proven.rows:
        return
    out.table(
        Phrase(f"Jours ({len(proven.rows)} sur {proven.total})", f"Days ({len(proven.rows)} of {proven.total})"),
        [
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Flux", "Stream")),
            Column(Phrase("Source", "Source"), right=True),
            Column(Phrase("Laissé de côté", "Left out"), right=True),
            Column(Phrase("Déplacé", "Moved"), right=True),
            Column(Phrase("Écrit", "Posted"), right=True),
            Column(Phrase("QuickBooks", "QuickBooks"), right=True),
            Column(Phrase("Devise", "Currency")),
            Column(Phrase("Égal", "Equal")),
        ],
        [
            [
                row.day.isoformat(),
                stream_label(catalog, proven.connection.connector, row.stream).get(out.language),
                *(money(value, out.language) for value in _sums(row)),
                row.currency,
                "=" if row.equal else "≠",
            ]
            for row in proven.rows
        ],
        empty=Phrase("Aucun écart.", "No difference."),
    )
    for row in proven.rows:
        _show_moves(out, row)
    for row in proven.rows:
        if not row.equal:
            _show_why(out, row)
    for code in dict.fromkeys(each.code for row in proven.rows for each in row.differences):
        french, english = (explain(code, {}, language).fix for language in ("fr", "en"))
        out.say(Phrase(f"À faire [{code}] : {french}", f"What to do [{code}]: {english}"))


def headed(proven: Proven) -> Phrase:
    """Return what the proof comes to; what is left out is in the source's total and in no other."""
    label = proven.connection.label
    if proven.unequal:
        return Phrase(f"{label} : écarts entre la source et QuickBooks", f"{label}: source and QuickBooks differ")
    if any(each.left_out for each in proven.months):
        return Phrase(
            f"{label} : source moins ce qui est laissé de côté = écrit = QuickBooks",
            f"{label}: source less what is left out = posted = QuickBooks",
        )
    return Phrase(f"{label} : source = écrit = QuickBooks", f"{label}: source = posted = QuickBooks")


def _sums(row: ProofRow) -> tuple[Decimal, ...]:
    return row.source, row.left_out, row.moved, row.posted, row.quickbooks


def _show_moves(out: Output, row: ProofRow) -> None:
    """Say which documents bear another date, because their own lies in a closed period."""
    for each in row.moves:
        document = f"{kind_named(each.kind, out.language)} {each.document_id} ({each.key})"
        out.say(
            Phrase(
                f"{row.day} {row.stream} : {document}, {money(each.amount, 'fr')} : date réelle {each.record_day}, "
                f"daté du {each.day} (période close).",
                f"{row.day} {row.stream}: {document}, {money(each.amount, 'en')}: true date {each.record_day}, "
                f"dated {each.day} (period closed).",
            )
        )


def _show_why(out: Output, row: ProofRow) -> None:
    """Say which documents explain a difference, one a line."""
    where = f"{row.day} {row.stream} {row.currency}"
    if not row.differences:
        out.say(
            Phrase(
                f"{where} : écart de {money(row.apart, 'fr')}, aucun document ne l'explique.",
                f"{where}: {money(row.apart, 'en')} apart, no document explains it.",
            )
        )
    for each in row.differences:
        document = f"{kind_named(each.kind, out.language)} {each.document_id} ({each.key})"
        french, english = (explain(each.code, {}, language).what for language in ("fr", "en"))
        out.say(
            Phrase(
                f"{where} : {document}, {money(each.amount, 'fr')} : {french} [{each.code}]",
                f"{where}: {document}, {money(each.amount, 'en')}: {english} [{each.code}]",
            )
        )


DEEDS = {
    "added": Phrase("ajouté", "added"),
    "changed": Phrase("modifié", "changed"),
    "removed": Phrase("retiré", "removed"),
}


def _show_others(out: Output, others: Listing[OtherView]) -> None:
    """Show what people did on the accounts that are watched; nothing where they did nothing."""
    if not others.rows:
        return
    out.table(
        Phrase(
            f"Par d'autres, sur les comptes suivis, depuis 30 jours ({len(others.rows)} sur {others.total})",
            f"By others, on the watched accounts, in the last 30 days ({len(others.rows)} of {others.total})",
        ),
        [
            Column(Phrase("Document", "Document")),
            Column(Phrase("Compte", "Account")),
            Column(Phrase("Quoi", "What")),
            Column(Phrase("Avant", "Before"), right=True),
            Column(Phrase("Après", "After"), right=True),
        ],
        [
            [
                f"{kind_named(each.kind, out.language)} {each.document_id}"
                + (f" ({each.number})" if each.number else ""),
                each.account,
                DEEDS[each.deed].fr if out.language == "fr" else DEEDS[each.deed].en,
                "" if each.amount_before is None else f"{each.day_before} {money(each.amount_before, out.language)}",
                "" if each.amount_after is None else f"{each.day_after} {money(each.amount_after, out.language)}",
            ]
            for each in others.rows
        ],
        empty=Phrase("", ""),
    )


def _other_as_json(each: OtherView) -> dict[str, object]:
    return {
        "kind": each.kind,
        "document": each.document_id,
        "number": each.number,
        "account": each.account,
        "what": each.deed,
        "day_before": None if each.day_before is None else each.day_before.isoformat(),
        "amount_before": each.amount_before,
        "day_after": None if each.day_after is None else each.day_after.isoformat(),
        "amount_after": each.amount_after,
        "found_at": each.found_at.isoformat(),
    }


def _as_json(proven: Proven) -> dict[str, object]:
    return {
        "connection": proven.connection.label,
        "connection_id": proven.connection.id,
        "cells": proven.cells,
        "unequal": proven.unequal,
        "months": [
            {
                "month": f"{each.first:%Y-%m}",
                "cells": each.cells,
                "left_out": each.left_out,
                "unequal": each.unequal,
            }
            for each in proven.months
        ],
        "rows": [
            {
                "day": row.day.isoformat(),
                "stream": row.stream,
                "currency": row.currency,
                "source": row.source,
                "left_out": row.left_out,
                "moved": row.moved,
                "moves": [
                    {
                        "key": each.key,
                        "kind": each.kind,
                        "document": each.document_id,
                        "amount": each.amount,
                        "true_date": each.record_day.isoformat(),
                        "dated": each.day.isoformat(),
                    }
                    for each in row.moves
                ],
                "posted": row.posted,
                "quickbooks": row.quickbooks,
                "equal": row.equal,
                "proven_at": row.proven_at.isoformat(),
                "differences": [
                    {
                        "code": each.code,
                        "key": each.key,
                        "kind": each.kind,
                        "document": each.document_id,
                        "amount": each.amount,
                    }
                    for each in row.differences
                ],
            }
            for row in proven.rows
        ],
        "rows_total": proven.total,
    }
