"""Whoever reads an hour reads it by one company's clocks: there is one way to write a moment, and no other is used."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WRITERS = {
    "core/raccord/clock.py": "the one way, for plain text",
    "core/raccord/jobs/schedules.py": "the key of a run in its schedule, which nobody reads",
    "core/raccord/jobs/workers.py": "asks SQLite for its clock",
    "core/raccord/plugin/contract/pulling.py": "the name of a file",
    "core/raccord/keeping/backups.py": "the name of a folder",
    "core/raccord/cli/proof/nights.py": "the hour that a command takes, no moment",
    "core/raccord/plugin/testing/kit/days.py": "the hour at which days end",
    "core/raccord/cli/connect/days.py": "the hour at which days end",
    "core/raccord/onboarding/setting_up/steps.py": "the hour at which days end",
    "core/raccord/onboarding/connecting/connections.py": "the hour at which days end",
    "core/raccord/onboarding/sources/day_rules.py": "the hour at which days end",
    "web/raccord_web/api/keeping.py": "the hour at which days end",
}
"""Files that write an hour by a format, and why they may."""
SOURCES = sorted(
    path.relative_to(ROOT)
    for folder in ("core/raccord", "web/raccord_web")
    for path in (ROOT / folder).rglob("*.py")
    if "sandbox" not in path.parts
)
TEMPLATES = sorted((ROOT / "web/raccord_web/templates").rglob("*.html"))
SHOWN = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
MOMENT = re.compile(r"\.(?!looked_at|left_at)\w+_at\b")
"""An attribute that is a moment: not how many were looked at, nor the step that was left."""


def formats_of(source: str) -> list[int]:
    """Return the lines that write an hour by a format of their own."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.search(r"%[HI]", node.value)
    ]


def wrong_in(template: str) -> list[str]:
    """Return what a template shows as a moment without the one way, or by a zone of its own."""
    wrong: list[str] = []
    for shown in SHOWN.findall(template):
        zoned = re.search(r"moment\([^()]*(\"|'|zone)", shown)
        words = re.sub(r"'[^']*'|\"[^\"]*\"| if [^}]*?( else |$)", " ", shown)
        if zoned or (not re.search(r"moment\(|span\(", words) and MOMENT.search(words)):
            wrong.append(shown.strip())
    return wrong


def test_no_code_writes_an_hour_in_a_way_of_its_own() -> None:
    found = {str(path) for path in SOURCES if formats_of((ROOT / path).read_text("utf-8"))}
    assert found == set(WRITERS)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_page_says_a_moment_by_the_clocks_of_its_company(template: Path) -> None:
    assert wrong_in(template.read_text("utf-8")) == []


def test_the_rule_sees_what_it_forbids() -> None:
    assert formats_of('said = f"{at:%Y-%m-%d %H:%M} UTC"')
    for wrong in (
        "{{ each.made_at }}",
        '{{ moment(each.made_at, "UTC") }}',
        "{{ moment(each.made_at, view.time_zone) }}",
    ):
        assert wrong_in(wrong)
    assert wrong_in("{{ moment(each.made_at, each.company_id) }} {{ t('people.never') }}") == []
