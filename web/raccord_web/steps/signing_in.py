"""The step in which a person signs in at a source: its credentials as a form, then what it asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.seen_settings import SettingsChangedError, seen_of
from raccord.onboarding.connecting.signing_in import sign_in
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.signing import SignIn
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.rendering import language_of
from raccord_web.pages.typed import PREFIX, Field, is_conditional, read, shown
from raccord_web.parts.held import changes_in, settings_of, with_meanwhile

ANSWER = "a_"
"""What the form's names of answers begin with."""


@dataclass(frozen=True, slots=True)
class Again:
    """What a person has to say before they are in: a field to correct, or a question of the source."""

    fields: list[Field]
    wrong: str = ""
    asking: SignIn | None = None
    seen: str = ""
    meanwhile: Sequence[Field] = ()
    """Settings that somebody changed since the form was shown, as they stand."""


def credentials(request: Request, connection: Connection, info: ConnectorInfo) -> dict[str, Any]:
    """Return the fields of the chosen way of getting data, and of no other, and what tells how they stood."""
    held = settings_of(desk_of(request).workshop, connection, info)
    fields = shown(info.settings, held.model_dump(mode="json"), language_of(request), within=is_conditional)
    return {"fields": fields, "seen": seen_of(held, {each.name for each in fields})}


def take_sign_in(
    request: Request, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str]
) -> Again | None:
    """Keep the credentials that were typed and take the next step; nothing where the person is in."""
    workshop, language = desk_of(request).workshop, language_of(request)
    if any(name.startswith(PREFIX) for name in fields):
        held, seen = settings_of(workshop, connection, info), fields.get("seen", "")
        values, wrong = read(info.settings, fields, held, language)
        if wrong:
            again = shown(info.settings, values, language, wrong=wrong, within=is_conditional)
            return Again(again, wrong.get("", ""), seen=seen)
        try:
            connections.update_settings(workshop, acting(request), connection.id, changes_in(values, held), seen=seen)
        except SettingsChangedError:
            return _meanwhile(request, connection, info, values, seen)
    answers = {name.removeprefix(ANSWER): value for name, value in fields.items() if name.startswith(ANSWER)}
    if fields.get("answering"):
        # Nothing ticked is an answer too.
        answers.setdefault("answered", "yes")
    step = sign_in(workshop, acting(request), connection.id, answers)
    return None if step.done else Again([], asking=step)


def _meanwhile(
    request: Request, connection: Connection, info: ConnectorInfo, values: Mapping[str, object], seen: str
) -> Again:
    """Return the form with what was typed and what others changed since it was shown."""
    workshop, language = desk_of(request).workshop, language_of(request)
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection.id)
    standing = settings_of(workshop, connection, info)
    values, changed = with_meanwhile(values, seen, standing)
    now = shown(info.settings, standing.model_dump(mode="json"), language, within=is_conditional)
    again = shown(info.settings, values, language, within=is_conditional)
    names = {each.name for each in again}
    return Again(again, seen=seen_of(standing, names), meanwhile=[each for each in now if each.name in changed])
