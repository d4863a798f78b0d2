"""The rooms within core's largest parts: each imports those below it, and none gets so full that nothing is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

ROOMS = {
    "sync": (
        "fetching",
        "books",
        "resolving",
        "lines",
        "mapping",
        "posting",
        "proving",
        "planning",
        "undoing",
        "telling",
    ),
    "onboarding": (
        "access",
        "sources",
        "gates",
        "closing",
        "deciding",
        "connecting",
        "setting_up",
        "arriving",
        "checking",
    ),
}
"""From the bottom up; a room may import rooms before it, and what lies in the part itself where that is beneath all."""

ABOVE = {"sync": ("run", "unit", "workshop"), "onboarding": ()}
"""Modules of a part that put its rooms together; any other beside the rooms imports none of them."""

FULL = 36
"""Modules in one folder beyond which it is parted into rooms."""


def test_rooms_import_downwards_only(modules: list[Any]) -> None:
    wrong = []
    for module in modules:
        _, part, *rest = [*module.name.split("."), "", ""]
        if module.package != "raccord" or part not in ROOMS or not rest[0]:
            continue
        order = ROOMS[part]
        own = order.index(rest[0]) if rest[0] in order else len(order) if rest[0] in ABOVE[part] else -1
        for imported, line in module.imports:
            room = imported.removeprefix(f"raccord.{part}.").split(".")[0]
            if imported.startswith(f"raccord.{part}.") and room in order and order.index(room) > own:
                wrong.append(f"{module.path}:{line} imports {imported}")

    assert wrong == []


def test_every_room_is_in_the_order(modules: list[Any]) -> None:
    there = {
        part: {
            module.name.split(".")[2]
            for module in modules
            if module.name.startswith(f"raccord.{part}.") and module.name.count(".") > 2
        }
        for part in ROOMS
    }

    assert there == {part: set(order) for part, order in ROOMS.items()}


def test_no_folder_of_core_is_crowded(modules: list[Any]) -> None:
    in_folder = Counter(str(Path(module.path).parent) for module in modules if module.package == "raccord")

    assert {folder: count for folder, count in in_folder.items() if count > FULL} == {}
