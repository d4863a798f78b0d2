"""The steps of connecting a source: which there are for a connector, which are done, and where each is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from raccord.onboarding.lists_step import has_lists, lists_passed
from raccord.onboarding.signing_in import signs_in
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection, ConnectionState
from raccord_web.beginning import Beginning

BEFORE = ("mode", "ready", "company", "source")
"""Before there is a connection; the answers stand in the address. One gets ready where a gate stands there."""
AFTER = ("mode", "source", "signin", "accounts", "scope", "files", "checks", "lists", "plan", "done")


@dataclass(frozen=True, slots=True)
class StepLink:
    """One step of the list; ``address`` is empty for one that cannot be gone to from here."""

    name: str
    address: str
    done: bool
    current: bool


def first_steps(info: ConnectorInfo, current: str, beginning: Beginning) -> list[StepLink]:
    """Return all steps as they stand before there is a connection."""
    names = [each for each in BEFORE if each != "ready" or beginning.gates]
    at = names.index(current)
    began = [
        StepLink(name, beginning.address(name) if index < at else "", index < at, index == at)
        for index, name in enumerate(names)
    ]
    later = [
        each
        for each in AFTER
        if each not in (*BEFORE, "signin")
        and (each != "files" or info.uploads)
        and (each != "lists" or has_lists(info))
    ]
    return began + [StepLink(name, "", done=False, current=False) for name in later]


def later_steps(info: ConnectorInfo, settings: Mapping[str, Any], connection_id: str, current: str) -> list[StepLink]:
    """Return all steps of a connection that is set up; what was decided before it stays so."""
    names = names_of(info, settings)
    at = names.index(current)
    links = [
        StepLink(
            name,
            f"/connections/{connection_id}/setup/{name}" if name != "done" and index != at else "",
            index < at,
            index == at,
        )
        for index, name in enumerate(names)
    ]
    links.insert(1, StepLink("company", "", done=True, current=False))
    return links


def names_of(info: ConnectorInfo, settings: Mapping[str, Any]) -> list[str]:
    """Return the steps of a connection with these settings, in order."""
    left_out = {
        "files": not takes_files(info, settings),
        "signin": not signs_in(info, settings),
        "lists": not has_lists(info),
    }
    return [each for each in AFTER if not left_out.get(each)]


def where_left(connection: Connection, info: ConnectorInfo) -> str:
    """Return the step at which a set-up that was left goes on."""
    if connection.state == ConnectionState.DRAFT:
        return "accounts"
    return "lists" if has_lists(info) and not lists_passed(connection) else "plan"


def takes_files(info: ConnectorInfo, settings: Mapping[str, Any]) -> bool:
    """Tell whether people hand in this connection's files themselves."""
    return bool(info.uploads) and all(str(settings.get(name, "")) == value for name, value in info.uploads.items())
