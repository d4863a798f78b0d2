"""``raccord new``: a connector's distribution to begin with, green as it stands."""

from __future__ import annotations

import keyword
import re
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click
import jinja2

from raccord.admission import RESERVED_NAMES
from raccord.cli.language import Phrase
from raccord.cli.output import output
from raccord.cli.words import command as command_of
from raccord.cli.words import option
from raccord.errors import RaccordError
from raccord.plugin.texts import Text

KINDS = {
    "csv": ("both", "mapped", "files", "csv"),
    "rest": ("both", "mapped", "rest"),
    "table": ("both", "files", "table"),
}
"""What a connector is begun from, by the parts it is put together of."""
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
def command(name: str, kind: str, folder: Path) -> None:
    target = folder / name
    _check(name, target)
    for path, text in written(name, kind).items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    if output().as_json:
        output().json({"name": name, "folder": str(target), "files": sorted(map(str, written(name, kind)))})
    output().say(
        Phrase(
            f"{target} est fait. Ensuite : pip install -e {target} && raccord check {name}",
            f"{target} is made. Next: pip install -e {target} && raccord check {name}",
        )
    )


def written(name: str, kind: str) -> dict[Path, str]:
    """Return the files of a new connector by their paths inside its folder."""
    module = f"raccord_{name.replace('-', '_')}"
    said = {
        "name": name,
        "module": module,
        "title": name.replace("-", " ").capitalize(),
        "raccord": ".".join(version("raccord").split(".")[:2]),
        "kind": kind,
    }
    # Code, not pages: nothing is escaped, and the name was checked.
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)  # noqa: S701
    found: dict[Path, str] = {}
    root = files("raccord.cli") / "scaffold"
    for part in KINDS[kind]:
        for path, template in _templates(root / part, Path()):
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
