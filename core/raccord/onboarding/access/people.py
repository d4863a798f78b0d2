"""Who acts, and what each role may do (K5); asked by every service, whatever page or command called it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.texts import Text


class RoleName(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    BOOKKEEPER = "bookkeeper"
    ACCOUNTANT = "accountant"
    """A guest who sees and comments."""
    OPERATOR = "operator"
    """Runs the installation; not the books."""


class Power(StrEnum):
    SEE = "see"
    WORK = "work"
    """Answer questions, mark problems, approve plans after the first."""
    MANAGE = "manage"
    """Settings, mapping, pause, resume."""
    LINK = "link"
    """Connect, switch company, disconnect, approve the first plan."""
    INVITE = "invite"
    """Let people into a company, say what they are to it, and take that back."""
    OPERATE = "operate"
    """Allow connectors for the installation and see how it is."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, as the services know one."""

    name: str
    role: RoleName


class NotAllowedError(RaccordError):
    """Raised when a person's role does not reach this far; says whose does."""


_POWERS: dict[RoleName, frozenset[Power]] = {
    RoleName.OWNER: frozenset(Power),
    RoleName.ADMIN: frozenset({Power.SEE, Power.WORK, Power.MANAGE, Power.INVITE}),
    RoleName.BOOKKEEPER: frozenset({Power.SEE, Power.WORK}),
    RoleName.ACCOUNTANT: frozenset({Power.SEE}),
    RoleName.OPERATOR: frozenset({Power.SEE, Power.OPERATE}),
}

_NAMES = {
    Power.SEE: Text("tout le monde", "everybody"),
    Power.WORK: Text(
        "le propriétaire, un administrateur ou un commis comptable", "the owner, an administrator or a bookkeeper"
    ),
    Power.MANAGE: Text("le propriétaire ou un administrateur", "the owner or an administrator"),
    Power.LINK: Text("le propriétaire", "the owner"),
    Power.INVITE: Text("le propriétaire ou un administrateur", "the owner or an administrator"),
    Power.OPERATE: Text(
        "le propriétaire de l'installation ou son exploitant", "the installation's owner or its operator"
    ),
}


def may(actor: Actor, power: Power, info: ConnectorInfo | None = None, *, manage_granted: bool = False) -> bool:
    """Tell whether the actor may; an owner-only connector keeps managing to the owner until the owner grants it."""
    if info is not None and info.owner_only and power is Power.MANAGE and not manage_granted:
        return actor.role is RoleName.OWNER
    return power in _POWERS[actor.role]


def reaches_as_far(role: RoleName, held: RoleName) -> bool:
    """Tell whether a role may all that another may."""
    return _POWERS[role] >= _POWERS[held]


def require(actor: Actor, power: Power, info: ConnectorInfo | None = None, *, manage_granted: bool = False) -> None:
    """Raise ``NotAllowedError`` unless the actor may."""
    if may(actor, power, info, manage_granted=manage_granted):
        return
    owner_only = info is not None and info.owner_only and power is Power.MANAGE
    who = _NAMES[Power.LINK if owner_only else power]
    raise NotAllowedError(
        "people.not_allowed",
        Text(f"Cette action est réservée : {who.fr} peut la faire.", f"This action is reserved: {who.en} may do it."),
        Text(f"Demandez-la à la bonne personne ({who.fr}).", f"Ask the right person for it ({who.en})."),
    )
