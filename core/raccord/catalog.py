"""Finds the plugins installed beside us, lets in those that keep the rules and quarantines the others.

Read once a process: a newly installed plugin is seen after a restart, while enabling needs none (``enablement``). A
plugin that kills the whole process (``os._exit``) or never returns while it is imported cannot be held off from inside.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib.metadata import Distribution, EntryPoint, PackageNotFoundError, distributions, version
from types import MappingProxyType
from typing import TypeVar

from packaging.requirements import Requirement

from raccord.admission import Hook, check_name, examine_hooks, examine_info, is_extension
from raccord.plugin.info import ConnectorInfo
from raccord.quarantine import Quarantined, RefusedError, Rule, fix_for

GROUP = "raccord"
"""The entry point group: ``[project.entry-points.raccord] chase = "raccord_chase"``."""

_HEADER = re.compile(r"(?im)^(name|version):[ \t]*(.*)")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plugin:
    """What was let in: who it is, where it comes from and the hooks it answers."""

    name: str
    distribution: str
    version: str
    hooks: Mapping[str, Hook]


@dataclass(frozen=True, slots=True)
class Admitted(Plugin):
    """A connector, with its manifest."""

    info: ConnectorInfo


@dataclass(frozen=True, slots=True)
class Extension(Plugin):
    """A company's own rules on top of any connector: it answers ``resolve_account`` or ``on_conflict`` only."""


@dataclass(frozen=True, slots=True)
class Catalog:
    """The plugins of this process, in order of their names; it never changes."""

    admitted: Mapping[str, Admitted]
    extensions: Mapping[str, Extension]
    quarantined: Sequence[Quarantined]

    def get(self, name: str) -> Admitted | None:
        """Return the connector of that name if it was let in."""
        return self.admitted.get(name)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry point as found, before any of its code runs."""

    name: str
    distribution: str
    version: str
    entry_point: EntryPoint
    requires: Sequence[str]


def load_catalog(search_path: Sequence[str] | None = None) -> Catalog:
    """Find and examine every installed plugin; never raises for what a plugin does. ``None``: search ``sys.path``."""
    candidates, quarantined = _find(search_path)
    return examine(candidates, quarantined)


def examine(candidates: Sequence[Candidate], quarantined: Sequence[Quarantined] = ()) -> Catalog:
    """Let in those candidates that keep the rules; ``quarantined`` are added to those that do not."""
    admitted: dict[str, Admitted] = {}
    extensions: dict[str, Extension] = {}
    refused = list(quarantined)
    for candidate in sorted(candidates, key=lambda one: (one.name, one.distribution)):
        match _examined(candidate, candidates):
            case Quarantined() as out:
                log.warning("plugin %s (%s %s) is quarantined: %s", out.name, out.distribution, out.version, out.code)
                refused.append(out)
            case Admitted() as connector:
                admitted[connector.name] = connector
            case Extension() as extension:
                extensions[extension.name] = extension
    return Catalog(MappingProxyType(admitted), MappingProxyType(extensions), tuple(refused))


_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


def contained(step: Callable[[], _Result]) -> _Result | _Raised:
    """Run code of a plugin and return what it raised instead of raising it; what it prints goes to the log.

    This is one of the guards of the house. Importing a stranger's module can raise anything, ``SystemExit`` too;
    only the operator's own Ctrl-C passes.
    """
    printed = io.StringIO()
    try:
        with redirect_stdout(printed), redirect_stderr(printed):
            return step()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - the guard: a guest must not take the house down
        return _Raised(error)
    finally:
        if text := printed.getvalue().strip():
            log.info("a plugin printed while it was examined: %.200s", text)


def _find(search_path: Sequence[str] | None) -> tuple[list[Candidate], list[Quarantined]]:
    candidates: list[Candidate] = []
    quarantined: list[Quarantined] = []
    seen: set[str] = set()
    found = distributions() if search_path is None else distributions(path=list(search_path))
    for place, distribution in enumerate(found):
        match contained(partial(_read, distribution)):
            case _Raised(error):
                refusal = RefusedError(Rule.METADATA_BROKEN, cause=_said(error))
                label = _directory(distribution) or f"?{place}"
                quarantined.append(_quarantined(label, label, "?", refusal))
            case (name, read) if name not in seen:
                # The first one on the path is the one that Python imports.
                seen.add(name)
                candidates.extend(read)
    return candidates, quarantined


def _read(distribution: Distribution) -> tuple[str, list[Candidate]]:
    headers = _headers(distribution)
    name, number = str(headers.get("name")), str(headers.get("version"))
    points = [point for point in distribution.entry_points if point.group == GROUP]
    requires = tuple(distribution.requires or ()) if points else ()
    return normal(name), [Candidate(point.name, name, number, point, requires) for point in points]


def _headers(distribution: Distribution) -> dict[str, str]:
    """Return name and version as a distribution says them first; to read all that it says takes ten times as long."""
    told = next(filter(None, map(distribution.read_text, ("METADATA", "PKG-INFO", ""))), "")
    said: list[tuple[str, str]] = _HEADER.findall(told.partition("\n\n")[0])
    return {key.lower(): value for key, value in reversed(said)}


def normal(distribution: str) -> str:
    """Return a distribution's name as installers compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _examined(candidate: Candidate, all_candidates: Sequence[Candidate]) -> Admitted | Extension | Quarantined:
    match contained(lambda: _admit(candidate, all_candidates)):
        case _Raised(error):
            refusal = error if isinstance(error, RefusedError) else _refusal(Rule.ADMISSION_FAILED, error)
            return _quarantined(candidate.name, candidate.distribution, candidate.version, refusal)
        case plugin:
            return plugin


