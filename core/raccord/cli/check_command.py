"""``raccord check``: a connector judged by the conformance kit, offline and without a database."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType

import click

from raccord.catalog import GROUP, load_catalog
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, both, output
from raccord.cli.terminal.words import command as command_of
from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.testing.kit import PAGE, Judged, Report, Verdict, check_connector
from raccord.plugin.texts import Text


class NotCheckedError(RaccordError):
    """Raised when there is no such connector to judge, or it was not let in."""


_NAMED_MAX = 8
_SAID = {
    Verdict.BROKEN: Phrase("non respectée", "broken"),
    Verdict.NOT_JUDGED: Phrase("pas jugée", "not judged"),
    Verdict.EXEMPT: Phrase("exemptée", "exempt"),
}


_COUNTED = {
    Verdict.KEPT: (("{n} respectée", "{n} kept"), ("{n} respectées", "{n} kept")),
    Verdict.BROKEN: (("{n} non respectée", "{n} broken"), ("{n} non respectées", "{n} broken")),
    Verdict.NOT_JUDGED: (("{n} pas jugée", "{n} not judged"), ("{n} pas jugées", "{n} not judged")),
    Verdict.EXEMPT: (("{n} exemptée", "{n} exempt"), ("{n} exemptées", "{n} exempt")),
    Verdict.NOT_CONCERNED: (("{n} sans objet", "{n} without object"), ("{n} sans objet", "{n} without object")),
}


@command_of(
    "check",
    "Juger un connecteur installé par les règles de conformité, sans réseau ni base de données.",
    "Judge an installed connector by the rules of conformance, without network or database.",
)
@click.argument("connector", metavar="PLUGIN")
def command(connector: str) -> Exit:
    module, _ = installed(connector)
    report = check_connector(module)
    if output().as_json:
        output().json(_json(report))
    else:
        _show(output(), report)
        _propose(output(), report, module)
    return Exit.OK if report.passed else Exit.FAILED


def installed(name: str) -> tuple[ModuleType, ConnectorInfo]:
    """Return an admitted connector with its manifest; refuses what is not there, or says why it was not let in."""
    catalog = load_catalog()
    for one in catalog.quarantined:
        if name in (one.name, one.distribution):
            raise NotCheckedError(str(one.code), one.reason, one.fix)
    found = catalog.get(name) or catalog.get(name.removeprefix("raccord-"))
    points = entry_points(group=GROUP, name="" if found is None else found.name)
    loaded = [point.load() for point in points if found is not None]
    if not loaded or found is None:
        raise NotCheckedError(
            "connector.not_installed",
            Text(f"Le connecteur « {name} » n'est pas installé.", f"The connector “{name}” is not installed."),
            Text(
                "Installez-le (pip install -e dossier) ; « raccord plugins » montre ceux qui sont là.",
                "Install it (pip install -e folder); “raccord plugins” shows those that are there.",
            ),
        )
    module = loaded[0]
    if not isinstance(module, ModuleType):
        raise NotCheckedError(
            "check.no_module",
            Text("Son point d'entrée n'est pas un module.", "Its entry point is no module."),
            Text(
                "Faites mener le point d'entrée au module qui contient les hooks.",
                "Make the entry point lead to the module that holds the hooks.",
            ),
        )
    return module, found.info


def _show(out: Output, report: Report) -> None:
    told = [one for one in report.judged if one.verdict in _SAID]
    out.table(
        Phrase(f"Conformité : {report.connector}", f"Conformance: {report.connector}"),
        [
            Column(Phrase("Règle", "Rule")),
            Column(Phrase("Verdict", "Verdict")),
            Column(Phrase("Pourquoi, et que faire", "Why, and what to do")),
        ],
        [
            *(_row(out, one) for one in told if one.verdict is Verdict.BROKEN),
            *_unjudged(out, report),
            *(_row(out, one) for one in told if one.verdict is Verdict.EXEMPT),
        ],
        empty=Phrase("Rien à redire.", "Nothing to object to."),
    )
    parts = [counted(len(report.of(verdict)), *said) for verdict, said in _COUNTED.items()]
    french, english = (", ".join(each) for each in zip(*parts, strict=True))
    out.say(Phrase(f"{french}. Les règles : {PAGE}.fr.md", f"{english}. The rules: {PAGE}.en.md"))


def _unjudged(out: Output, report: Report) -> Iterator[Sequence[str]]:
    """Return the rows of what is not judged: of many that wait for one rule, how many they are."""
    waiting: dict[str, list[Judged]] = {}
    for one in report.of(Verdict.NOT_JUDGED):
        waiting.setdefault(", ".join(one.places), []).append(one)
    for why, those in waiting.items():
        if len(those) <= _NAMED_MAX:
            yield from (_row(out, one) for one in those)
        else:
            many = counted(len(those), ("{n} règle", "{n} rule"), ("{n} règles", "{n} rules")).get(out.language)
            yield [many, _SAID[Verdict.NOT_JUDGED].get(out.language), f"→ {why}"]


def _propose(out: Output, report: Report, module: ModuleType) -> None:
    """Print what a person has still to count as it is pasted: outside the table, under the name it has in its file."""
    place, names = _counted_in(module)
    trials = {one.trial for one in report.proposed}
    in_file = place is not None and len(trials) == 1
    for trial in sorted(trials):
        rows = [one for one in report.proposed if one.trial == trial]
        at = str(place) if in_file else f"{module.__name__}.sandbox, Trial(name={trial!r})"
        out.say(
            Phrase(
                "\nÀ compter : voici ce que le connecteur en fait. Comparez chaque ligne à la source, puis collez-le "
                f"dans {at}, à la place de ce qui y est vide :\n",
                "\nTo be counted: this is what the connector makes of it. Compare each line with the source, then "
                f"paste it into {at}, in the place of what is empty there:\n",
            )
        )
        for one in rows:
            said = f"{one.name.upper()} = {one.text}" if in_file else f"{one.name}={one.text},"
            out.say(Phrase(said, said))
        new = [f"{one.name}={one.name.upper()}" for one in rows if in_file and one.name.upper() not in names]
        if new:
            out.say(
                Phrase(
                    f"\nNouveau dans ce fichier : donnez-le au Trial de sandbox.py, {', '.join(new)}.",
                    f"\nNew in that file: give it to the Trial of sandbox.py, {', '.join(new)}.",
                )
            )


def _counted_in(module: ModuleType) -> tuple[Path | None, set[str]]:
    """Return the module ``expected`` of a connector, as a path from here where it lies below, and the names in it."""
    spec = importlib.util.find_spec(f"{module.__name__}.expected") if hasattr(module, "__path__") else None
    if spec is None or spec.origin is None:
        return None, set()
    place = Path(spec.origin)
    tree = ast.parse(place.read_text(encoding="utf-8"))
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    names = {target.id for target in targets if isinstance(target, ast.Name)}
    here = Path.cwd()
    return (place.relative_to(here) if place.is_relative_to(here) else place), names


def _row(out: Output, one: Judged) -> Sequence[str]:
    match one.verdict:
        case Verdict.EXEMPT:
            why = "" if one.why is None else one.why.get(out.language)
        case Verdict.NOT_JUDGED:
            why = f"→ {', '.join(one.places)}"
        case _:
            places = "\n".join(one.places)
            why = f"{one.rule.reason.get(out.language)}\n{places}\n{one.rule.fix.get(out.language)}"
    trial = f" ({one.trial})" if one.trial else ""
    return [f"{one.rule.id}{trial}", _SAID[one.verdict].get(out.language), why]


def _json(report: Report) -> object:
    return {
        "connector": report.connector,
        "passed": report.passed,
        "proposed": [{"trial": one.trial, "name": one.name, "python": one.text} for one in report.proposed],
        "rules": [
            {
                "id": one.rule.id,
                "trial": one.trial,
                "verdict": one.verdict.value,
                "places": list(one.places),
                "reason": both(one.rule.reason),
                "fix": both(one.rule.fix),
                "why": None if one.why is None else both(one.why),
                "page": f"{PAGE}.en.md#{one.rule.anchor}",
            }
            for one in report.judged
        ],
    }
