"""``raccord connect term`` and ``repost``: what a word means from a day on, and the past under the mapping of now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import click
from sqlalchemy import select

from raccord.cli.terminal.asking import confirm
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.finding import operator, the_connection
from raccord.cli.terminal.house import opened_workshop
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, actor, both, output
from raccord.cli.terminal.showing import money
from raccord.cli.terminal.words import Option, command
from raccord.onboarding.deciding.remapping import cancel, repost, save_changes, survey
from raccord.onboarding.deciding.seen_choices import term_standing
from raccord.overview.explain import explain
from raccord.overview.pointing.differences import kinds_of
from raccord.plugin.texts import Language
from raccord.quickbooks.fields import field_named
from raccord.quickbooks.kinds import kind_named
from raccord.store.models import Connection, LedgerEntry
from raccord.sync.planning.survey import Survey
from raccord.sync.resolving.terms import DatedTerm
from raccord.sync.workshop import Workshop

_DAY = click.DateTime(["%Y-%m-%d"])
_YES = Option("--yes", is_flag=True, phrase=Phrase("Ne rien demander.", "Ask nothing."))
PREVIEW = Option(
    "--preview",
    is_flag=True,
    phrase=Phrase("Montrer l'effet sur ce qui est écrit, sans rien changer.", "Show the effect, change nothing."),
)
SEEN = Option(
    "--seen",
    default=None,
    phrase=Phrase(
        "Ce qui valait à la lecture (« » pour rien) : refusé si autre chose vaut à présent.",
        "What stood when you read it (“” for nothing): refused where something else does now.",
    ),
)
FIELDS_SHOWN = 4
LANGUAGES: tuple[Language, Language] = ("fr", "en")


@command(
    "term",
    "Dire ce que devient un mot de la source à partir d'un jour ; montre d'abord l'effet.",
    "Say what a word of the source becomes from a day on; shows the effect first.",
    params=[
        Option("--from", "first", required=True, type=_DAY, phrase=Phrase("Premier jour.", "First day.")),
        SEEN,
        PREVIEW,
    ],
)
@click.argument("connection")
@click.argument("word")
@click.argument("ledger")
def term(connection: str, word: str, ledger: str, first: datetime, seen: str | None, preview: bool) -> int:
    out = output()
    day = first.date()
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
            admitted = workshop.scopes.catalog.get(found.connector)
            # What is shown is the effect over what stands now: it is kept over nothing else.
            stands = None if admitted is None else term_standing(session, found.id, admitted.info.terms, word).value
        change = DatedTerm(word, ledger, day)
        effect = survey(workshop, found.id, day, date.max, change)
        names = account_names(workshop, found)
        if not preview:
            save_changes(workshop, operator(actor()), found.id, [change], {change: stands if seen is None else seen})
    if out.as_json:
        out.json({"word": word, "ledger": ledger, "from": day.isoformat(), "saved": not preview, **as_json(effect)})
        return Exit.OK
    show_survey(out, effect, names)
    out.say(_next_step(found, day, saved=not preview))
    return Exit.OK


@command(
    "repost",
    "Réécrire les documents de jours passés selon les choix et les termes d'aujourd'hui, par un plan à approuver.",
    "Have documents of past days say what choices and terms say now, by a plan to approve.",
    params=[
        Option("--from", "first", type=_DAY, phrase=Phrase("Premier jour.", "First day.")),
        Option("--to", "last", type=_DAY, phrase=Phrase("Dernier jour.", "Last day.")),
        PREVIEW,
        Option(
            "--cancel",
            "back",
            is_flag=True,
            phrase=Phrase("Retirer celle qui attend.", "Take it back."),
        ),
        _YES,
    ],
)
@click.argument("connection")
def repost_command(
    connection: str, first: datetime | None, last: datetime | None, preview: bool, back: bool, yes: bool
) -> int:
    out = output()
    if not back and (first is None or last is None):
        raise click.UsageError(
            Phrase("--from et --to sont nécessaires.", "--from and --to are needed.").get(out.language)
        )
    with opened_workshop() as workshop:
        with workshop.database.read() as session:
            found = the_connection(session, connection)
        if back or first is None or last is None:
            count = cancel(workshop, operator(actor()), found.id)
            if out.as_json:
                out.json({"connection": found.id, "cancelled": count})
            out.say(
                counted(
                    count,
                    ("{n} document reste tel quel.", "{n} document stays as it is."),
                    ("{n} documents restent tels quels.", "{n} documents stay as they are."),
                )
            )
            return Exit.OK
        if not preview:
            confirm(
                out,
                Phrase(
                    "Le prochain plan réécrira ces documents ; rien n'est écrit avant votre approbation.",
                    "The next plan will rewrite these documents; nothing is posted before you approve.",
                ),
                yes=yes,
            )
        days = (first.date(), last.date())
        seen = survey(workshop, found.id, *days) if preview else repost(workshop, operator(actor()), found.id, *days)
        names = account_names(workshop, found)
    if out.as_json:
        out.json({"connection": found.id, "asked": bool(seen.rewrites) and not preview, **as_json(seen)})
        return Exit.OK
    show_survey(out, seen, names)
    if seen.rewrites and not preview:
        step = f"raccord plan {found.label!r}"
        out.say(Phrase(f"Relisez le plan : {step}", f"Read the plan: {step}"))
    return Exit.OK


def account_names(workshop: Workshop, connection: Connection) -> Mapping[str, str]:
    """Return the names of the company's accounts by their ids."""
    with workshop.database.read() as session:
        rows = session.execute(
            select(LedgerEntry.object_id, LedgerEntry.name).where(
                LedgerEntry.company_id == connection.company_id, LedgerEntry.kind == "Account"
            )
        )
        return {row.object_id: row.name for row in rows}


