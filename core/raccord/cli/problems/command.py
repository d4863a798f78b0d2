"""``raccord problems``: what failed, by cause, and what a person decided about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from raccord.cli.problems.decide import answer, by_document, by_hand, link, skip
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection, the_problem
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import day, money, short
from raccord.cli.terminal.words import Option, default_group
from raccord.errors import RaccordError
from raccord.onboarding.deciding.failures import close_cause, mark_ready, mark_resolved
from raccord.overview.explain import Explained, explain
from raccord.overview.listing import MOST
from raccord.overview.problems import ProblemGroup, ProblemView, open_problems, problem_groups
from raccord.plugin.texts import Text
from raccord.store.models import ProblemState

ROWS_USUAL = 50


class WhichProblemsError(RaccordError):
    """Raised when neither problems nor a cause are named."""


_CAUSE = Option(
    "--cause", default="", metavar="CODE", phrase=Phrase("Tous ceux de cette cause.", "All those of this cause.")
)
_CONNECTION = Option("--connection", default=None, phrase=Phrase("D'une seule connexion.", "Of one connection only."))


@default_group(
    "problems",
    "list",
    "Montrer ce qui a échoué, pourquoi et que faire.",
    "Show what failed, why and what to do.",
)
def command() -> None:
    pass


@command.command(
    "list",
    phrase=Phrase("Montrer ce qui a échoué, par cause.", "Show what failed, by cause."),
    params=[
        _CAUSE,
        Option(
            "--limit",
            type=click.IntRange(1, MOST),
            default=ROWS_USUAL,
            phrase=Phrase("Nombre de lignes au plus.", "Number of rows at most."),
        ),
    ],
)
@click.argument("connection", required=False)
def list_(connection: str | None, cause: str, limit: int) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        chosen = None if connection is None else the_connection(session, connection).id
        groups = problem_groups(session, chosen, limit=limit)
        each_one = open_problems(session, chosen, code=cause, limit=limit) if cause else None
    if out.as_json:
        body: dict[str, object] = {"groups": [_group_as_json(group) for group in groups.rows], "total": groups.total}
        if each_one is not None:
            body["problems"] = [_as_json(each) for each in each_one.rows]
        out.json(body)
    elif each_one is not None:
        _show_each(out, each_one.rows, each_one.total)
    else:
        _show_groups(out, groups.rows)
    return Exit.NEEDS_PERSON if groups.total else Exit.OK


@command.command(
    "ready",
    phrase=Phrase(
        "Marquer « Prête pour la synchronisation » : la prochaine exécution réessaie.",
        "Mark ready for synchronisation: the next run tries again.",
    ),
    params=[_CAUSE, _CONNECTION],
)
@click.argument("problem", nargs=-1)
def ready(problem: tuple[str, ...], cause: str, connection: str | None) -> int:
    return _mark(
        problem,
        cause,
        connection,
        ProblemState.READY,
        lambda count: counted(
            count,
            (
                "{n} marqué prêt : la prochaine exécution le reprend (raccord sync).",
                "{n} marked ready: the next run tries it again (raccord sync).",
            ),
            (
                "{n} marqués prêts : la prochaine exécution les reprend (raccord sync).",
                "{n} marked ready: the next run tries them again (raccord sync).",
            ),
        ),
    )


@command.command(
    "resolved",
    phrase=Phrase(
        "Marquer « Résolue » : saisie à la main dans QuickBooks, plus jamais envoyée.",
        "Mark resolved: entered by hand in QuickBooks, never sent again.",
    ),
    params=[
        _CAUSE,
        _CONNECTION,
        Option(
            "--document",
            default="",
            metavar="NUMBER|LINK",
            phrase=Phrase(
                "Le numéro du document saisi, ou son lien dans QuickBooks : l'opération lui est reliée. Sans document "
                "trouvé, la preuve la compte comme déclarée.",
                "The number of the document that was entered, or its QuickBooks link: the record is tied to it. Where "
                "none is found, the proof counts it as declared.",
            ),
        ),
    ],
)
@click.argument("problem", nargs=-1)
def resolved(problem: tuple[str, ...], cause: str, connection: str | None, document: str) -> int:
    if document.strip():
        return by_document(problem, cause, document)
    return _mark(
        problem,
        cause,
        connection,
        ProblemState.RESOLVED,
        lambda count: counted(
            count,
            (
                "{n} marqué résolu, déclaré saisi à la main : il ne sera plus envoyé.",
                "{n} marked resolved, declared as entered by hand: never sent again.",
            ),
            (
                "{n} marqués résolus, déclarés saisis à la main : ils ne seront plus envoyés.",
                "{n} marked resolved, declared as entered by hand: never sent again.",
            ),
        ),
    )


for decision in (link, skip, answer, by_hand):
    command.add_command(decision)


def _mark(
    names: Sequence[str], cause: str, connection: str | None, state: ProblemState, say: Callable[[int], Phrase]
) -> int:
    out = output()
    if bool(names) == bool(cause):
        raise WhichProblemsError(
            "problem.which",
            Text("Nommez des problèmes, ou une cause avec --cause.", "Name problems, or a cause with --cause."),
            Text("« raccord problems --json » montre leurs numéros.", "“raccord problems --json” shows their ids."),
        )
    mark = mark_ready if state is ProblemState.READY else mark_resolved
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            chosen = None if connection is None else the_connection(session, connection).id
            ids: Sequence[str] = [the_problem(session, name) for name in names]
        left: Sequence[str] = ()
        if cause:
            closed = close_cause(workshop, operator(actor()), cause, state, chosen)
            ids, left = closed.ids, closed.left
        for problem_id in ids if names else ():
            mark(workshop, operator(actor()), problem_id)
    if out.as_json:
        out.json({"marked": list(ids), "left": list(left)})
    out.say(say(len(ids)))
    if left:
        out.say(
            counted(
                len(left),
                (
                    "{n} laissé : déjà dans QuickBooks ou en cours d'envoi.",
                    "{n} left: in QuickBooks already or being sent.",
                ),
                (
                    "{n} laissés : déjà dans QuickBooks ou en cours d'envoi.",
                    "{n} left: in QuickBooks already or being sent.",
                ),
            )
        )
    return Exit.OK


def _show_groups(out: Output, groups: Sequence[ProblemGroup]) -> None:
    out.table(
        Phrase("Problèmes par cause", "Problems by cause"),
        [
            Column(Phrase("Connexion", "Connection")),
            Column(Phrase("Nombre", "Count"), right=True),
            Column(Phrase("Ce qui s'est passé", "What happened")),
            Column(Phrase("À faire", "What to do")),
            Column(Phrase("Qui", "Who")),
            Column(Phrase("Exemples", "Examples")),
        ],
        [
            [
                group.connection,
                str(group.count),
                f"{_said(group, out).what} [{group.cause}]",
                _said(group, out).fix,
                _said(group, out).who,
                "\n".join(f"{short(each.id)} {each.subject}" for each in group.examples),
            ]
            for group in groups
        ],
        empty=Phrase("Aucun problème ouvert.", "No open problem."),
    )


def _said(group: ProblemGroup, out: Output) -> Explained:
    params = group.examples[0].params if group.examples else {}
    return explain(group.code, params, out.language)


def _show_each(out: Output, problems: Sequence[ProblemView], total: int) -> None:
    out.table(
        Phrase(f"Problèmes ({len(problems)} sur {total})", f"Problems ({len(problems)} of {total})"),
        [
            Column(Phrase("Numéro", "Id")),
            Column(Phrase("Sujet", "Subject")),
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Montant", "Amount"), right=True),
            Column(Phrase("Ce qui s'est passé", "What happened")),
        ],
        [
            [
                short(each.id),
                each.subject,
                day(each.day),
                f"{money(each.amount, out.language)} {each.currency}".strip(),
                explain(each.code, each.params, out.language).what,
            ]
            for each in problems
        ],
        empty=Phrase("Aucun problème ouvert de cette cause.", "No open problem of this cause."),
    )


def _group_as_json(group: ProblemGroup) -> dict[str, object]:
    params = group.examples[0].params if group.examples else {}
    return {
        "connection": group.connection,
        "connection_id": group.connection_id,
        "code": group.code,
        "cause": group.cause,
        "count": group.count,
        "since": group.since.isoformat(),
        "text": {language: explain(group.code, params, language).what for language in ("fr", "en")},
        "fix": {language: explain(group.code, params, language).fix for language in ("fr", "en")},
        "who": {language: explain(group.code, params, language).who for language in ("fr", "en")},
        "examples": [_as_json(each) for each in group.examples],
    }


def _as_json(each: ProblemView) -> dict[str, object]:
    return {
        "problem": each.id,
        "subject": each.subject,
        "stream": each.stream,
        "code": each.code,
        "day": day(each.day) or None,
        "amount": each.amount,
        "currency": each.currency,
        "run": each.run_id,
        "text": {language: explain(each.code, each.params, language).what for language in ("fr", "en")},
    }
