"""``raccord connect link``: linking a source's items, and the like, one by one or as suggested."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, actor, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.onboarding.setting_up.instances import InstanceView, link_suggested, linking


@make_command(
    "link",
    "Montrer combien d'articles d'une source sont liés, et accepter ce qui est proposé.",
    "Show how many of a source's items are linked, and accept what is suggested.",
    params=[
        Option(
            "--accept",
            is_flag=True,
            phrase=Phrase("Lier tout ce qui est proposé.", "Link all that is suggested."),
        ),
    ],
)
@click.argument("connection")
@click.argument("role")
def link(connection: str, role: str, accept: bool) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = the_connection(session, connection).id
        accepted = link_suggested(workshop, operator(actor()), chosen, role) if accept else 0
        found = linking(workshop, chosen, role)
    if out.as_json:
        rows = [_row(row) for row in found.rows]
        out.json({"role": role, "linked": found.linked, "of": found.total, "accepted": accepted, "rows": rows})
    else:
        out.table(
            Phrase(found.role.label.fr, found.role.label.en),
            [Column(Phrase("Id", "Id")), Column(Phrase("À la source", "At the source")),
             Column(Phrase("Lié à", "Linked to")), Column(Phrase("Proposé", "Suggested"))],
            [
                [row.id, row.name, row.linked.name if row.linked else "", row.suggested.name if row.suggested else ""]
                for row in found.rows
            ],
            empty=Phrase("La source n'en a pas encore envoyé.", "The source has sent none yet."),
        )  # fmt: skip
        linked, total = found.linked, found.total
        out.say(Phrase(f"{linked} sur {total} liés.", f"{linked} of {total} linked."))
    return Exit.OK if found.complete else Exit.NEEDS_PERSON


def _row(row: InstanceView) -> dict[str, object]:
    linked, suggested = row.linked, row.suggested
    return {
        "id": row.id,
        "name": row.name,
        "linked": None if linked is None else {"id": linked.id, "name": linked.name},
        "suggested": None if suggested is None else {"id": suggested.id, "name": suggested.name, "why": suggested.why},
    }
