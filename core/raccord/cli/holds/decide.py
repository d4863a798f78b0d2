"""``raccord holds decide``: one answer to conflicts, of those that they allow."""

from __future__ import annotations

import click

from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import FindingError, holds_of, operator, the_hold
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import actor, output
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Text

WAYS = sorted(str(kind) for kind in ResolutionKind if kind is not ResolutionKind.HOLD)


@command(
    "decide",
    "Trancher un conflit, ou plusieurs de la même façon : link (c'est ce document), skip (ne pas l'écrire), create "
    "(c'est autre chose, l'écrire), keep_theirs, restore_ours, rename (sous un autre nom), replace (une autre fiche), "
    "reactivate (la fiche redevient active), without (sans ce que la société ne tient pas), retry (c'est réparé).",
    "Decide a conflict, or several the same way: link (it is that document), skip (do not post it), create (it is "
    "something else, post it), keep_theirs, restore_ours, rename (under another name), replace (another entry), "
    "reactivate (make the entry active), without (without what the company cannot hold), retry (it is mended).",
    params=[
        Option(
            "--document",
            default="",
            metavar="ID",
            phrase=Phrase(
                "Pour link : le document de QuickBooks, si la question ne le nomme pas.",
                "For link: the QuickBooks document, if the question does not name it.",
            ),
        ),
        Option(
            "--name",
            default="",
            phrase=Phrase("Pour rename : le nom à employer.", "For rename: the name to use."),
        ),
        Option(
            "--entry",
            default="",
            metavar="ID",
            phrase=Phrase("Pour replace : l'autre fiche de la liste.", "For replace: the other entry of the list."),
        ),
        Option(
            "--seen",
            default="",
            metavar="SEEN",
            phrase=Phrase(
                "Ce que « raccord holds --json » disait d'une question sous « seen » : si elle a changé ou reçu une "
                "autre réponse depuis, rien n'est décidé. Une à la fois.",
                "What “raccord holds --json” said of a question under “seen”: if it changed or was answered otherwise "
                "since, nothing is decided. One at a time.",
            ),
        ),
        Option(
            "--all",
            "code",
            default="",
            metavar="CODE",
            phrase=Phrase(
                "Toutes les questions ouvertes de ce code, par exemple conflict.many_names.",
                "All open questions of this code, for example conflict.many_names.",
            ),
        ),
    ],
)
@click.argument("way", type=click.Choice(WAYS))
@click.argument("hold", nargs=-1)
def decide(way: str, hold: tuple[str, ...], document: str, name: str, entry: str, seen: str, code: str) -> int:
    out, target = output(), document or name or entry
    if seen and (code or len(hold) > 1):
        raise FindingError(
            "hold.seen_of_one",
            Text("--seen est ce qu'on a lu d'une seule question.", "--seen is what was read of one question."),
            Text("Répondez à une question à la fois, ou sans --seen.", "Answer one at a time, or without --seen."),
        )
    if bool(hold) == bool(code):
        raise FindingError(
            "hold.not_named",
            Text("Nommez des questions, ou toutes celles d'un code.", "Name questions, or all of one code."),
            Text("« raccord holds » montre celles qui sont ouvertes.", "“raccord holds” shows those that are open."),
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            named = holds_of(session, code) if code else [the_hold(session, each) for each in hold]
        ids = list(dict.fromkeys(named))
        for hold_id in ids:
            answer_conflict(workshop, operator(actor()), hold_id, ResolutionKind(way), target, seen=seen)
    if out.as_json:
        out.json({"decided": ids, "way": way})
    decided = counted(len(ids), ("{n} décision", "{n} decided"), ("{n} décisions", "{n} decided"))
    out.say(
        Phrase(
            f"{decided.fr} : {way}. La prochaine exécution en tient compte.",
            f"{decided.en}: {way}. The next run acts on it.",
        )
    )
    return Exit.OK
