"""The bench for people at the pages: who may use it, on which connector and source, and one at a time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import ModuleType
from typing import BinaryIO

from raccord.bench.looking import Look, look
from raccord.bench.sources import NoSourceError, SourceKind, recorded_trial, trials_for
from raccord.catalog import GROUP
from raccord.onboarding.access.people import Actor, Power, require
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.testing.recording.shapes import BYTES_MAX
from raccord.plugin.texts import Text
from raccord.sync.workshop import Workshop

_ONE_AT_A_TIME = threading.Lock()
"""A connector under look keeps a processor busy; a second one waits."""


@dataclass(frozen=True, slots=True)
class Benched:
    """What came of one source, and the names of those that may be chosen instead."""

    look: Look
    choices: Sequence[str]


def bench_brought(workshop: Workshop, actor: Actor, connector: str, kind: SourceKind, name: str = "") -> Benched:
    """Run a connector on its twin or its samples, the one of that name or the first; touches no company.

    Raises ``NotAllowedError`` and ``NoSourceError``.
    """
    require(actor, Power.OPERATE)
    module, info = _connector(workshop, connector)
    choices = trials_for(module, kind)
    chosen = next((each for each in choices if each.name == name), choices[0])
    with _ONE_AT_A_TIME:
        return Benched(look(module, info, chosen), [each.name for each in choices])


def bench_recording(workshop: Workshop, actor: Actor, connector: str, files: Sequence[tuple[str, BinaryIO]]) -> Benched:
    """Run a connector on a recording that a person handed in, which is not kept."""
    require(actor, Power.OPERATE)
    module, info = _connector(workshop, connector)
    if len(files) != 1:
        raise NoSourceError(
            "bench.one_file",
            Text("Choisissez un enregistrement.", "Choose one recording."),
            Text("« raccord record » en fait un.", "“raccord record” makes one."),
        )
    ((name, content),) = files
    trial = recorded_trial(info, content.read(BYTES_MAX + 1), name)
    with _ONE_AT_A_TIME:
        return Benched(look(module, info, trial), [trial.name])


def _connector(workshop: Workshop, connector: str) -> tuple[ModuleType, ConnectorInfo]:
    admitted = workshop.scopes.catalog.get(connector)
    modules = [point.load() for point in entry_points(group=GROUP, name=connector)]
    if admitted is None or not modules or not isinstance(modules[0], ModuleType):
        raise NoSourceError(
            "bench.no_module",
            Text(f"« {connector} » n'est pas installé.", f"“{connector}” is not installed."),
            Text("« raccord plugins » montre ceux qui sont là.", "“raccord plugins” shows those that are there."),
        )
    return modules[0], admitted.info
