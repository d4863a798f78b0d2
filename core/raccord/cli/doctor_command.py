"""``raccord doctor``: everything checked, each finding with its code and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from raccord import catalog as catalogs
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened, opened_workshop, read_settings
from raccord.cli.terminal.language import Phrase, counted
from raccord.cli.terminal.output import Column, Output, both, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.jobs.tuning import Tuning
from raccord.jobs.workers import living
from raccord.onboarding.checking.doctor import check_companies, check_house
from raccord.onboarding.checking.findings import Finding, Level, well
from raccord.plugin.texts import Text
from raccord.settings import Settings
from raccord.store.database import Database

_MARKS = {Level.OK: "✓", Level.WARNING: "!", Level.FAILED: "✗"}


@make_command(
    "doctor",
    "Vérifier que tout est prêt : installation, sociétés, connexions, données.",
    "Check that everything is ready: installation, companies, connections, data.",
    params=[
        Option("--offline", is_flag=True, phrase=Phrase("Sans interroger QuickBooks.", "Without asking QuickBooks.")),
        Option(
            "--all",
            "everything",
            is_flag=True,
            phrase=Phrase("Montrer aussi ce qui va bien.", "Show what is well too."),
        ),
    ],
)
def command(offline: bool, everything: bool) -> int:
    out = output()
    settings = read_settings()
    findings: list[Finding] = []
    with out.progress(Phrase("Examen", "Checking")) as progress:
        for finding in _check(settings, offline):
            findings.append(finding)
            progress(len(findings))
    failed = sum(1 for each in findings if each.level is Level.FAILED)
    warnings = sum(1 for each in findings if each.level is Level.WARNING)
    if out.as_json:
        out.json({"failed": failed, "warnings": warnings, "findings": [_as_json(each) for each in findings]})
    else:
        _show(out, [each for each in findings if everything or each.level is not Level.OK])
        well_ones = len(findings) - failed - warnings
        parts = (
            counted(
                well_ones,
                ("{n} vérification réussie", "{n} check passed"),
                ("{n} vérifications réussies", "{n} checks passed"),
            ),
            counted(warnings, ("{n} avertissement", "{n} warning"), ("{n} avertissements", "{n} warnings")),
            counted(failed, ("{n} échec", "{n} failure"), ("{n} échecs", "{n} failures")),
        )
        french, english = (", ".join(each) for each in zip(*parts, strict=True))
        out.say(Phrase(f"{french}.", f"{english}."))
    return Exit.FAILED if failed else Exit.OK


def _check(settings: Settings, offline: bool) -> Iterator[Finding]:
    with opened(settings, ready=False) as database:
        house = list(check_house(settings, database, catalogs.load_catalog()))
        yield from house
        # Without the tables, or the key that opens the secrets, nothing further can be asked.
        if any(
            each.level is Level.FAILED and each.code.startswith(("store.", "vault.", "doctor.key")) for each in house
        ):
            return
        yield _workers(database)
    if not offline:
        with opened_workshop(settings) as workshop:
            yield from check_companies(workshop)


def _workers(database: Database) -> Finding:
    with database.read() as session:
        count = len(living(session, Tuning().lease))
    if count > 1 and database.dialect == "sqlite":
        return Finding(
            "doctor.workers_many",
            Level.WARNING,
            Text(
                f"{count} programmes exécutent sur la même base SQLite.",
                f"{count} programs execute on one SQLite database.",
            ),
            Text("Gardez-en un, ou passez à PostgreSQL.", "Keep one, or move to PostgreSQL."),
        )
    if not count:
        return Finding(
            "doctor.workers_none",
            Level.WARNING,
            Text("Aucun programme n'exécute les horaires.", "No program executes the schedules."),
            Text("Démarrez « raccord serve » ou « raccord worker ».", "Start “raccord serve” or “raccord worker”."),
        )
    return well("doctor.workers", f"Exécutants au travail : {count}.", f"Workers at work: {count}.")


def _show(out: Output, findings: list[Finding]) -> None:
    out.table(
        Phrase("Examen", "Checks"),
        [
            Column(Phrase("", "")),
            Column(Phrase("Sujet", "Subject")),
            Column(Phrase("Constat", "Finding")),
            Column(Phrase("À faire", "What to do")),
        ],
        [
            [
                _MARKS[each.level],
                each.subject,
                f"{each.text.get(out.language)} [{each.code}]",
                each.fix.get(out.language) + (f"\n{each.link}" if each.link else ""),
            ]
            for each in findings
        ],
        empty=Phrase("Tout va bien.", "All is well."),
    )


def _as_json(each: Finding) -> dict[str, object]:
    return {
        "code": each.code,
        "level": str(each.level),
        "subject": each.subject,
        "text": both(each.text),
        "fix": both(each.fix),
        "link": each.link,
    }
