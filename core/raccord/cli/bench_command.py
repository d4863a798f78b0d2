"""``raccord bench``: what an installed connector makes of its made-up sources, page by page and record by record."""

from __future__ import annotations

import click

from raccord.cli.check_command import installed
from raccord.cli.exits import Exit
from raccord.cli.language import Phrase
from raccord.cli.output import Column, Output, both, output
from raccord.cli.words import command as command_of
from raccord.cli.words import option
from raccord.errors import RaccordError
from raccord.plugin.testing.kit.bench import Bench, Made, bench, moved
from raccord.plugin.testing.kit.run import trials_of
from raccord.plugin.texts import Text

ROWS_MAX = 500


class NoTrialError(RaccordError):
    """Raised when a connector brings no trial, or none of that name."""


@command_of(
    "bench",
    "Montrer ce qu'un connecteur fait de ses sources inventées : requêtes, pages, enregistrements, brouillons.",
    "Show what a connector makes of its made-up sources: requests, pages, records, drafts.",
)
@click.argument("connector", metavar="PLUGIN")
@option("--trial", default="", fr="Nom de l'essai ; par défaut tous.", en="Name of the trial; all of them if absent.")
def command(connector: str, trial: str) -> Exit:
    module, info = installed(connector)
    chosen = [each for each in trials_of(module) if trial in ("", each.name)]
    if not chosen:
        raise NoTrialError(
            "bench.no_trial",
            Text("Ce connecteur n'apporte pas un tel essai.", "This connector brings no such trial."),
            Text("Ajoutez-le à « trials() » de son module sandbox.", "Add it to “trials()” of its module sandbox."),
        )
    found = [bench(module, info, each) for each in chosen]
    if output().as_json:
        output().json({"trials": [_json(each) for each in found]})
    else:
        for each in found:
            _show(output(), each)
    return Exit.FAILED if any(each.error for each in found) else Exit.OK


def _show(out: Output, found: Bench) -> None:
    name = f"{found.connector}, {found.trial}"
    out.table(
        Phrase(f"Requêtes ({name})", f"Requests ({name})"),
        [Column(Phrase("Requête", "Request")), Column(Phrase("Paramètres", "Parameters")),
         Column(Phrase("Réponse", "Answer")), Column(Phrase("Octets", "Bytes"), right=True)],
        [[f"{each.method} {each.host}{each.path}", ", ".join(each.params), str(each.status), str(each.size)]
         for each in found.exchanges[:ROWS_MAX]],
        empty=Phrase(f"{name} : aucune requête.", f"{name}: no request."),
    )  # fmt: skip
    out.table(
        Phrase("Pages", "Pages"),
        [Column(Phrase("Flux", "Stream")), Column(Phrase("Depuis", "From")), Column(Phrase("Jusqu'à", "To")),
         Column(Phrase("Enregistrements", "Records"), right=True), Column(Phrase("Rejets", "Rejects"), right=True)],
        [[each.stream, each.cursor or "–", each.page.cursor or "–", str(len(each.page.records)),
          str(len(each.page.rejects))] for each in found.turns[:ROWS_MAX] if each.page is not None],
        empty=Phrase("Aucune page.", "No page."),
    )  # fmt: skip
    out.table(
        Phrase("Enregistrements", "Records"),
        [Column(Phrase("Enregistrement", "Record")), Column(Phrase("Jour", "Day")),
         Column(Phrase("Montant", "Amount"), right=True), Column(Phrase("Devient", "Becomes"))],
        [[one.record.key(), str(one.record.day), str(one.record.amount or "–"), _becomes(out, one)]
         for one in found.made[:ROWS_MAX]],
        empty=Phrase("Aucun enregistrement.", "No record."),
    )  # fmt: skip
    for reject in found.rejects[:ROWS_MAX]:
        out.say(Phrase(f"Rejet {reject.where} : {reject.reason.fr}", f"Reject {reject.where}: {reject.reason.en}"))
    for key in found.clashes():
        out.say(Phrase(f"Deux brouillons sous la clé {key}.", f"Two drafts under the key {key}."))
    for first, second in found.alike()[:ROWS_MAX]:
        out.say(
            Phrase(
                f"{first.key()} et {second.key()} : même jour, même montant ; seul l'identifiant les distingue.",
                f"{first.key()} and {second.key()}: same day, same amount; only the id tells them apart.",
            )
        )
    if found.error:
        out.say(Phrase(f"La lecture a levé {found.error}.", f"Reading raised {found.error}."))


def _becomes(out: Output, one: Made) -> str:
    if not one.drafts:
        return f"{one.code}: {one.why.get(out.language)}" if one.why is not None else one.code
    rows = []
    for draft in one.drafts:
        place, amount = moved(draft)
        rows.append(" ".join(part for part in (draft.kind, draft.key, place, amount) if part))
    return "\n".join(rows)


def _json(found: Bench) -> object:
    return {
        "connector": found.connector,
        "trial": found.trial,
        "error": found.error,
        "requests": [
            {"method": each.method, "host": each.host, "path": each.path, "parameters": list(each.params),
             "status": each.status, "bytes": each.size}
            for each in found.exchanges
        ],
        "pages": [
            {"stream": each.stream, "from": each.cursor, "to": each.page.cursor, "more": each.page.more,
             "records": len(each.page.records), "rejects": len(each.page.rejects)}
            for each in found.turns
            if each.page is not None
        ],
        "rejects": [{"where": each.where, "code": each.code, "reason": both(each.reason)} for each in found.rejects],
        "records": [
            {
                "key": one.record.key(),
                "day": str(one.record.day),
                "amount": None if one.record.amount is None else str(one.record.amount),
                "code": one.code,
                "why": None if one.why is None else both(one.why),
                "drafts": [{"kind": each.kind, "key": each.key, "moves": " ".join(moved(each)).strip()}
                           for each in one.drafts],
            }
            for one in found.made
        ],
        "clashes": found.clashes(),
        "alike": [[first.key(), second.key()] for first, second in found.alike()],
    }  # fmt: skip
