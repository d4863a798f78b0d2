"""Writes the pages of docs/reference that say what the code says: error codes, commands and hooks.

``python docs/generate_reference.py`` writes them; a tidy test compares what is committed with what this would write.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from runpy import run_path

import click

from raccord.cli import root
from raccord.cli.group import COMMANDS, CommandMissingError
from raccord.cli.terminal.language import Language, Phrase
from raccord.cli.terminal.words import Command, Context, Group, State
from raccord.jobs.errors import EXPLANATIONS
from raccord.overview.conflict_words import ANSWERS, TITLES, WHO
from raccord.plugin.testing.kit import rules as conformance_rules
from raccord.quarantine import _SENTENCES, Rule, fix_for
from raccord.quickbooks import Cause
from raccord.quickbooks import explain as explain_cause
from raccord.sync.resolving.conflict_rules import RULES, By
from raccord_web.api.application import openapi

ROOT = Path(__file__).parents[1]
# Found beside this file, however this file was loaded.
plugin_pages = run_path(str(Path(__file__).with_name("generate_plugin_reference.py")))["pages"]
REFERENCE = ROOT / "docs" / "reference"
LANGUAGES: tuple[Language, ...] = ("fr", "en")
CODE = re.compile(r"[a-z_]+(\.[a-z_]+)+")
COMMON = {"--lang", "--json", "--data-dir", "--help", "--version"}


def pages() -> dict[Path, str]:
    """Return every generated page by the path it is kept at."""
    written: dict[Path, str] = {REFERENCE / name: text for name, text in plugin_pages().items()}
    written[REFERENCE / "openapi.json"] = openapi_page()
    for language in LANGUAGES:
        written[REFERENCE / f"errors.{language}.md"] = errors_page(language)
        written[REFERENCE / f"commands.{language}.md"] = commands_page(language)
        written[REFERENCE / f"conflicts.{language}.md"] = conflicts_page(language)
        written[REFERENCE / f"conformance.{language}.md"] = conformance_page(language)
    return written


def openapi_page() -> str:
    """Return the document of the JSON API as it is served."""
    return json.dumps(openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{path.relative_to(ROOT)}\n")


# --- error codes ---


@dataclass(frozen=True, slots=True)
class Said:
    """A code with what it says and what to do, each in both languages."""

    code: str
    what: Phrase
    fix: Phrase


def errors_page(language: Language) -> str:
    """Return the page of all stable codes, by where they come from."""

    def say(fr: str, en: str) -> str:
        return fr if language == "fr" else en

    lines = [
        say("# Codes d'erreur", "# Error codes"),
        "",
        say(
            "Chaque refus, chaque question et chaque problème porte un code stable. « … » tient la place d'une valeur. "
            "Cette page est tirée du code par `docs/generate_reference.py`.",
            "Every refusal, question and problem bears a stable code. “…” stands for a value. "
            "This page is written from the code by `docs/generate_reference.py`.",
        ),
        "",
    ]
    for title, rows in _sections():
        what, fix = say("Ce qui est arrivé", "What happened"), say("Que faire", "What to do")
        lines += [f"## {title.fr if language == 'fr' else title.en}", ""]
        if any(row.fix.en for row in rows):
            lines += [f"| Code | {what} | {fix} |", "|---|---|---|"]
            lines += [f"| `{row.code}` | {_cell(row.what, language)} | {_cell(row.fix, language)} |" for row in rows]
        else:
            # Connectors say what to do in the same sentence.
            lines += [f"| Code | {what} |", "|---|---|"]
            lines += [f"| `{row.code}` | {_cell(row.what, language)} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


@cache
def _sections() -> Sequence[tuple[Phrase, Sequence[Said]]]:
    """Return where codes come from, with all of them; whoever writes both languages reads the code once."""
    return (
        (Phrase("Opérations, plans et preuve", "Records, plans and proof"), _stored()),
        (Phrase("Refus de QuickBooks", "Refusals of QuickBooks"), _causes()),
        (Phrase("Documents qui ne peuvent pas être écrits", "Documents that cannot be written"), _encoding()),
        (Phrase("Exécutions interrompues", "Runs that were given up"), _runs()),
        (Phrase("Refus des commandes et des réglages", "Refusals of commands and settings"), _refusals()),
        (Phrase("Connecteurs écartés", "Quarantined connectors"), _quarantine()),
        (Phrase("Contrat publié des sources", "Published contract of sources"), _contract()),
        (Phrase("Connecteur Chase", "Chase connector"), _chase()),
        (Phrase("Connecteur Plannit", "Plannit connector"), _spoken(_trees("plugins/plannit/src/raccord_plannit"))),
        (Phrase("Connecteur TaxDome", "TaxDome connector"), _spoken(_trees("plugins/taxdome/src/raccord_taxdome"))),
        (Phrase("Connecteur bancaire", "Bank feed connector"), _bankfeed()),
    )


def _stored() -> list[Said]:
    table, who = _toml("core/raccord/overview/sentences.toml"), _toml("core/raccord/overview/who.toml")
    return [
        Said(
            code,
            Phrase(row["fr"], row["en"]),
            Phrase(*(f"{row[f'fix_{language}']} ({who[row['who']][language]})" for language in LANGUAGES)),
        )
        for code, row in sorted(table.items())
        if "." in code
    ]


def _causes() -> list[Said]:
    said = []
    for cause in sorted(Cause, key=str):
        fr, en = (explain_cause(cause, language) for language in LANGUAGES)
        what = Phrase(f"{fr.title}. {fr.what} {fr.why}", f"{en.title}. {en.what} {en.why}")
        said.append(Said(str(cause), what, Phrase(f"{fr.fix} ({fr.who})", f"{en.fix} ({en.who})")))
    return said


def _encoding() -> list[Said]:
    family = _toml("core/raccord/overview/sentences.toml")["encoding"]
    fix = Phrase(family["fix_fr"], family["fix_en"])
    found: dict[str, Phrase] = {}
    for tree in _trees("core/raccord/quickbooks/codec"):
        for call in _calls(tree):
            texts = [text for text in map(_string, call.args) if text is not None]
            if len(texts) >= 3 and CODE.fullmatch(texts[0]) and texts[0].startswith("encoding."):
                found.setdefault(texts[0], Phrase(texts[1], texts[2]))
    return [Said(code, text, fix) for code, text in sorted(found.items())]


def _runs() -> list[Said]:
    return [
        Said(str(fault), Phrase(said.text.fr, said.text.en), Phrase(said.fix.fr, said.fix.en))
        for fault, said in sorted(EXPLANATIONS.items())
    ]


def _refusals() -> list[Said]:
    return _spoken(_trees("core/raccord", "web/raccord_web"), but=("plugin.",))


def _quarantine() -> list[Said]:
    return [
        Said(str(rule), Phrase(*_SENTENCES[rule]), Phrase(fix_for(rule).fr, fix_for(rule).en)) for rule in sorted(Rule)
    ]


def _contract() -> list[Said]:
    rows = _toml("core/raccord/plugin/contract/problems.toml")
    return [
        Said(f"contract.{code}", Phrase(row["fr"], row["en"]), Phrase("", "")) for code, row in sorted(rows.items())
    ]


def _chase() -> list[Said]:
    rows = _toml("plugins/chase/src/raccord_chase/texts/problems.toml")
    own = [Said(f"chase.{code}", Phrase(row["fr"], row["en"]), Phrase("", "")) for code, row in sorted(rows.items())]
    return own + _spoken(_trees("plugins/chase/src/raccord_chase"))


def _bankfeed() -> list[Said]:
    found = {row.code: row for row in _spoken(_trees("plugins/bankfeed/src/raccord_bankfeed"))}
    for tree in _trees("plugins/bankfeed/src/raccord_bankfeed/readers"):
        for call in _calls(tree):
            # Its readers say faults by row_fault(code, fr, en) and file_fault(…), questions by _question(key, code, …).
            texts = [text for text in map(_string, call.args) if text is not None]
            if getattr(call.func, "id", "") in ("row_fault", "file_fault", "_question") and len(texts) == 3:
                code = f"bankfeed.{texts[0]}"
                found.setdefault(code, Said(code, Phrase(texts[1], texts[2]), Phrase("", "")))
    return [found[code] for code in sorted(found)]


def _spoken(trees: Iterator[ast.AST], but: tuple[str, ...] = ()) -> list[Said]:
    """Return the codes that stand beside one or two ``Text`` in a call: what is said, and what to do."""
    found: dict[str, Said] = {}
    for tree in trees:
        for call in _calls(tree):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            codes = [code for each in given if (code := _string(each)) is not None and CODE.fullmatch(code)]
            texts = [text for each in given if (text := _text(each)) is not None]
            if codes and texts and not codes[0].startswith(but or "\n"):
                if len(call.args) == 3 and codes[0] == _string(call.args[0]):
                    # A refusal: code, what is said, what to do; one of the two may be put together elsewhere.
                    what, fix = (_text(each) or Phrase("{_}", "{_}") for each in call.args[1:])
                else:
                    what, fix = (*texts, Phrase("", ""))[:2]
                found.setdefault(codes[0], Said(codes[0], what, fix))
    return [found[code] for code in sorted(found)]


def _text(node: ast.expr) -> Phrase | None:
    if not isinstance(node, ast.Call) or getattr(node.func, "id", "") not in ("Text", "Phrase"):
        return None
    named = {keyword.arg: _string(keyword.value) for keyword in node.keywords}
    given = [_string(each) for each in node.args]
    fr, en = (*given, named.get("fr"), named.get("en"))[:2] if given else (named.get("fr"), named.get("en"))
    return None if fr is None or en is None else Phrase(fr, en)


def _string(node: ast.expr) -> str | None:
    """Return a literal text, its values as “…”; nothing for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(
                str(part.value).replace("{", "{{") if isinstance(part, ast.Constant) else "{_}" for part in parts
            )
        case ast.IfExp(body=body, orelse=other):
            # Two ways to say it; the fuller one tells more.
            return max(_string(body) or "", _string(other) or "", key=len) or None
        case _:
            return None


