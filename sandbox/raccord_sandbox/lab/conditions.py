"""The conditions under which the sandbox works: faults, clocks, limits and switches."""

from __future__ import annotations

import re
from dataclasses import asdict, fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from raccord_sandbox.clock import SandboxClock, precise_stamp
from raccord_sandbox.config import Limits
from raccord_sandbox.lab.asking import Ask, LabError, Route, beyond_calendar, wrong_type
from raccord_sandbox.refusing.faultlab import ArmedFault, Effect
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.switches import SWITCHES, read_switches

FAULT_FIELDS = tuple(item.name for item in fields(ArmedFault) if item.name not in ("struck", "number"))
FURTHEST = 10**9


def _arm(ask: Ask) -> Doc:
    ask.only(*FAULT_FIELDS)
    body = dict(ask.fields)
    try:
        effect = Effect(str(body.pop("effect", "")))
    except ValueError as error:
        known = ", ".join(Effect)
        raise LabError(400, "no_effect", f"effect est l’un de : {known}", f"effect is one of: {known}") from error
    for name in ("probability", "seconds"):
        if name in body:
            body[name] = _real(body[name], name)
    for name in ("method", "path", "query", "realm", "body"):
        ask.text(name)
    for name, most in (("skip", FURTHEST), ("status", FURTHEST), ("code", FURTHEST), ("left", FURTHEST)):
        if body.get(name) is not None:
            body[name] = ask.whole(name, 0, most)
    try:
        fault = ArmedFault(effect, **body)
        ask.faults.arm(fault)
    except (ValueError, re.error) as error:
        text = f"{error}"
        raise LabError(
            400, "bad_value", f"une valeur ne convient pas : {text}", f"a value does not fit: {text}"
        ) from error
    except OverflowError as error:
        raise LabError(409, "full", f"trop de pannes : {error}", f"too many faults: {error}") from error
    return shown(fault)


def _armed(ask: Ask) -> list[Doc]:
    ask.only()
    return [shown(fault) for fault in ask.faults.armed()]


def _disarm_all(ask: Ask) -> Doc:
    ask.only("seed")
    ask.faults.clear(None if "seed" not in ask.fields else ask.whole("seed", 0, FURTHEST))
    return {}


def _disarm(ask: Ask) -> Doc:
    ask.only()
    number = ask.path["number"]
    try:
        ask.faults.disarm(int(number) if number.isdecimal() and len(number) < 16 else 0)
    except KeyError as error:
        raise LabError(404, "no_fault", f"pas de panne {number}", f"no fault {number}") from error
    return {}


def shown(fault: ArmedFault) -> Doc:
    """Return the fields of a fault, its numbers exact."""
    found = asdict(fault)
    return {name: Decimal(str(value)) if isinstance(value, float) else value for name, value in found.items()}


def _time(ask: Ask) -> Doc:
    ask.only()
    return _told(ask.store.clock)


def _move(ask: Ask) -> Doc:
    _move_clock(ask, ask.store.clock)
    ask.store.save_clock()
    return _told(ask.store.clock)


def _company_time(ask: Ask) -> Doc:
    ask.only()
    return _told(ask.company().clock)


def _company_move(ask: Ask) -> Doc:
    company = ask.company()
    with company.lock:
        _move_clock(ask, company.clock)
        company.move_clock()
        company.flush()
    return _told(company.clock)


def _move_clock(ask: Ask, clock: SandboxClock) -> None:
    ask.only("advance", "set", "frozen")
    moment = ask.moment("set")
    step = timedelta(seconds=_real(ask.fields.get("advance", 0), "advance"))
    if "frozen" in ask.fields:
        clock.freeze(still=ask.flag("frozen"))
    try:
        if moment is not None:
            clock.set(moment)
        clock.advance(step)
    except OverflowError as error:
        raise beyond_calendar("advance") from error


def _told(clock: SandboxClock) -> Doc:
    return {"now": precise_stamp(clock.now()), "frozen": clock.is_frozen}


def _limits(ask: Ask) -> Doc:
    ask.only()
    return asdict(ask.store.throttle.limits)


def _set_limits(ask: Ask) -> Doc:
    known = [item.name for item in fields(Limits)]
    ask.only("documented", *known)
    limits = Limits.documented() if ask.flag("documented") else Limits()
    given = {
        name: None if ask.fields[name] is None else ask.whole(name, 0, FURTHEST) for name in known if name in ask.fields
    }
    ask.store.throttle.change(replace(limits, **given))
    return asdict(ask.store.throttle.limits)


def _all_switches(ask: Ask) -> list[Doc]:
    ask.only()
    return [
        {"name": one.name, "default": one.default, "values": one.kind, "meaning": one.en, "sens": one.fr}
        for one in SWITCHES.values()
    ]


def _switches(ask: Ask) -> Doc:
    ask.only()
    company = ask.company()
    return {name: company.switch(name) for name in SWITCHES}


def _set_switches(ask: Ask) -> Doc:
    company = ask.company()
    chosen = read_switches(ask.fields)
    with company.lock:
        company.settings.update(chosen)
        company.save_settings()
        company.flush()
        return {name: company.switch(name) for name in SWITCHES}


def _real(value: Any, name: str) -> float:
    if isinstance(value, bool):
        raise wrong_type(name, "un nombre", "a number")
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong_type(name, "un nombre", "a number") from error
    if not abs(found) <= FURTHEST * 1000:
        raise wrong_type(name, "un nombre moins grand", "a smaller number")
    return found


COMPANY = "/companies/{realm}"
CONDITIONS = (
    Route("GET", "/faults", "the faults armed", _armed),
    Route("POST", "/faults", "arms a fault", _arm),
    Route("DELETE", "/faults", "disarms every fault; `seed` starts the chance again", _disarm_all),
    Route("DELETE", "/faults/{number}", "disarms one fault", _disarm),
    Route("GET", "/clock", "the time, for tokens, limits and every company", _time),
    Route("POST", "/clock", "moves the time, stops it or lets it run", _move),
    Route("GET", f"{COMPANY}/clock", "the time of one company", _company_time),
    Route("POST", f"{COMPANY}/clock", "moves the time of one company alone", _company_move),
    Route("GET", "/limits", "the limits of requests", _limits),
    Route("POST", "/limits", "sets the limits: those named, no others", _set_limits),
    Route("GET", "/switches", "every switch with its default and meaning", _all_switches),
    Route("GET", f"{COMPANY}/switches", "the switches of a company", _switches),
    Route("POST", f"{COMPANY}/switches", "sets the switches named", _set_switches),
)
