"""What ``raccord bench`` shows of a look: tables, one record followed to the ledger, or JSON."""

from __future__ import annotations

from collections.abc import Sequence

from raccord.bench import Documented, Look, Made, Met
from raccord.bench.shown import ROWS_MAX, draft_lines, entries, excerpt, raw_lines
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, both

_RIGHT = True


def show(out: Output, found: Look, limit: int) -> None:
    """Show a look from requests to ledger, at most ``limit`` rows of each."""
    name = f"{found.connector}, {found.source}"
    out.table(
        Phrase(f"Requêtes ({name})", f"Requests ({name})"),
        [Column(Phrase("Requête", "Request")), Column(Phrase("Réponse", "Answer")),
         Column(Phrase("Lignes", "Lines"), _RIGHT)],
        [[f"{each.method} {each.url}", each.refused or str(each.status), str(len(each.body))]
         for each in found.exchanges[:limit]],
        empty=Phrase(f"{name} : aucune requête.", f"{name}: no request."),
    )  # fmt: skip
    _rest(out, len(found.exchanges), limit)
    pages = [each for each in found.turns if each.page is not None]
    turns = [each for each in pages if each.page is not None and (each.page.records or each.page.rejects)]
    out.table(
        Phrase(f"Pages ({len(pages) - len(turns)} vides)", f"Pages ({len(pages) - len(turns)} empty)"),
        [Column(Phrase("Flux", "Stream")), Column(Phrase("Depuis", "From")), Column(Phrase("Jusqu'à", "To")),
         Column(Phrase("Opérations", "Records"), _RIGHT), Column(Phrase("Rejets", "Rejects"), _RIGHT)],
        [[each.stream, each.cursor or "–", each.page.cursor or "–", str(len(each.page.records)),
          str(len(each.page.rejects))] for each in turns[:limit] if each.page is not None],
        empty=Phrase("Aucune page.", "No page."),
    )  # fmt: skip
    _rest(out, len(turns), limit)
    out.table(
        Phrase("Opérations", "Records"),
        [Column(Phrase("Opération", "Record")), Column(Phrase("Jour", "Day")),
         Column(Phrase("Montant", "Amount"), _RIGHT), Column(Phrase("Devient", "Becomes"))],
        [[one.record.key(), str(one.record.day), str(one.record.amount or "–"), _becomes(out, one)]
         for one in found.made[:limit]],
        empty=Phrase("Aucune opération.", "No record."),
    )  # fmt: skip
    _rest(out, len(found.made), limit)
    for reject in found.rejects[:limit]:
        out.say(Phrase(f"Rejet {reject.where} : {reject.reason.fr}", f"Reject {reject.where}: {reject.reason.en}"))
    _show_identity(out, found, limit)
    _show_ledger(out, found, limit)
    if found.error:
        said = found.said
        out.say(
            Phrase(f"La lecture a levé {found.error}." + ("" if said is None else f" {said.fr}"),
                   f"Reading raised {found.error}." + ("" if said is None else f" {said.en}"))
        )  # fmt: skip


def show_record(out: Output, found: Look, made: Made) -> None:
    """Show what the source said of one record, and each document it becomes with its postings."""
    if out.as_json:
        out.json({"connector": found.connector, "trial": found.source, "record": _record(made)})
        return
    lines = [made.record.key(), "", *excerpt(raw_lines(made.record))]
    if made.why is not None or made.code:
        lines += ["", made.code, "" if made.why is None else made.why.get(out.language)]
    for each in made.documents:
        lines += ["", f"→ {each.draft.kind} {each.draft.key}", *excerpt(draft_lines(each.draft))]
        lines += ["", f"→ QuickBooks {each.entity}"]
        lines += excerpt(each.payload.split("\n")) if each.payload else []
        lines += _notes(out, each)
        lines += [
            f"  {entry.account:<40} {entry.debit if entry.debit is not None else '':>14} "
            f"{entry.credit if entry.credit is not None else '':>14} {entry.currency}"
            for entry in entries(each.postings)
        ]
    text = "\n".join(lines)
    out.say(Phrase(text, text))


def _show_identity(out: Output, found: Look, limit: int) -> None:
    identity = found.identity
    counted = ", ".join(f"{stream} {count}" for stream, count in identity.keys.items()) or "–"
    out.say(
        Phrase(
            f"Identités : {counted} ; {identity.repeated} redites à l'identique.",
            f"Identities: {counted}; {identity.repeated} told again the same.",
        )
    )
    for met in identity.merged[:limit]:
        fields = ", ".join(met.fields)
        out.say(
            Phrase(
                f"{met.key} : deux lignes d'une page seraient fondues en une ; elles diffèrent par {fields}.",
                f"{met.key}: two rows of one page would merge; they differ in {fields}.",
            )
        )
    for met in identity.changed[:limit]:
        fields = ", ".join(met.fields)
        out.say(Phrase(f"{met.key} a changé : {fields}.", f"{met.key} changed: {fields}."))
    for key in identity.clashes[:limit]:
        out.say(Phrase(f"Deux brouillons sous la clé {key}.", f"Two drafts under the key {key}."))
    for first, second in identity.alike[:limit]:
        out.say(
            Phrase(
                f"{first.key()} et {second.key()} : même jour, même montant ; seul l'identifiant les distingue.",
                f"{first.key()} and {second.key()}: same day, same amount; only the id tells them apart.",
            )
        )