def _cell(text: Phrase, language: Language) -> str:
    plain = re.sub(r"\{\{|\}\}|\{[^}]*\}", lambda found: {"{{": "{", "}}": "}"}.get(found[0], "…"), text.get(language))
    return " ".join(plain.split()).replace("|", "\\|").replace("<", "&lt;")


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _trees(*folders: str) -> Iterator[ast.AST]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield ast.parse(path.read_text(encoding="utf-8"))


def _toml(path: str) -> dict[str, dict[str, str]]:
    return tomllib.loads((ROOT / path).read_text(encoding="utf-8"))


# --- conformance ---


def conformance_page(language: Language) -> str:
    """Return the page of all rules that connectors are judged by."""
    french = (
        "`raccord check PLUGIN` juge un connecteur par ces règles, sans réseau ni base de données, sur les sources "
        "inventées qu'il apporte (`sandbox.trials()`). Chaque règle est prouvée par un connecteur qui ment sur elle et "
        "sur aucune autre. Une règle qui ne peut pas valoir pour une source s'exempte dans `Trial.exempt`, avec la "
        "raison, que `raccord check` montre. Cette page est tirée du code par `docs/generate_reference.py`."
    )
    english = (
        "`raccord check PLUGIN` judges a connector by these rules, without network or database, on the made-up sources "
        "that it brings (`sandbox.trials()`). Each rule is proven by a connector that lies about it and no other. "
        "A rule that cannot hold for a source is exempted in `Trial.exempt`, with the reason, which `raccord check` "
        "shows. This page is written from the code by `docs/generate_reference.py`."
    )
    title, said, what = {
        "fr": ("# Règles de conformité", french, "Que faire : "),
        "en": ("# Rules of conformance", english, "What to do: "),
    }[language]
    lines = [title, "", said, ""]
    for rule in conformance_rules().values():
        lines += [f"## {rule.id}", "", rule.reason.get(language), "", f"{what}{rule.fix.get(language)}", ""]
    return "\n".join(lines)


