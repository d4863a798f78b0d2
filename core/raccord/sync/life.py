"""A connection's life as data: which step leads from which state to which, and whose it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.models import CompanyState, Connection, ConnectionState


class Step(StrEnum):
    ACTIVATE = "activate"
    PAUSE = "pause"
    RESUME = "resume"
    SETTINGS = "settings"
    """Settings and credentials are changed; new credentials end what refused ones began."""
    RECONNECT = "reconnect"
    DISCONNECT = "disconnect"
    SWITCH = "switch"
    """To another company: this connection ends, and another one of the same source account begins there."""
    EXPIRE = "expire"
    """A pause lasted too long."""
    SIGN_IN_REFUSED = "sign_in_refused"
    FAULT = "fault"
    """The connector's plugin failed again and again."""


class Whose(StrEnum):
    """Who takes a step."""

    OWNER = "owner"
    MANAGER = "manager"
    CORE = "core"


@dataclass(frozen=True, slots=True)
class Transition:
    """One step: from these states to that one; ``code`` is the refusal's anywhere else."""

    begins: frozenset[ConnectionState]
    ends: ConnectionState
    whose: Whose
    code: str
    does: Text


_DRAFT, _ACTIVE, _PAUSED = ConnectionState.DRAFT, ConnectionState.CONNECTED, ConnectionState.PAUSED
_REFUSED, _FAULTY = ConnectionState.REAUTHORISE, ConnectionState.FAULTY
_ENDED, _NEVER = ConnectionState.DISCONNECTED, ConnectionState.UNCONNECTED

_RUNS = frozenset({_ACTIVE, _REFUSED})
LIVE = frozenset({_ACTIVE, _PAUSED, _REFUSED, _FAULTY})
"""States in which a connection may write, or will again."""

TRANSITIONS: Mapping[Step, Transition] = MappingProxyType(
    {
        Step.ACTIVATE: Transition(
            frozenset({_DRAFT}), _ACTIVE, Whose.OWNER, "connection.not_draft", Text("la mettre en marche", "start it")
        ),
        Step.PAUSE: Transition(
            frozenset({_ACTIVE}), _PAUSED, Whose.MANAGER, "connection.not_connected", Text("la suspendre", "pause it")
        ),
        Step.RESUME: Transition(
            frozenset({_PAUSED, _FAULTY}),
            _ACTIVE,
            Whose.MANAGER,
            "connection.not_paused",
            Text("la reprendre", "resume it"),
        ),
        Step.SETTINGS: Transition(
            LIVE | {_DRAFT},
            _ACTIVE,
            Whose.MANAGER,
            "connection.not_connected",
            Text("changer ses réglages", "change its settings"),
        ),
        Step.RECONNECT: Transition(
            frozenset({_ENDED, _REFUSED}),
            _ACTIVE,
            Whose.OWNER,
            "connection.not_disconnected",
            Text("la relier de nouveau", "connect it again"),
        ),
        Step.DISCONNECT: Transition(
            LIVE | {_DRAFT},
            _ENDED,
            Whose.OWNER,
            "connection.not_connected",
            Text("la déconnecter", "disconnect it"),
        ),
        Step.SWITCH: Transition(
            LIVE,
            _ENDED,
            Whose.OWNER,
            "connection.not_connected",
            Text("la relier à une autre société", "connect it to another company"),
        ),
        Step.EXPIRE: Transition(
            frozenset({_PAUSED}), _REFUSED, Whose.CORE, "connection.not_paused", Text("l'arrêter", "stop it")
        ),
        Step.SIGN_IN_REFUSED: Transition(
            frozenset({_ACTIVE, _REFUSED}),
            _REFUSED,
            Whose.CORE,
            "connection.not_connected",
            Text("l'arrêter", "stop it"),
        ),
        Step.FAULT: Transition(
            frozenset({_ACTIVE, _REFUSED}),
            _FAULTY,
            Whose.CORE,
            "connection.not_connected",
            Text("l'arrêter", "stop it"),
        ),
    }
)

STATES: Mapping[ConnectionState, Text] = MappingProxyType(
    {
        _DRAFT: Text("À configurer", "To set up"),
        _ACTIVE: Text("Connecté", "Connected"),
        _PAUSED: Text("En pause", "Paused"),
        _REFUSED: Text("À réautoriser", "To reauthorise"),
        _FAULTY: Text("En pause (erreurs)", "Paused (faults)"),
        _ENDED: Text("Déconnecté", "Disconnected"),
        _NEVER: Text("Sans connexion", "Not connected"),
    }
)
"""The words of the pages for the same states."""
COMPANY_STATES: Mapping[CompanyState, Text] = MappingProxyType(
    {
        CompanyState.CONNECTED: STATES[_ACTIVE],
        CompanyState.REAUTHORISE: STATES[_REFUSED],
        CompanyState.BLOCKED: Text("Bloqué", "Blocked"),
        CompanyState.DISCONNECTED: STATES[_ENDED],
    }
)
BLOCKED: Mapping[str, Text] = MappingProxyType(
    {
        "subscription": Text("Bloqué (abonnement)", "Blocked (subscription)"),
        "rights": Text("Bloqué (droits)", "Blocked (rights)"),
        "quota": Text("Bloqué (quota)", "Blocked (quota)"),
    }
)
"""What a blocked company is called, by what QuickBooks refuses it for."""


class LifeError(RaccordError):
    """Raised for a step that a connection's state does not allow; says why and what is possible instead."""


def may(connection: Connection, step: Step) -> bool:
    """Tell whether the connection's state allows the step."""
    return connection.state in TRANSITIONS[step].begins


def require_step(connection: Connection, step: Step) -> None:
    """Raise ``LifeError`` unless the connection's state allows the step."""
    if not may(connection, step):
        raise _refusal(connection, step)


def take(connection: Connection, step: Step) -> None:
    """Bring the connection to the state that the step ends in; raises ``LifeError`` where it is not allowed."""
    require_step(connection, step)
    connection.state = TRANSITIONS[step].ends


def core_takes(connection: Connection, step: Step) -> bool:
    """Take a step of core's own where the state allows it; what a person did meanwhile stands."""
    if not may(connection, step):
        return False
    connection.state = TRANSITIONS[step].ends
    return True


def _refusal(connection: Connection, step: Step) -> LifeError:
    does, state = TRANSITIONS[step].does, STATES[ConnectionState(connection.state)]
    open_steps = [
        each for each in TRANSITIONS.values() if each.whose is not Whose.CORE and connection.state in each.begins
    ]
    fr = ", ".join(each.does.fr for each in open_steps) or "rien"
    en = ", ".join(each.does.en for each in open_steps) or "nothing"
    return LifeError(
        TRANSITIONS[step].code,
        Text(
            f"La connexion « {connection.label} » est à l'état « {state.fr} » : on ne peut pas {does.fr}.",
            f"The connection “{connection.label}” is in the state “{state.en}”: one cannot {does.en}.",
        ),
        Text(f"Possible dans cet état : {fr}.", f"Possible in this state: {en}."),
    )