def _admit(candidate: Candidate, all_candidates: Sequence[Candidate]) -> Admitted | Extension:
    check_name(candidate.name)
    _check_unique(candidate, all_candidates)
    _check_requirements(candidate.requires)
    plugin = _imported(candidate)
    hooks = examine_hooks(candidate.name, plugin)
    if is_extension(hooks):
        return Extension(candidate.name, candidate.distribution, candidate.version, hooks)
    match contained(hooks["describe"].function):
        case _Raised(error):
            raise _refusal(Rule.DESCRIBE_FAILED, error)
        case described:
            info = examine_info(candidate.name, hooks, described)
    return Admitted(candidate.name, candidate.distribution, candidate.version, hooks, info)


def _check_unique(candidate: Candidate, all_candidates: Sequence[Candidate]) -> None:
    """Refuse a name that several claim, but for the distribution ``raccord-<name>``.

    Were the first in some order to win, a stranger's distribution could take over a connector's credentials by
    its name; were all to lose, it could switch a connector off. A distribution's name exists once in an environment.
    """
    others = [one for one in all_candidates if one.name == candidate.name and one is not candidate]
    owner = normal(f"raccord-{candidate.name}")
    owns = normal(candidate.distribution) == owner and all(normal(one.distribution) != owner for one in others)
    if others and not owns:
        names = ", ".join(sorted(f"{one.distribution} {one.version}" for one in others))
        raise RefusedError(Rule.NAME_TAKEN, name=candidate.name, others=names)


def _check_requirements(requires: Iterable[str]) -> None:
    for line in requires:
        needed = Requirement(line)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        try:
            installed = version(needed.name)
        except PackageNotFoundError:
            raise RefusedError(Rule.DEPENDENCY_MISSING, missing=f"{needed.name}{needed.specifier}") from None
        if not needed.specifier.contains(installed, prereleases=True):
            raise RefusedError(Rule.DEPENDENCY_VERSION, needed=f"{needed.name}{needed.specifier}", installed=installed)


def _imported(candidate: Candidate) -> object:
    match contained(candidate.entry_point.load):
        case _Raised(error):
            raise _import_refusal(candidate.entry_point.value.partition(":")[0], error)
        case plugin:
            return plugin


def _import_refusal(module: str, error: BaseException) -> RefusedError:
    match error:
        case ModuleNotFoundError(name=str(missing)) if not _within(missing, module) and not _within(missing, "raccord"):
            return RefusedError(Rule.DEPENDENCY_MISSING, missing=missing)
        case SyntaxError():
            return _refusal(Rule.SYNTAX_ERROR, error, module=module)
        case SystemExit():
            return _refusal(Rule.EXITS_AT_IMPORT, error, module=module)
        case _:
            return _refusal(Rule.IMPORT_FAILED, error, module=module)


def _within(module: str, package: str) -> bool:
    return module.partition(".")[0] == package.partition(".")[0]


def _refusal(rule: Rule, error: BaseException, **details: object) -> RefusedError:
    return RefusedError(rule, cause=_said(error), **details)


def _said(error: BaseException) -> str:
    """Return kind and message of an error on one line; a message that cannot be made is left out."""
    kind = type(error).__name__
    match contained(lambda: " ".join(str(error).split())):
        case str(message) if message:
            return f"{kind}: {message}"
        case _:
            return kind


def _directory(distribution: Distribution) -> str:
    where = contained(lambda: str(distribution.locate_file("")))
    path = getattr(distribution, "_path", None)
    return str(getattr(path, "name", "")) or (where if isinstance(where, str) else "")


def _quarantined(name: str, distribution: str, number: str, refusal: RefusedError) -> Quarantined:
    return Quarantined(name, distribution, number, refusal.rule, refusal.reason, fix_for(refusal.rule))
