"""The switches of a company: each decides one point that Intuit leaves open."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any

FARTHEST = 15
"""Digits on either side of the point."""
Setting = bool | int | Decimal | str


class SwitchError(Exception):
    """A switch that does not exist, or a value that it cannot have; said in French and English."""

    def __init__(self, code: str, fr: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.fr = fr
        self.en = en


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: its name, the value a company starts with, what it does, and its words if it has a closed list."""

    name: str
    default: Setting
    fr: str
    en: str
    choices: tuple[str, ...] = ()

    def read(self, value: object) -> Setting:
        """Return `value` as this switch holds it. Raises SwitchError."""
        match self.default:
            case bool():
                if isinstance(value, bool):
                    return value
            case str():
                if isinstance(value, str) and value in self.choices:
                    return value
            case int() | Decimal():
                found = _number(value)
                if found is not None and found >= 0:
                    return found if isinstance(self.default, Decimal) else int(found)
        fr, en = f"{self.name} ne peut pas valoir {value!r}", f"{self.name} cannot be {value!r}"
        raise SwitchError("bad_value", f"{fr} : {self.kind}", f"{en}: {self.kind}")

    @property
    def kind(self) -> str:
        """Return what a value may be, in words of JSON."""
        match self.default:
            case bool():
                return "true | false"
            case str():
                return " | ".join(self.choices)
            case _:
                return "number"


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= FARTHEST else None


def _read() -> dict[str, Switch]:
    text = files("raccord_sandbox").joinpath("switches.toml").read_text("utf-8")
    table: dict[str, dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)
    return {
        name: Switch(name, row["default"], row["fr"], row["en"], tuple(row.get("choices", ())))
        for name, row in table.items()
    }


SWITCHES: Mapping[str, Switch] = _read()


def read_switches(wanted: Mapping[str, object]) -> dict[str, Setting]:
    """Return the wanted values as the switches hold them. Raises SwitchError."""
    unknown = sorted(set(wanted) - set(SWITCHES))
    if unknown:
        raise SwitchError(
            "no_switch",
            f"pas de commutateur {', '.join(unknown)} ; il y a {', '.join(SWITCHES)}",
            f"no switch {', '.join(unknown)}; there are {', '.join(SWITCHES)}",
        )
    return {name: SWITCHES[name].read(value) for name, value in wanted.items()}


def starting(wanted: Mapping[str, object]) -> dict[str, Setting]:
    """Return the value of every switch for a new company: the wanted ones, else the defaults. Raises SwitchError."""
    return {name: switch.default for name, switch in SWITCHES.items()} | read_switches(wanted)
