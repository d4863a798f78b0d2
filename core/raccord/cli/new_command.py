"""``raccord new``: a connector's distribution to begin with, green as it stands."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click
import jinja2

from raccord.admission import RESERVED_NAMES
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import command as command_of
from raccord.cli.terminal.words import option
from raccord.errors import RaccordError
from raccord.plugin.texts import Text

KINDS = {
    "csv": ("both", "mapped", "files", "csv"),
    "rest": ("both", "mapped", "rest"),
    "table": ("both", "files", "table"),
}
"""What a connector is begun from, by the parts it is put together of."""
SEVERAL = ("both", "streams")
"""The parts of one whose API has several streams."""
STREAMS = ("customers", "invoices", "payments", "refunds")
NEEDED = ("customers", "invoices")
PORT = 8790
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_NAME_MAX = 40
_ENDING = ".jinja"


class NewPluginError(RaccordError):
    """Raised when a distribution of that name cannot be begun there."""


@command_of(
    "new",
    "Commencer un connecteur : une distribution complète, conforme telle quelle.",
    "Begin a connector: a whole distribution that conforms as it stands.",
)
@click.argument("name")
@option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="csv",
    show_default=True,
    fr="D'où viennent les données : des fichiers CSV, une API REST par pages, ou des tableaux du contrat, sans code.",
    en="Where the data comes from: CSV files, a REST API in pages, or tables of the contract, without code.",
)
@option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    fr="Dossier où le dossier du connecteur est fait ; par défaut ici.",
    en="Folder in which the connector's folder is made; here if absent.",
)
@option(
    "--streams",
    default="",
    fr="Les flux d'une API de factures, séparés par des virgules, parmi : " + ", ".join(STREAMS) + ".",
    en="The streams of an API of invoices, with commas between, among: " + ", ".join(STREAMS) + ".",
)
@option(
    "--port",
    type=click.IntRange(1, 65535),
    default=PORT,
    show_default=True,
    fr="Port de cette machine où se sert le double d'une API.",
    en="Port of this machine at which the twin of an API is served.",
)
def command(name: str, kind: str, folder: Path, streams: str, port: int) -> None:
    target = folder / name
    _check(name, target)
    wanted = _streams(streams)
    made = written(name, kind, wanted, port)
    for path, text in made.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    if output().as_json:
        output().json({"name": name, "folder": str(target), "files": sorted(map(str, made))})
    output().say(
        Phrase(
            f"{target} est fait. Ensuite : pip install -e {target} && raccord check {name}",
            f"{target} is made. Next: pip install -e {target} && raccord check {name}",
        )
    )


def written(name: str, kind: str, streams: Sequence[str] = (), port: int = PORT) -> dict[Path, str]:
    """Return the files of a new connector by their paths inside its folder; with ``streams`` it is one of an API."""
    module = f"raccord_{name.replace('-', '_')}"
    said = {
        "name": name,
        "module": module,
        "title": name.replace("-", " ").capitalize(),
        "raccord": ".".join(version("raccord").split(".")[:2]),
        "kind": "streams" if streams else kind,
        "streams": tuple(streams),
        "money": {"payments", "refunds"} & set(streams),
        "port": port,
    }
    # Code, not pages: nothing is escaped, and the name was checked.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    found: dict[Path, str] = {}
    root = files("raccord.cli") / "scaffold"
    for part in SEVERAL if streams else KINDS[kind]:
        for path, template in _templates(root / part, Path()):
            if streams and path.parent.name == "samples" and _stream_of(path) not in streams:
                continue
            text = environment.from_string(template.read_text(encoding="utf-8")).render(said)
            place = Path(*(module if each == "MODULE" else each for each in path.parts))
            found[place.with_name(place.name.removesuffix(_ENDING))] = text
    return found


def _templates(folder: Traversable, path: Path) -> list[tuple[Path, Traversable]]:
    found: list[tuple[Path, Traversable]] = []
    for each in sorted(folder.iterdir(), key=lambda one: one.name):
        if each.is_dir():
            found += _templates(each, path / each.name)
        elif each.name.endswith(_ENDING):
            found.append((path / each.name, each))
    return found


def _stream_of(path: Path) -> str:
    return path.name.partition(".")[0].removesuffix("-news")


def _streams(text: str) -> tuple[str, ...]:
    """Return the streams of an option in the order in which they depend on each other."""
    said = {each.strip() for each in text.split(",") if each.strip()}
    if said and (said - set(STREAMS) or not set(NEEDED) <= said):
        all_of, needed = ", ".join(STREAMS), ", ".join(NEEDED)
        raise NewPluginError(
            "new.streams",
            Text(f"Ces flux ne font pas un connecteur : {text}.", f"These streams make no connector: {text}."),
            Text(
                f"Nommez-en parmi {all_of}, toujours avec {needed} ; les chemins et les champs se changent ensuite.",
                f"Name some of {all_of}, always with {needed}; paths and fields are yours to change afterwards.",
            ),
        )
    return tuple(each for each in STREAMS if each in said)


def _check(name: str, target: Path) -> None:
    plain = _NAME.fullmatch(name) is not None and 2 <= len(name) <= _NAME_MAX
    if not plain or name in RESERVED_NAMES or keyword.iskeyword(name):
        raise NewPluginError(
            "new.name",
            Text(f"« {name} » n'est pas un nom de connecteur.", f"“{name}” is no name of a connector."),
            Text(
                "Prenez de 2 à 40 minuscules, chiffres et tirets, une lettre d'abord, comme « acme-till ».",
                "Take 2 to 40 lower-case letters, digits and dashes, a letter first, such as “acme-till”.",
            ),
        )
    if target.exists():
        raise NewPluginError(
            "new.exists",
            Text(f"{target} existe déjà ; rien n'y est changé.", f"{target} exists already; nothing there is changed."),
            Text("Prenez un autre nom ou un autre dossier.", "Take another name or another folder."),
        )
