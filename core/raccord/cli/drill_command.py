"""``raccord drill``: a backup put back in a scratch place, looked at whole, and its plan, which must create nothing."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import command as make_command
from raccord.keeping.drill import drill


@make_command(
    "drill",
    "Essayer de restaurer une sauvegarde (la dernière) à part ; rien n'est écrit dans QuickBooks.",
    "Try to restore a backup (the last one) apart; nothing is written to QuickBooks.",
)
@click.argument("backup", required=False)
def command(backup: str | None) -> int:
    out = output()
    with opened_workshop() as workshop:
        done = drill(workshop, operator(actor()), backup or "")
    if out.as_json:
        out.json(
            {
                "backup": done.backup,
                "made_at": None if done.made_at is None else done.made_at.isoformat(),
                "passed": done.passed,
                "lines": [{"ok": line.ok, "fr": line.text.fr, "en": line.text.en} for line in done.lines],
            }
        )
    for line in done.lines:
        mark = "✓" if line.ok else "✗"
        out.say(Phrase(f"{mark} {line.text.fr}", f"{mark} {line.text.en}"))
    out.say(
        Phrase(f"L'exercice a réussi avec {done.backup}.", f"The drill passed with {done.backup}.")
        if done.passed
        else Phrase(
            f"L'exercice a échoué avec {done.backup or '–'} : ne comptez pas sur cette sauvegarde.",
            f"The drill failed with {done.backup or '–'}: do not count on this backup.",
        )
    )
    return Exit.OK if done.passed else Exit.FAILED
