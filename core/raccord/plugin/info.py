"""What a connector says of itself; everything the product shows of it before a record moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import BaseModel

from raccord.plugin.drafts import Accepts
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Text

API_VERSION = 1
"""The hook contract this core speaks; a connector made for another one is quarantined."""


class Mode(StrEnum):
    """The two onboarding modes."""

    FIRST_TIME = "first_time"
    ALREADY_RUNNING = "already_running"


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One kind of record the connector delivers; streams are fetched in the order given."""

    name: str
    label: Text


@dataclass(frozen=True, slots=True)
class NewObject:
    """The default that core creates, once, when the company has not chosen: reused where the name exists already."""

    name: Text
    type: str = ""
    subtype: str = ""


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """A place in the ledger that must be chosen.

    Without a choice core takes, in this order: ``same_as`` (another role's choice), ``subtype`` (the company's own
    account of that QuickBooks subtype, for instance ``UndepositedFunds``), ``default`` (created once). A required role
    with none of them holds every draft that needs it until a person chooses.
    """

    name: str
    label: Text
    accepts: Accepts
    required: bool = True
    same_as: str = ""
    subtype: str = ""
    default: NewObject | None = None
    help: Text | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person finds help; data, because numbers change."""

    label: Text
    phone: str = ""
    url: str = ""


class NoSettings(BaseModel):
    """For connectors that need no setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorInfo:
    """A connector's manifest.

    ``settings`` is the Pydantic model of a connection's settings: fields of type ``SecretStr`` are kept in the vault,
    the others in clear; each field has ``title`` (English) and ``json_schema_extra={"fr": …}`` for its French label.
    ``identity_setting`` names the setting that tells which account at the source this is (a merchant number): one such
    account goes to one company. ``hosts`` are the only hosts ``context.http`` may reach; ``{name}`` stands for the
    host of the setting of that name.
    """

    name: str
    label: Text
    summary: Text
    version: str
    streams: Sequence[StreamInfo]
    settings: type[BaseModel] = NoSettings
    roles: Sequence[RoleInfo] = ()
    terms: TermTable = field(default_factory=TermTable)
    modes: frozenset[Mode] = frozenset({Mode.FIRST_TIME, Mode.ALREADY_RUNNING})
    limits: Sequence[Text] = ()
    warnings: Sequence[Text] = ()
    hosts: Sequence[str] = ()
    contacts: Sequence[Contact] = ()
    identity_setting: str = ""
    owner_only: bool = False
    validates_each: bool = False
    """Whether every draft waits for a person (bank lines) instead of only the first plan."""
    tile: str = ""
    """Two letters for the tile."""
    hue: int = 200
    api_version: int = API_VERSION
