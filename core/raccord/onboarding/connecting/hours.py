"""When a connection runs by itself, as people say and choose it; what they cannot choose so is a cron line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import StrEnum

from raccord.plugin.texts import Text

DAYS = (
    Text("dimanche", "Sunday"), Text("lundi", "Monday"), Text("mardi", "Tuesday"), Text("mercredi", "Wednesday"),
    Text("jeudi", "Thursday"), Text("vendredi", "Friday"), Text("samedi", "Saturday"),
)  # fmt: skip
"""By the numbers that cron lines give them."""
_AT = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* (\*|1-5|[0-6])")
_HOURLY = re.compile(r"(\d{1,2}) \* \* \* \*")


class Often(StrEnum):
    DAILY = "daily"
    WEEKDAYS = "weekdays"
    """Monday to Friday."""
    WEEKLY = "weekly"
    HOURLY = "hourly"
    CRON = "cron"
    """As a cron line says it."""


@dataclass(frozen=True, slots=True)
class Hours:
    """How often, at which time, on which day of the week (0 is Sunday), or by which cron line."""

    often: Often
    at: time = time(5, 30)
    weekday: int = 1
    cron: str = ""

    @classmethod
    def of(cls, cron: str) -> Hours:
        """Return what a cron line says; one that none of the plain ways says stays a cron line."""
        line = " ".join(cron.split())
        if found := _AT.fullmatch(line):
            minute, hour, day = int(found[1]), int(found[2]), found[3]
            if minute < 60 and hour < 24:
                often = {"*": Often.DAILY, "1-5": Often.WEEKDAYS}.get(day, Often.WEEKLY)
                return cls(often, time(hour, minute), int(day) if often is Often.WEEKLY else 1, line)
        if (found := _HOURLY.fullmatch(line)) and int(found[1]) < 60:
            return cls(Often.HOURLY, time(0, int(found[1])), 1, line)
        return cls(Often.CRON, cron=line)

    def line(self) -> str:
        """Return the cron line."""
        match self.often:
            case Often.HOURLY:
                return f"{self.at.minute} * * * *"
            case Often.CRON:
                return self.cron
            case Often.DAILY:
                day = "*"
            case Often.WEEKDAYS:
                day = "1-5"
            case Often.WEEKLY:
                day = str(self.weekday)
        return f"{self.at.minute} {self.at.hour} * * {day}"

    def said(self) -> Text:
        """Return it in words, such as *every day at 5:30*."""
        fr, en = f"à {self.at.hour} h {self.at.minute:02d}", f"at {self.at.hour}:{self.at.minute:02d}"
        match self.often:
            case Often.DAILY:
                return Text(f"chaque jour {fr}", f"every day {en}")
            case Often.WEEKDAYS:
                return Text(f"du lundi au vendredi {fr}", f"Monday to Friday {en}")
            case Often.WEEKLY:
                day = DAYS[self.weekday]
                return Text(f"chaque {day.fr} {fr}", f"every {day.en} {en}")
            case Often.HOURLY:
                return Text(
                    f"chaque heure, à la minute {self.at.minute:02d}", f"every hour, at minute {self.at.minute:02d}"
                )
            case Often.CRON:
                return Text(f"selon la ligne cron « {self.cron} »", f"by the cron line “{self.cron}”")
