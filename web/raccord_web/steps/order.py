"""The steps of connecting a source: which there are for a connector, which are done, and where each is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from raccord.catalog import Catalog
from raccord.onboarding.arriving.reading_ahead import takes_files
from raccord.onboarding.connecting.signing_in import signs_in
from raccord.onboarding.gates.passed_steps import SCOPE, step_passed
from raccord.onboarding.setting_up.duplicates_step import DUPLICATES, looks_for_duplicates
from raccord.onboarding.setting_up.lists_step import LISTS, has_lists
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection, ConnectionState
from raccord_web.steps.beginning import Beginning

BEFORE = ("mode", "ready", "company", "source")
"""Before there is a connection; the answers stand in the address. One gets ready where a gate stands there."""
AFTER = ("mode", "source", "signin", "accounts", "files", "scope", "checks", "lists", "duplicates", "plan", "done")
"""The first day is asked when the files are there: what they hold is the best proposal."""
BEFORE_CHECKS = ("accounts", "files", SCOPE)
"""What a draft goes through, each noted once a person went on from it; mode, source and signing in made it."""


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
        and (each != LISTS or has_lists(info))
        and (each != DUPLICATES or looks_for_duplicates(beginning.mode))
    ]
    return began + [StepLink(name, "", done=False, current=False) for name in later]


def later_steps(info: ConnectorInfo, connection: Connection, current: str, *, complete: bool = False) -> list[StepLink]:
    """Return all steps of a connection that is set up; what was decided before it stays so, and the current one is
    done too once all is ``complete``. While it is a draft, no step counts as done that nobody went on from.
    """
    names = names_of(info, connection)
    at = names.index(current)
    links = [
        StepLink(
            name,
            f"/connections/{connection.id}/setup/{name}" if name != "done" and index != at else "",
            complete or (index < at and not _skipped(connection, name)),
            index == at,
        )
        for index, name in enumerate(names)
    ]
    links.insert(1, StepLink("company", "", done=True, current=False))
    return links


def names_of(info: ConnectorInfo, connection: Connection) -> list[str]:
    """Return the steps of a connection with its settings and its mode, in order."""
    left_out = {
        "files": not takes_files(info, connection.settings),
        "signin": not signs_in(info, connection.settings),
        LISTS: not has_lists(info),
        DUPLICATES: not looks_for_duplicates(connection.mode),
    }
    return [each for each in AFTER if not left_out.get(each)]


def where_left(connection: Connection, info: ConnectorInfo) -> str:
    """Return the step at which a set-up that was left goes on: the first one that no person went on from."""
    names = names_of(info, connection)
    if connection.state == ConnectionState.DRAFT:
        return next((each for each in names if _skipped(connection, each)), "checks")
    open_steps = (each for each in (LISTS, DUPLICATES) if each in names and not step_passed(connection, each))
    return next(open_steps, "plan")


def left_among(begun: Iterable[Connection], connection_id: str, catalog: Catalog) -> str:
    """Return where the set-up of one connection goes on, of those that were begun; empty where its is finished."""
    found = next((each for each in begun if each.id == connection_id), None)
    admitted = None if found is None else catalog.get(found.connector)
    return "" if found is None or admitted is None else where_left(found, admitted.info)


def first_day_unsaid(connection: Connection) -> bool:
    """Tell whether a draft has only the first day that it began with, so that nothing may be read with it yet."""
    return _skipped(connection, SCOPE)


def _skipped(connection: Connection, step: str) -> bool:
    """Tell whether a draft's step before its checks is one that nobody went on from."""
    return connection.state == ConnectionState.DRAFT and step in BEFORE_CHECKS and not step_passed(connection, step)
