"""The steps of connecting a source: which there are for a connector, which are done, and where each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from raccord.plugin.info import ConnectorInfo

BEFORE = ("mode", "company", "source")
"""Before there is a connection; the answers stand in the address."""
AFTER = ("source", "accounts", "scope", "files", "checks", "plan", "done")


@dataclass(frozen=True, slots=True)
class StepLink:
    """One step of the list; ``address`` is empty for one that cannot be gone to from here."""

    name: str
    address: str
    done: bool
    current: bool


def first_steps(info: ConnectorInfo, current: str, mode: str, company: str) -> list[StepLink]:
    """Return all steps as they stand before there is a connection."""
    at = BEFORE.index(current)
    query = {"mode": mode} | ({"company": company} if company else {})
    places = {"mode": f"/connect/{info.name}", "company": f"/connect/{info.name}/company"}
    began = [
        StepLink(name, f"{places[name]}?{urlencode(query)}" if index < at else "", index < at, index == at)
        for index, name in enumerate(BEFORE)
    ]
    later = [each for each in AFTER if each not in BEFORE and (each != "files" or info.uploads)]
    return began + [StepLink(name, "", done=False, current=False) for name in later]


def later_steps(info: ConnectorInfo, settings: Mapping[str, Any], connection_id: str, current: str) -> list[StepLink]:
    """Return all steps of a connection that is set up; what was decided before it stays so."""
    names = names_of(info, settings)
    at = names.index(current)
    began = [StepLink(name, "", done=True, current=False) for name in BEFORE[:2]]
    return began + [
        StepLink(
            name,
            f"/connections/{connection_id}/setup/{name}" if name != "done" and index != at else "",
            index < at,
            index == at,
        )
        for index, name in enumerate(names)
    ]


def names_of(info: ConnectorInfo, settings: Mapping[str, Any]) -> list[str]:
    """Return the steps of a connection with these settings, in order."""
    return [each for each in AFTER if each != "files" or takes_files(info, settings)]


def takes_files(info: ConnectorInfo, settings: Mapping[str, Any]) -> bool:
    """Tell whether people hand in this connection's files themselves."""
    return bool(info.uploads) and all(str(settings.get(name, "")) == value for name, value in info.uploads.items())
