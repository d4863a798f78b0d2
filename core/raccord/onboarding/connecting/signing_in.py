"""Letting a person in at a source: one step at a time, what comes of it kept among the connection's settings."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.errors import RaccordError
from raccord.onboarding.access.people import Actor, Power, require
from raccord.onboarding.connecting.connections import update_settings
from raccord.onboarding.sources.source_accounts import info_of, refused
from raccord.plugin.errors import ConnectorError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.signing import SignIn
from raccord.plugin.texts import Text
from raccord.store.models import Company, Connection
from raccord.sync.life import Step, require_step
from raccord.sync.workshop import Workshop

ANSWER_CHARACTERS_MAX = 1000


def signs_in(info: ConnectorInfo, settings: Mapping[str, object]) -> bool:
    """Tell whether a person signs in at the source of a connection with these settings."""
    return bool(info.signs_in) and all(str(settings.get(name, "")) in values for name, values in info.signs_in.items())


def sign_in(workshop: Workshop, actor: Actor, connection_id: str, answers: Mapping[str, str]) -> SignIn:
    """Take one step of signing in; account, links and history stay as they are (BF-23, BF-24).

    The source is asked outside of any transaction. What is kept counts only once the person is in, or is what the next
    step needs.
    """
    with workshop.database.read() as session:
        connection = session.get_one(Connection, connection_id)
        info = info_of(workshop, connection.connector)
        require(actor, Power.MANAGE, info, manage_granted=connection.manage_granted_at is not None)
        require_step(connection, Step.SETTINGS)
        bench = workshop.bench_of(session, session.get_one(Company, connection.company_id), connection)
    if not signs_in(info, connection.settings):
        raise _nothing_to_do(info)
    given = {key: value[:ANSWER_CHARACTERS_MAX] for key, value in answers.items()}
    try:
        step = bench.scope.sign_in(workshop.sign_in_view(bench), given)
    except ConnectorError as error:
        raise _not_in(error) from None
    if step is None:
        raise _nothing_to_do(info)
    if step.keep or step.done:
        update_settings(workshop, actor, connection_id, step.keep)
    return step


def _not_in(error: ConnectorError) -> RaccordError:
    return refused(
        "signin.refused",
        error.text,
        Text(
            "Corrigez les identifiants de la connexion et recommencez ; rien n'est perdu.",
            "Correct the connection's credentials and try again; nothing is lost.",
        ),
    )


def _nothing_to_do(info: ConnectorInfo) -> RaccordError:
    return refused(
        "signin.not_here",
        Text(
            f"{info.label.fr} : ces réglages ne demandent pas de se connecter à la source.",
            f"{info.label.en}: these settings ask nobody to sign in at the source.",
        ),
        Text(
            "Choisissez d'abord d'où viennent les données, dans les réglages.",
            "Choose first where the data comes from, in the settings.",
        ),
    )
