"""The step in which a person signs in at a source: its credentials as a form, then what it asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from raccord.onboarding.connecting import connections
from raccord.onboarding.connecting.signing_in import sign_in
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.signing import SignIn
from raccord.store.models import Connection
from raccord_web.front.desk import desk_of
from raccord_web.front.visitors import acting
from raccord_web.pages.rendering import language_of
from raccord_web.pages.typed import PREFIX, Field, is_conditional, read, shown
from raccord_web.parts.held import changes_in, settings_of

ANSWER = "a_"
"""What the form's names of answers begin with."""


@dataclass(frozen=True, slots=True)
class Again:
    """What a person has to say before they are in: a field to correct, or a question of the source."""

    fields: list[Field]
    wrong: str = ""
    asking: SignIn | None = None


def credentials(request: Request, connection: Connection, info: ConnectorInfo) -> list[Field]:
    """Return the fields that belong to the chosen way of getting data, and to no other."""
    held = settings_of(desk_of(request).workshop, connection, info).model_dump(mode="json")
    return shown(info.settings, held, language_of(request), within=is_conditional)


def take_sign_in(
    request: Request, connection: Connection, info: ConnectorInfo, fields: Mapping[str, str]
) -> Again | None:
    """Keep the credentials that were typed and take the next step; nothing where the person is in."""
    workshop, language = desk_of(request).workshop, language_of(request)
    if any(name.startswith(PREFIX) for name in fields):
        held = settings_of(workshop, connection, info)
        values, wrong = read(info.settings, fields, held, language)
        if wrong:
            again = shown(info.settings, values, language, wrong=wrong, within=is_conditional)
            return Again(again, wrong.get("", ""))
        connections.update_settings(workshop, acting(request), connection.id, changes_in(values, held))
    answers = {name.removeprefix(ANSWER): value for name, value in fields.items() if name.startswith(ANSWER)}
    if fields.get("answering"):
        # Nothing ticked is an answer too.
        answers.setdefault("answered", "yes")
    step = sign_in(workshop, acting(request), connection.id, answers)
    return None if step.done else Again([], asking=step)
