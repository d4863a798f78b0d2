"""``raccord rules``: what people say once of all bank lines that fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import click
from sqlalchemy.orm import Session

from raccord.cli.rule_options import OPTIONS, rule_said
from raccord.cli.statements_command import COMPANY
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import PART_MIN, FindingError, operator
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Column, Output, actor, output
from raccord.cli.terminal.showing import day, moment, money, short
from raccord.cli.terminal.words import Option, default_group
from raccord.onboarding.connecting.companies import the_company
from raccord.onboarding.deciding.bank_rules import (
    RuleSaid,
    add_rule,
    change_rule,
    move_rule,
    remove_rule,
    set_mode,
    switch_rule,
    versions_of,
)
from raccord.onboarding.deciding.rule_accepting import accept_rule
from raccord.overview.lines.rule_effects import SHOWN, Effect, try_rule
from raccord.overview.lines.rule_sentences import answer_said, conditions_said, counts_said, effect_said
from raccord.overview.lines.rule_views import RuleView, list_rules
from raccord.plugin.texts import Text
from raccord.store.models import BankRule
from raccord.sync.lines.bank_rules import BODY, RuleMode, fold
from raccord.sync.workshop import Workshop

_MODES = {
    RuleMode.PROPOSE: Phrase("propose", "proposes"),
    RuleMode.APPLY: Phrase("applique", "carried out"),
}


@default_group(
    "rules",
    "list",
    "Faire des règles pour les opérations bancaires, et les essayer.",
    "Make rules for bank lines, and try them.",
)
def command() -> None:
    pass


@command.command(
    "list", phrase=Phrase("Montrer les règles dans l'ordre.", "Show the rules in order."), params=[COMPANY]
)
def list_(company: str) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        rules = list_rules(session, the_company(session, company).id)
    if out.as_json:
        out.json({"rules": [_told(each) for each in rules]})
        return Exit.OK
    out.table(
        Phrase("Règles bancaires", "Bank rules"),
        [
            Column(Phrase("Place", "Place")),
            Column(Phrase("Nom", "Name")),
            Column(Phrase("Si", "If")),
            Column(Phrase("Alors", "Then")),
            Column(Phrase("RuleMode", "RuleMode")),
        ],
        [
            [
                str(each.place),
                each.name,
                conditions_said(each.body).get(out.language),
                answer_said(each.answer).get(out.language),
                _MODES[each.mode].get(out.language) if each.enabled else Phrase("désactivée", "off").get(out.language),
            ]
            for each in rules
        ],
        empty=Phrase(
            "Aucune règle : « raccord rules add » en fait une.", "No rule yet: “raccord rules add” makes one."
        ),
    )
    return Exit.OK


@command.command(
    "show", phrase=Phrase("Montrer une règle et ses versions.", "Show a rule and its versions."), params=[COMPANY]
)
@click.argument("rule")
def show(rule: str, company: str) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        view = _the_rule(session, company, rule)
        versions = versions_of(session, view.id)
    if out.as_json:
        kept = [
            {
                "version": each.version, "name": each.name, "mode": each.mode, "enabled": each.enabled,
                "valid_from": None if each.valid_from is None else each.valid_from.isoformat(), "body": each.body,
                "by": each.changed_by, "at": each.changed_at.isoformat(),
            }
            for each in versions
        ]  # fmt: skip
        out.json({**_told(view), "versions": kept})
        return Exit.OK
    out.table(
        Phrase(f"« {view.name} »", f"“{view.name}”"),
        [
            Column(Phrase("Version", "Version")),
            Column(Phrase("Si", "If")),
            Column(Phrase("Depuis le jour", "From day")),
            Column(Phrase("RuleMode", "RuleMode")),
            Column(Phrase("Par", "By")),
        ],
        [
            [
                str(each.version),
                conditions_said(BODY.validate_python(each.body)).get(out.language),
                day(each.valid_from),
                _MODES[RuleMode(each.mode)].get(out.language)
                if each.enabled
                else Phrase("désactivée", "off").get(out.language),
                f"{each.changed_by}, {moment(each.changed_at)}",
            ]
            for each in versions
        ],
        empty=Phrase("Rien à montrer.", "Nothing to show."),
    )
    return Exit.OK


@command.command(
    "add",
    phrase=Phrase(
        "Faire une règle ; elle propose, et vient après les autres.",
        "Make a rule; it proposes, and comes after the others.",
    ),
    params=[COMPANY, *OPTIONS],
)
@click.argument("name")
def add(name: str, company: str, **typed: Any) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            company_id = the_company(session, company).id
            said = rule_said(session, company_id, name, typed, None)
        row = add_rule(workshop, operator(actor()), company_id, said)
    return _done(row, Phrase(f"Règle « {row.name} » créée : elle propose.", f"Rule “{row.name}” made: it proposes."))


@command.command(
    "change",
    phrase=Phrase("Changer une règle ; ce qui n'est pas dit reste.", "Change a rule; what is not said stays."),
    params=[COMPANY, Option("--name", "new_name", default="", phrase=Phrase("Nouveau nom.", "New name.")), *OPTIONS],
)
@click.argument("rule")
def change(rule: str, company: str, new_name: str, **typed: Any) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            view = _the_rule(session, company, rule)
            said = rule_said(session, view.company_id, new_name or view.name, typed, _as_said(view))
        row = change_rule(workshop, operator(actor()), view.id, said, view.version)
    return _done(row, Phrase(f"Règle changée : version {row.version}.", f"Rule changed: version {row.version}."))


@command.command(
    "order",
    phrase=Phrase("Mettre une règle à une place de l'ordre.", "Put a rule at a place of the order."),
    params=[COMPANY],
)
@click.argument("rule")
@click.argument("place", type=click.IntRange(1))
def order(rule: str, place: int, company: str) -> int:
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            view = _the_rule(session, company, rule)
        there = move_rule(workshop, operator(actor()), view.id, place)
        row = next(each for each in there if each.id == view.id)
    return _done(row, Phrase(f"« {row.name} » est à la place {row.place}.", f"“{row.name}” is at place {row.place}."))


@command.command(
    "try",
    phrase=Phrase(
        "Montrer ce qu'une règle aurait fait, sans rien changer ; avec des options, comme si elle disait cela.",
        "Show what a rule would have done, changing nothing; with options, as if it said that.",
    ),
    params=[COMPANY, *OPTIONS],
)
@click.argument("rule", required=False)
def try_(rule: str | None, company: str, **typed: Any) -> int:
    out = output()
    with opened_workshop() as workshop, workshop.database.read() as session:
        view = None if rule is None else _the_rule(session, company, rule)
        company_id = the_company(session, company).id if view is None else view.company_id
        said = rule_said(
            session, company_id, "" if view is None else view.name, typed, None if view is None else _as_said(view)
        )
        effect = try_rule(session, company_id, said, "" if view is None else view.id)
    if out.as_json:
        out.json({**asdict(effect), "changed": effect.changed, "examples": _examples(effect)})
    else:
        _show_effect(out, effect)
    return Exit.OK


def _switch(name: str, phrase: Phrase, deed: Callable[[Workshop, str], BankRule], said: Phrase) -> None:
    """Add a command that says one thing of one rule."""

    @command.command(name, phrase=phrase, params=[COMPANY])
    @click.argument("rule")
    def run(rule: str, company: str) -> int:
        with opened_workshop() as workshop:
            with workshop.database.read() as session:
                view = _the_rule(session, company, rule)
            row = deed(workshop, view.id)
        return _done(row, said)


_switch(
    "on",
    Phrase("Activer une règle.", "Turn a rule on."),
    lambda workshop, id_: switch_rule(workshop, operator(actor()), id_, True),
    Phrase("La règle est activée.", "The rule is on."),
)
_switch(
    "off",
    Phrase("Désactiver une règle.", "Turn a rule off."),
    lambda workshop, id_: switch_rule(workshop, operator(actor()), id_, False),
    Phrase("La règle est désactivée.", "The rule is off."),
)
_switch(
    "apply",
    Phrase("Laisser les exécutions appliquer une règle.", "Let runs carry a rule out."),
    lambda workshop, id_: set_mode(workshop, operator(actor()), id_, RuleMode.APPLY),
    Phrase("La prochaine exécution l'applique.", "The next run carries it out."),
)
_switch(
    "propose",
    Phrase("Ne laisser une règle que proposer.", "Let a rule only propose."),
    lambda workshop, id_: set_mode(workshop, operator(actor()), id_, RuleMode.PROPOSE),
    Phrase("La règle propose seulement.", "The rule only proposes."),
)


@command.command(
    "accept",
    phrase=Phrase(
        "Accepter ce qu'une règle dit des opérations qui attendent, 200 à la fois.",
        "Accept what a rule says of the lines that wait, 200 at a time.",
    ),
    params=[COMPANY],
)
@click.argument("rule")
def accept(rule: str, company: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            view = _the_rule(session, company, rule)
        done = accept_rule(workshop, operator(actor()), view.id, view.version)
    if out.as_json:
        out.json({"rule": view.id, "accepted": list(done.keys), "refused": done.refused, "left": done.left})
    n = len(done.keys)
    out.say(Phrase(f"Opérations réglées par « {view.name} » : {n}.", f"Lines answered by “{view.name}”: {n}."))
    if done.refused:
        refused = done.refused
        out.say(
            Phrase(f"Attendent encore, ne le permettant pas : {refused}.", f"Still wait, not allowing it: {refused}.")
        )
    if done.left:
        out.say(Phrase(f"Restent pour la fois suivante : {done.left}.", f"Left for the next go: {done.left}."))
    return Exit.OK


@command.command(
    "remove",
    phrase=Phrase("Retirer une règle ; ses réponses restent.", "Remove a rule; its answers stay."),
    params=[COMPANY],
)
@click.argument("rule")
def remove(rule: str, company: str) -> int:
    out = output()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            view = _the_rule(session, company, rule)
        remove_rule(workshop, operator(actor()), view.id, view.version)
    if out.as_json:
        out.json({"rule": view.id, "removed": True})
    out.say(Phrase(f"Règle « {view.name} » retirée.", f"Rule “{view.name}” removed."))
    return Exit.OK


def _the_rule(session: Session, company: str, name: str) -> RuleView:
    """Return the rule of that name, place or id (or the end of it)."""
    rules = list_rules(session, the_company(session, company).id)
    for fits in (
        [each for each in rules if each.id == name or fold(each.name) == fold(name)],
        [each for each in rules if str(each.place) == name],
        [each for each in rules if len(name) >= PART_MIN and each.id.endswith(name)],
    ):
        if len(fits) == 1:
            return fits[0]
    known = ", ".join(f"{each.name} ({short(each.id)})" for each in rules[:20]) or "–"
    raise FindingError(
        "bank_rule.which",
        Text(f"Quelle règle ? Connues : {known}.", f"Which rule? Known ones: {known}."),
        Text("Donnez son nom ou sa place.", "Give its name or its place."),
    )


def _as_said(view: RuleView) -> RuleSaid:
    return RuleSaid(name=view.name, body=view.body, valid_from=view.valid_from)


def _done(row: BankRule, said: Phrase) -> int:
    out = output()
    if out.as_json:
        out.json({"rule": row.id, "place": row.place, "version": row.version, "mode": row.mode, "enabled": row.enabled})
    out.say(said)
    return Exit.OK


def _told(view: RuleView) -> dict[str, object]:
    return {
        "rule": view.id,
        "place": view.place,
        "version": view.version,
        "name": view.name,
        "mode": str(view.mode),
        "enabled": view.enabled,
        "valid_from": None if view.valid_from is None else view.valid_from.isoformat(),
        "body": BODY.dump_python(view.body, mode="json"),
        "by": view.changed_by,
        "at": view.changed_at.isoformat(),
    }


def _examples(effect: Effect) -> dict[str, object]:
    return {
        kind: [{**asdict(each), "day": each.day.isoformat()} for each in some] for kind, some in effect.examples.items()
    }


def _show_effect(out: Output, effect: Effect) -> None:
    out.say(effect_said(effect))
    for said, count in counts_said(effect):
        out.say(Text(f"  {said.fr} : {count}", f"  {said.en}: {count}"))
    out.table(
        Phrase("Exemples", "Examples"),
        [
            Column(Phrase("Jour", "Day")),
            Column(Phrase("Montant", "Amount")),
            Column(Phrase("Texte", "Text")),
            Column(Phrase("Était", "Was")),
            Column(Phrase("Serait", "Would be")),
        ],
        [
            [
                day(each.day),
                f"{money(each.amount, out.language)} {each.currency}",
                each.text,
                answer_said(each.was).get(out.language),
                answer_said(each.would_be).get(out.language),
            ]
            for kind in SHOWN
            for each in effect.examples.get(kind, ())
        ],
        empty=Phrase("Aucune opération ne changerait.", "No line would change."),
    )
    if effect.not_shown:
        out.say(Phrase(f"Pas montrées : {effect.not_shown}.", f"Not shown: {effect.not_shown}."))