def _show_ledger(out: Output, found: Look, limit: int) -> None:
    moved = entries(found.ledger)
    out.table(
        Phrase("Grand livre", "Ledger"),
        [Column(Phrase("Compte", "Account")), Column(Phrase("Débit", "Debit"), _RIGHT),
         Column(Phrase("Crédit", "Credit"), _RIGHT), Column(Phrase("Devise", "Currency"))],
        [[each.account, "" if each.debit is None else str(each.debit), "" if each.credit is None else str(each.credit),
          each.currency] for each in moved[:limit]],
        empty=Phrase("Aucun compte ne bouge.", "No account moves."),
    )  # fmt: skip
    _rest(out, len(moved), limit)
    if not found.balanced:
        out.say(Phrase("Les écritures ne sont pas équilibrées.", "The postings do not balance."))


def _rest(out: Output, count: int, limit: int) -> None:
    if count > limit:
        out.say(Phrase(f"… et {count - limit} de plus (--limit).", f"… and {count - limit} more (--limit)."))


def _becomes(out: Output, one: Made) -> str:
    if not one.documents:
        return f"{one.code}: {one.why.get(out.language)}" if one.why is not None else one.code
    rows: list[str] = []
    for each in one.documents:
        moves = "; ".join(f"{posting.account} {posting.amount} {posting.currency}" for posting in each.postings)
        rows.append(" ".join(part for part in (each.entity, each.draft.key, moves) if part))
        rows += _notes(out, each)
    return "\n".join(rows)


def _notes(out: Output, document: Documented) -> list[str]:
    said = [each.get(out.language) for each in document.waits]
    if document.refused is not None:
        said.append(f"{document.code}: {document.refused.get(out.language)}")
    return [f"  {each}" for each in said]


def as_json(found: Look) -> object:
    """Return a look as JSON; tables are cut at the most that is ever shown, and counted whole."""
    identity = found.identity
    return {
        "connector": found.connector,
        "trial": found.source,
        "error": found.error,
        "said": None if found.said is None else both(found.said),
        "requests": [
            {"method": each.method, "url": each.url, "sent": excerpt(each.sent), "status": each.status,
             "refused": each.refused, "body": excerpt(each.body)}
            for each in found.exchanges[:ROWS_MAX]
        ],
        "pages": [
            {"stream": each.stream, "from": each.cursor, "to": each.page.cursor, "more": each.page.more,
             "records": len(each.page.records), "rejects": len(each.page.rejects)}
            for each in found.turns[:ROWS_MAX]
            if each.page is not None
        ],
        "rejects": [{"where": each.where, "code": each.code, "reason": both(each.reason)}
                    for each in found.rejects[:ROWS_MAX]],
        "records": [_record(one) for one in found.made[:ROWS_MAX]],
        "identity": {
            "keys": identity.keys,
            "repeated": identity.repeated,
            "merged": _met(identity.merged),
            "changed": _met(identity.changed),
            "alike": [[first.key(), second.key()] for first, second in identity.alike[:ROWS_MAX]],
            "clashes": identity.clashes[:ROWS_MAX],
        },
        "ledger": [{"account": each.account, "debit": each.debit, "credit": each.credit, "currency": each.currency}
                   for each in entries(found.ledger)],
        "balanced": found.balanced,
        "counts": {"requests": len(found.exchanges), "records": len(found.made), "rejects": len(found.rejects)},
    }  # fmt: skip


def _record(one: Made) -> object:
    return {
        "key": one.record.key(),
        "day": str(one.record.day),
        "amount": None if one.record.amount is None else str(one.record.amount),
        "raw": one.record.raw,
        "code": one.code,
        "why": None if one.why is None else both(one.why),
        "documents": [
            {
                "kind": each.draft.kind,
                "key": each.draft.key,
                "entity": each.entity,
                "payload": each.payload,
                "waits": [both(text) for text in each.waits],
                "refused": None if each.refused is None else both(each.refused),
                "postings": [
                    {"account": entry.account, "debit": entry.debit, "credit": entry.credit, "currency": entry.currency}
                    for entry in entries(each.postings)
                ],
                "balanced": each.balanced,
            }
            for each in one.documents
        ],
    }


def _met(found: Sequence[Met]) -> list[object]:
    return [{"key": each.key, "fields": list(each.fields)} for each in found[:ROWS_MAX]]
