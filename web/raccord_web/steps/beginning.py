"""What a person says before there is a connection; it stands in the address of each first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlencode

from raccord.onboarding.gates.gates import early_gates, told
from raccord.plugin.info import ConnectorInfo, GateInfo, Mode
from raccord_web.pages.typed import PREFIX

GATE = "gate_"
"""What the names of gates' boxes begin with."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The answers so far; ``mode`` is nothing until somebody chose one, where there is a choice."""

    info: ConnectorInfo
    mode: Mode | None
    company: str = ""
    first: str = ""
    again: str = ""
    """The connection that ended and is to be connected again, whose settings stand in the form."""
    passed: frozenset[str] = frozenset()
    typed: Mapping[str, str] = field(default_factory=dict)
    """Settings that gates ask for, by their names in a form."""

    @property
    def gates(self) -> list[GateInfo]:
        return [] if self.mode is None else early_gates(self.info, self.mode)

    @property
    def closed(self) -> list[GateInfo]:
        """The gates that are not passed by what was said."""
        return [each for each in self.gates if not told(each, self.passed, self.values, self.starts_on)]

    @property
    def starts_on(self) -> date | None:
        try:
            return date.fromisoformat(self.first)
        except ValueError:
            return None

    @property
    def values(self) -> dict[str, object]:
        """What was said of the settings that gates ask for; a box that is not ticked is an answer too."""
        fields = self.info.settings.model_fields
        return {
            name: PREFIX + name in self.typed if fields[name].annotation is bool else self.typed.get(PREFIX + name, "")
            for gate in self.gates
            for name in gate.settings
        }

    def pairs(self, *, company: bool = True, typed: bool = True) -> dict[str, str]:
        """Return everything said, as a form or an address keeps it; settings stand in a form of their own."""
        kept = {"mode": "" if self.mode is None else str(self.mode), "company": self.company if company else ""}
        kept |= {"first": self.first, "again": self.again, **{GATE + name: "on" for name in sorted(self.passed)}}
        kept |= self.typed if typed else {}
        return {name: value for name, value in kept.items() if value}

    def address(self, step: str, **more: str) -> str:
        """Return where a first step is, with everything said, and ``more`` that the step alone asks."""
        place = f"/connect/{self.info.name}" + ("" if step == "mode" else f"/{step}")
        pairs = self.pairs(company=step != "ready") | {name: value for name, value in more.items() if value}
        return f"{place}?{urlencode(pairs)}" if pairs else place

    def waits_at(self, step: str) -> str:
        """Return the address of the step that must be answered before this one, or nothing."""
        if self.mode is None:
            return self.address("mode")
        if step in ("company", "source") and self.closed:
            return self.address("ready")
        if step == "source" and not self.company:
            return self.address("company")
        return ""


def beginning_of(info: ConnectorInfo, said: Mapping[str, str]) -> Beginning:
    """Return what an address or a form says so far."""
    wanted = said.get("mode", "")
    only = next(iter(info.modes)) if len(info.modes) == 1 else None
    mode = Mode(wanted) if wanted in info.modes else only
    asked = {PREFIX + name for gate in info.gates for name in gate.settings}
    gates = {gate.name for gate in info.gates if gate.said}
    return Beginning(
        info=info,
        mode=mode,
        company=said.get("company", ""),
        first=said.get("first", "")[:10],
        again=said.get("again", "")[:40],
        passed=frozenset(name for name in gates if GATE + name in said),
        typed={name: said[name][:500] for name in sorted(asked) if said.get(name)},
    )
