"""A connection with its connector's manifest and the settings it holds, for the pages that change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel
from starlette.requests import Request

from raccord.errors import RaccordError
from raccord.onboarding.access.people import NotAllowedError
from raccord.onboarding.arriving.changing import AnswerPostedError
from raccord.onboarding.connecting.seen_settings import changed_since
from raccord.overview.choosing.known_here import Known, known_here
from raccord.overview.choosing.own_columns import own_columns
from raccord.plugin.info import ConnectorInfo
from raccord.store.models import Connection
from raccord.store.vault import join_secrets, split_secrets
from raccord.sync.workshop import Workshop, settings_handle
from raccord_web.pages.rendering import said_by


def connection_of(workshop: Workshop, connection_id: str) -> tuple[Connection, ConnectorInfo] | None:
    """Return a connection and its manifest, or nothing where its connector is not installed any more."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
    admitted = workshop.scopes.catalog.get(connection.connector)
    return None if admitted is None else (connection, admitted.info)


def settings_of(workshop: Workshop, connection: Connection, info: ConnectorInfo) -> BaseModel:
    """Return a connection's settings, secrets included."""
    with workshop.database.read() as session:
        secret = workshop.vault.within(session).get_mapping(settings_handle(connection.id), missing_ok=True)
    return join_secrets(info.settings, connection.settings, secret)


def changes_in(values: Mapping[str, object], held: BaseModel) -> dict[str, object]:
    """Return what of a form's values is not what the settings hold: all else stays as it stands when this is kept."""
    return {name: value for name, value in values.items() if not hasattr(held, name) or value != getattr(held, name)}


def other_secrets(workshop: Workshop, connection: Connection, info: ConnectorInfo, before: BaseModel) -> bool:
    """Tell whether a connection has other credentials than its settings held ``before``."""
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection.id)
    return split_secrets(settings_of(workshop, connection, info))[1] != split_secrets(before)[1]


def with_meanwhile(
    values: Mapping[str, object], seen: str, standing: BaseModel
) -> tuple[dict[str, object], Sequence[str]]:
    """Return what a form says with what others changed since it was shown, and the names of that.

    What this person changed too stays as typed.
    """
    now = changed_since(seen, standing)
    typed = changed_since(seen, type(standing).model_validate(dict(values)))
    return {**values, **{name: getattr(standing, name, None) for name in now if name not in typed}}, now


def refused_in(error: RaccordError, request: Request) -> dict[str, str]:
    """Return why settings were not kept, by the fields that it is about; the empty name stands for the whole form.

    Whoever may not change them at all has no form, so that refusal is raised on.
    """
    if isinstance(error, NotAllowedError):
        raise error
    why = said_by(error, request)
    about = sorted(error.settings) if isinstance(error, AnswerPostedError) else [""]
    return dict.fromkeys(about, f"{why.what} {why.fix}")


def choice_seen(fields: Mapping[str, str]) -> str | None:
    """Return the ledger id that filled a role when its form was shown, empty for none; ``None`` where it is not told.

    A form says it behind a sign, so that nothing is told too.
    """
    return fields["seen"].removeprefix("=") if "seen" in fields else None


def known_of(workshop: Workshop, connection_id: str, info: ConnectorInfo) -> dict[str, list[Known]]:
    """Return by setting what the connection's source told of so far, to be chosen by name."""
    columns = own_columns(workshop, connection_id, info)
    with workshop.database.read() as session:
        return columns | known_here(session, session.get_one(Connection, connection_id), info.settings)