# --- conflicts ---


def conflicts_page(language: Language) -> str:
    """Return the page of all conflicts with the answers that each allows."""
    french = (
        "Quand quelque chose dans QuickBooks empêche d'écrire un document, rien n'est écrit et la question attend. "
        "Une personne y répond avec `raccord holds decide` ou sur la page des questions ; la prochaine exécution agit. "
        "Une réponse qui n'est pas dans ce tableau est refusée, et celle d'un connecteur arrête l'exécution en le "
        "nommant. Certaines ne valent que dans certains cas : la question montre celles qui valent."
    )
    english = (
        "When something in QuickBooks stands in a document's way, nothing is written and the question waits. A person "
        "answers it with `raccord holds decide` or on the page of questions; the next run acts on it. An answer that "
        "is not in this table is refused, and one of a connector stops the run and names it. Some apply in some cases "
        "only: the question shows those that do."
    )
    say = {
        "fr": (
            "# Conflits",
            french,
            "| Conflit | Code de la question | Réponses possibles, et de qui |",
            "| Réponse | Sens |",
        ),
        "en": (
            "# Conflicts",
            english,
            "| Conflict | Code of the question | Possible answers, and whose |",
            "| Answer | Meaning |",
        ),
    }[language]
    lines = [say[0], "", say[1], "", say[2], "|---|---|---|"]
    for kind, rule in RULES.items():
        codes = "<br>".join(f"`{code}`" for code in rule.codes)
        whose = "<br>".join(
            f"{WHO[by].get(language)} : {answers}" if language == "fr" else f"{WHO[by].get(language)}: {answers}"
            for by in By
            if (answers := ", ".join(f"`{each}`" for each, one in rule.answers.items() if one is by))
        )
        lines.append(f"| {TITLES[kind].get(language)} | {codes} | {whose} |")
    lines += ["", say[3], "|---|---|"]
    lines += [f"| `{answer}` | {text.get(language)} |" for answer, text in ANSWERS.items()]
    end = {"fr": "tirée du code par", "en": "written from the code by"}[language]
    page = {"fr": "Cette page est", "en": "This page is"}[language]
    return "\n".join([*lines, "", f"{page} {end} `docs/generate_reference.py`.", ""])


