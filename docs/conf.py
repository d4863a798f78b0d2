"""How ``make docs`` makes a site of these pages: one for each language, from the same files."""

from __future__ import annotations

import os
import posixpath
import re
from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

language = os.environ.get("DOCS_LANGUAGE", "en")
other = "fr" if language == "en" else "en"
project = "Raccord"
author = "Raccord"
version = release = version_of("raccord")

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = f"index.{language}"
exclude_patterns = [f"**.{other}.md", "conf.py", "generate_reference.py", "generate_plugin_reference.py"]
myst_heading_anchors = 4
html_theme = "furo"
html_title = f"Raccord {release}"
html_copy_source = False
html_show_sphinx = False
suppress_warnings = ["misc.highlighting_failure"]

ROOMS = {"fr": ("Apprendre", "Faire", "Comprendre", "Vérifier", "Le projet")}
FOLDERS = ("tutorial", "how-to", "explanation", "reference", "")
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")
_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def read(app: Sphinx, docname: str, source: list[str]) -> None:
    """Lead links to the other language over to its site, and leave only the text of those out of the documentation."""
    here = Path(app.srcdir, docname).parent

    def led(found: re.Match[str]) -> str:
        place = (here / found["path"]).resolve()
        if place.suffix != ".md" or not place.is_relative_to(Path(app.srcdir).resolve()):
            return found["text"]
        if not place.name.endswith(f".{other}.md"):
            return found[0]
        page = place.relative_to(Path(app.srcdir).resolve()).with_suffix(".html").as_posix()
        up = "../" * (docname.count("/") + 1)
        return f'<a href="{up}{other}/{page}{found["anchor"] or ""}">{found["text"]}</a>'

    fences = [each.span() for each in _FENCE.finditer(source[0])]
    parts, at = list[str](), 0
    for start, end in [*fences, (len(source[0]), len(source[0]))]:
        parts += [_LINK.sub(led, source[0][at:start]), source[0][start:end]]
        at = end
    source[0] = "".join(parts)
    if docname == root_doc:
        source[0] += _contents(Path(app.srcdir))


def _contents(root: Path) -> str:
    captions = ROOMS.get(language, ("Learn", "Do", "Understand", "Look up", "The project"))
    written = []
    for folder, caption in zip(FOLDERS, captions, strict=True):
        names = {path.name.removesuffix(".md") for path in (root / folder).glob("*.md")}
        kept = sorted(name for name in names if not name.endswith(f".{other}") and name != root_doc)
        entries = "\n".join(posixpath.join(folder, name) for name in kept)
        written.append(f"\n```{{toctree}}\n:caption: {caption}\n:hidden:\n\n{entries}\n```\n")
    return "".join(written)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", read)