def show_survey(out: Output, seen: Survey, names: Mapping[str, str]) -> None:
    """Show how many posted documents change, field by field, by how much accounts move, and what stays and why."""
    others = counted(
        len(seen.rewrites),
        ("{n} document écrit dirait autre chose", "{n} posted document would say something else"),
        ("{n} documents écrits diraient autre chose", "{n} posted documents would say something else"),
    )
    stay = counted(len(seen.kept), ("{n} doit rester", "{n} must stay"), ("{n} doivent rester", "{n} must stay"))
    out.say(Phrase(f"{others.fr}, {stay.fr}, sur {seen.looked_at}.", f"{others.en}, {stay.en}, of {seen.looked_at}."))
    effect = seen.effect()
    if effect:
        out.table(
            Phrase("Effet sur les comptes (débit positif)", "Effect on accounts (debit positive)"),
            [
                Column(Phrase("Jour", "Day")),
                Column(Phrase("Compte", "Account")),
                Column(Phrase("Effet", "Effect"), right=True),
            ],
            [
                [day.isoformat(), names.get(account, account), money(amount, out.language)]
                for (account, day), amount in sorted(effect.items(), key=lambda each: (each[0][1], each[0][0]))
            ],
            empty=Phrase("Aucun.", "None."),
        )
    for each in seen.rewrites:
        fields = [_field_said(one, names) for one in each.fields[:FIELDS_SHOWN]]
        told = {language: "; ".join(field.get(language) for field in fields) for language in LANGUAGES}
        of = {language: f"{each.day} {kind_named(each.kind, language)} {each.document_id}" for language in LANGUAGES}
        out.say(Phrase(f"{of['fr']} : {told['fr']}", f"{of['en']}: {told['en']}"))
    for kept in seen.kept:
        french, english = (explain(kept.code, kept.params, language).what for language in LANGUAGES)
        out.say(
            Phrase(
                f"{kept.day} {kind_named(kept.kind, 'fr')} {kept.document_id} reste : {french} [{kept.code}]",
                f"{kept.day} {kind_named(kept.kind, 'en')} {kept.document_id} stays: {english} [{kept.code}]",
            )
        )


def _field_said(one: Mapping[str, str], names: Mapping[str, str]) -> Phrase:
    """Return what becomes of a field by its name, an account by its own."""
    name, known = field_named(one["field"]), names if kinds_of(one["field"]) == ("Account",) else {}
    change = f"{known.get(one['before'], one['before']) or '–'} → {known.get(one['after'], one['after']) or '–'}"
    return Phrase(f"{name.fr} {change}", f"{name.en} {change}")


def as_json(seen: Survey) -> dict[str, object]:
    """Return a survey as JSON values."""
    return {
        "looked_at": seen.looked_at,
        "rewrites": [
            {
                "key": each.key,
                "kind": each.kind,
                "document": each.document_id,
                "day": each.day.isoformat(),
                "fields": [{**one, "name": both(field_named(one["field"]))} for one in each.fields],
                "effect": dict(each.effect),
            }
            for each in seen.rewrites
        ],
        "kept": [
            {
                "key": each.key,
                "kind": each.kind,
                "document": each.document_id,
                "day": each.day.isoformat(),
                "code": each.code,
            }
            for each in seen.kept
        ],
        "effect": [
            {"account": account, "day": day.isoformat(), "amount": amount}
            for (account, day), amount in sorted(seen.effect().items(), key=lambda each: (each[0][1], each[0][0]))
        ],
    }


def _next_step(connection: Connection, day: date, *, saved: bool) -> Phrase:
    if not saved:
        return Phrase("Rien n'a changé.", "Nothing has changed.")
    step = f"raccord connect repost {connection.label!r} --from {day} --to …"
    return Phrase(
        f"Enregistré, à partir du {day}. Pour ce qui est déjà écrit : {step}",
        f"Saved, from {day} on. For what is posted already: {step}",
    )
