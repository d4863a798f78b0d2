"""The rooms within the largest parts: each imports those below it, and none gets so full that nothing is found."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

ROOMS = {
    "raccord.sync": (
        "fetching",
        "books",
        "resolving",
        "lines",
        "mapping",
        "posting",
        "proving",
        "planning",
        "shadowing",
        "undoing",
        "telling",
    ),
    "raccord.onboarding": (
        "access",
        "sources",
        "gates",
        "closing",
        "connecting",
        "deciding",
        "setting_up",
        "arriving",
        "checking",
    ),
    "raccord_web": ("words", "front", "pages", "parts", "steps", "api", "screens"),
}
"""From the bottom up; a room may import rooms before it, and what lies in the part itself where that is beneath all."""

ABOVE = {
    "raccord.sync": ("run", "unit", "workshop"),
    "raccord.onboarding": (),
    "raccord_web": ("app", "gate", "hooks"),
}
"""Modules of a part that put its rooms together; any other beside the rooms imports none of them."""

FULL = 36
"""Modules or templates in one folder beyond which it is parted into rooms."""

ONE_EACH = {"migrations/raccord_migrations/versions", "sandbox/raccord_sandbox/entities"}
"""Folders with one module for each of many things of a kind, under the name that everybody knows it by."""

ROOT = Path(__file__).parents[2]


def test_rooms_import_downwards_only(modules: list[Any]) -> None:
    wrong = []
    for module in modules:
        for part, order in ROOMS.items():
            if not module.name.startswith(f"{part}."):
                continue
            room = module.name.removeprefix(f"{part}.").split(".")[0]
            own = order.index(room) if room in order else len(order) if room in ABOVE[part] else -1
            for imported, line in module.imports:
                there = imported.removeprefix(f"{part}.").split(".")[0]
                if imported.startswith(f"{part}.") and there in order and order.index(there) > own:
                    wrong.append(f"{module.path}:{line} imports {imported}")

    assert wrong == []


def test_every_room_is_in_the_order(modules: list[Any]) -> None:
    there = {
        part: {
            module.name.removeprefix(f"{part}.").split(".")[0]
            for module in modules
            if module.name.startswith(f"{part}.") and module.name.removeprefix(f"{part}.").count(".")
        }
        for part in ROOMS
    }

    assert there == {part: set(order) for part, order in ROOMS.items()}


def test_no_folder_is_crowded(modules: list[Any]) -> None:
    in_folder = Counter(str(Path(module.path).parent) for module in modules)
    in_folder.update(str(path.parent.relative_to(ROOT)) for path in ROOT.glob("web/raccord_web/templates/**/*.html"))

    assert in_folder["web/raccord_web/templates/records"] > 1
    assert {folder: count for folder, count in in_folder.items() if count > FULL} == {
        folder: in_folder[folder] for folder in ONE_EACH
    }
