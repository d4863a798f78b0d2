"""Windows of days, one request after the other, from where the last look ended: resumed from any cursor.

A sweep begins some days before the end of the last one, since banks book late, and ends today. What comes twice has
the ids that it had before. A window that is too much for the source is halved. A provider that tells changes has no
windows: what it gave to go on from is the mark of the next look.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from raccord.plugin import FetchContext, Reject, SourceRefused, Text
from raccord_bankfeed.providers.contract import ChangesProvider, Look, TooMuch, Window, WindowProvider
from raccord_bankfeed.settings import BankFeedSettings

_DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far a connection's provider has been looked at."""

    first: date | None = None
    """The earliest day that was asked for."""
    through: date | None = None
    """The last day on which a sweep ended or goes on from."""
    next: date | None = None
    """Where the sweep under way goes on; nothing between two sweeps."""
    asked: int = 0
    on: date | None = None
    """On which day so many windows were asked for."""
    over: bool = False
    """Whether the run under way has nothing more to ask for, though it may have more to read."""
    mark: str = ""
    """From where a provider that tells changes goes on."""

    @classmethod
    def of(cls, value: Mapping[str, object] | None) -> Sweep:
        """Read what :meth:`plain` wrote."""
        if not value:
            return cls()
        days = {name: date.fromisoformat(str(value[name])) if value.get(name) else None for name in _DAYS}
        asked, over = int(str(value.get("asked", 0))), value.get("over") is True
        return cls(days["first"], days["through"], days["next"], asked, days["on"], over, str(value.get("mark", "")))

    def plain(self) -> Mapping[str, object]:
        """Return the sweep as JSON."""
        days = {name: each.isoformat() for name in _DAYS if (each := getattr(self, name)) is not None}
        said = {"asked": self.asked, "over": self.over, "mark": self.mark}
        return days | {name: value for name, value in said.items() if value}


_DAYS = ("first", "through", "next", "on")


def sweep_on(
    context: FetchContext, settings: BankFeedSettings, provider: WindowProvider | ChangesProvider, sweep: Sweep
) -> tuple[Sweep, Sequence[Reject]]:
    """Ask for the next window, or for what changed; who may not be asked any more today is left until tomorrow."""
    today = context.days.day_of(context.now())
    sweep = sweep if sweep.on == today else replace(sweep, on=today, asked=0)
    if isinstance(provider, ChangesProvider):
        return _changes(context, settings, provider, sweep, today)
    sweep = sweep if sweep.next is not None else replace(sweep, next=_begin(context, settings, provider, sweep, today))
    start = sweep.next
    if start is None or start > today:
        return replace(sweep, next=None, over=True), ()
    days = provider.window_days
    while sweep.asked < provider.requests_a_day:
        last = min(start + timedelta(days - 1), today)
        sweep = replace(sweep, asked=sweep.asked + 1)
        try:
            told = provider.bring_in(context, settings, Window(start, last))
        except TooMuch:
            days = ((last - start).days + 1) // 2
            if not days:
                raise _one_day_too_much(start) from None
            continue
        first = start if sweep.first is None else min(sweep.first, start)
        following = None if last >= today else last + _DAY
        return replace(sweep, first=first, through=last, next=following, over=following is None), told
    return replace(sweep, over=True), ()


def _changes(
    context: FetchContext, settings: BankFeedSettings, provider: ChangesProvider, sweep: Sweep, today: date
) -> tuple[Sweep, Sequence[Reject]]:
    if sweep.asked >= provider.requests_a_day:
        return replace(sweep, over=True), ()
    look = Look(sweep.mark, today, first_today=not sweep.asked)
    mark, told = provider.bring_changes(context, settings, look)
    return replace(sweep, mark=mark, asked=sweep.asked + 1, over=True), told


def _begin(
    context: FetchContext, settings: BankFeedSettings, provider: WindowProvider, sweep: Sweep, today: date
) -> date:
    wanted = max(context.starts_on, today - timedelta(provider.history_days(settings)))
    if sweep.first is None or sweep.through is None or wanted < sweep.first:
        return wanted
    return max(sweep.first, min(sweep.through, today) - timedelta(provider.overlap_days))


def _one_day_too_much(day: date) -> SourceRefused:
    return SourceRefused(
        Text(
            f"La source donne trop de lignes pour le seul {day.isoformat()}. Importez ce jour par un fichier de la "
            "banque.",
            f"The source gives too many lines for {day.isoformat()} alone. Bring that day over by a file of the bank.",
        )
    )