# --- commands ---


def commands_page(language: Language) -> str:
    """Return the page of all commands that this version has."""
    say = {
        "fr": (
            "# Commandes",
            (
                "Chaque commande connaît aussi `--lang fr|en`, `--json` (un document JSON pour une machine), "
                "`--data-dir DOSSIER` et `--help`. Cette page est tirée du code par `docs/generate_reference.py`."
            ),
            "## Codes de sortie",
        ),
        "en": (
            "# Commands",
            (
                "Every command also knows `--lang fr|en`, `--json` (one JSON document for a machine), `--data-dir "
                "DIRECTORY` and `--help`. This page is written from the code by `docs/generate_reference.py`."
            ),
            "## Exit statuses",
        ),
    }[language]
    lines = [say[0], "", say[1], ""]
    top = Context(root, info_name="raccord", obj=State(language=language))
    for name in COMMANDS:
        try:
            found = root.get_command(top, name)
        except CommandMissingError:
            continue
        if found is not None:
            lines += _command(found, name, top, language)
    lines += [say[2], "", *_statuses(language), ""]
    return "\n".join(lines)


def _command(found: click.Command, name: str, parent: click.Context, language: Language) -> list[str]:
    context = Context(found, info_name=name, parent=parent)
    path = context.command_path
    usage = " ".join(piece for piece in found.collect_usage_pieces(context) if not piece.startswith("[OPTIONS"))
    said = found.phrase.get(language) if isinstance(found, (Command, Group)) else (found.help or "")
    lines = [f"## `{path}`", "", " ".join(said.split()), "", "```", f"{path} {usage}".rstrip(), "```", ""]
    rows = [
        record
        for parameter in found.get_params(context)
        if isinstance(parameter, click.Option) and not COMMON & set(parameter.opts)
        if (record := parameter.get_help_record(context)) is not None
    ]
    if rows:
        lines += [{"fr": "| Option | Effet |", "en": "| Option | Effect |"}[language], "|---|---|"]
        lines += [f"| `{names.replace('|', chr(92) + '|')}` | {' '.join(text.split())} |" for names, text in rows]
        lines.append("")
    if isinstance(found, click.Group):
        for inner in found.list_commands(context):
            below = found.get_command(context, inner)
            if below is not None:
                lines += _command(below, inner, context, language)
    return lines


def _statuses(language: Language) -> list[str]:
    rows = {
        "fr": (
            ("| Code | Sens |", "0", "fait"),
            ("refusé ou échoué ; l'erreur dit pourquoi", "la ligne de commande elle-même est fausse"),
            ("une personne doit agir : approuver un plan, répondre à une question", "la preuve n'est pas égale"),
            "interrompu par Ctrl-C",
        ),
        "en": (
            ("| Status | Meaning |", "0", "done"),
            ("refused or failed; the error says why", "the command line itself is wrong"),
            ("a person must act: approve a plan, answer a question", "the proof does not add up"),
            "stopped with Ctrl-C",
        ),
    }[language]
    (head, _, done), (failed, usage), (person, unequal), stopped = rows
    texts = {0: done, 1: failed, 2: usage, 3: person, 4: unequal, 130: stopped}
    from raccord.cli.terminal.exits import Exit

    return [head, "|---|---|", *(f"| {int(status)} | {texts[int(status)]} |" for status in Exit)]


if __name__ == "__main__":
    main()
