"""What a connector says of itself; everything the product shows of it before a record moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pydantic import BaseModel

from raccord.plugin.covering import FileDays
from raccord.plugin.drafts import Accepts, Ref
from raccord.plugin.records import JSON
from raccord.plugin.said_parts import SaidPart
from raccord.plugin.terms import TermTable
from raccord.plugin.texts import Text

API_VERSION = 1
"""The hook contract this core speaks; a connector made for another one is quarantined."""


class Mode(StrEnum):
    """The two onboarding modes."""

    FIRST_TIME = "first_time"
    ALREADY_RUNNING = "already_running"


class AtSource(StrEnum):
    """How a record stands at a source that hears what became of it (``report_outcome``)."""

    FREE = "free"
    """It heard that the record was not posted."""
    QUEUED = "queued"
    """It waits to hear."""
    TAKEN = "taken"
    """It heard of the record's document."""


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One kind of record the connector delivers; streams are fetched in the order given."""

    name: str
    label: Text
    sold_as: Callable[[BaseModel, str, Mapping[str, JSON]], Ref] | None = None
    """Of things that are sold: tells from the settings, a record's id and what it says which item its lines have."""
    at_source: Mapping[AtSource, Text] = field(default_factory=dict)
    """What the source calls how its records with an amount stand there; shown, and filtered by, where it is said."""
    note: Text | None = None
    """What people should know where one of its records is shown: what cannot be taken back at the source, perhaps."""


BOTH_MODES = frozenset(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListInfo:
    """A list of the ledger that ``push_records`` brings to the source, under the name ``stream`` has there.

    ``kinds`` are QuickBooks' entity names (``Customer``, ``Item``, ``Account``, ``TaxCode``, ``Class`` …). A list of
    ``every_run`` follows what changes; the others go when a person asks for it, as when a source is set up. In a mode
    that is not among ``modes`` it never goes, and ``refusal`` says why.
    """

    name: str
    label: Text
    kinds: tuple[str, ...]
    every_run: bool = False
    modes: frozenset[Mode] = BOTH_MODES
    refusal: Text | None = None
    of_stream: str = ""
    """The stream whose records are the source's own entries of this list: they may be tagged before the first import
    into a source that runs already, and what was imported beside them deleted again (``tend_list``).
    """
    tag: str = ""
    """The tag that the source's earlier entries get."""


class Stage(StrEnum):
    """The stages of a set-up that a gate may keep closed, in their order."""

    COMPANY = "company"
    """Which QuickBooks company, and authorising it."""
    SOURCE = "source"
    """Access to the source account."""
    ACCOUNTS = "accounts"
    """What the roles are in the ledger."""
    MAPPING = "mapping"
    """What single words and accounts of the source are there."""
    LISTS = "lists"
    """Bringing lists of the ledger to the source."""
    PLAN = "plan"
    """The first plan, and its approval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateInfo:
    """What must be done before a stage of the set-up, and all that come after it, may begin.

    What core can see it looks at itself: each of ``roles`` has its ledger object (for gates after ``SOURCE``), each of
    ``settings`` has an answer, somebody said the first day (both for gates before the company or the source, and asked
    there). With none of these a person says that it is done, and is remembered with it. Gates are passed in the order
    given; in a mode that is not among ``modes`` there is no such gate.
    """

    name: str
    before: Stage
    title: Text
    why: Text
    how: Text
    roles: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    first_day: bool = False
    modes: frozenset[Mode] = BOTH_MODES
    link: str = ""
    """Where it is done, if there."""
    seen_in: str = ""
    """The stream whose records show that it is so: once the source was read, what was said is held against them."""

    @property
    def said(self) -> bool:
        """Whether only a person can tell that it is passed."""
        return not (self.roles or self.settings or self.first_day)


@dataclass(frozen=True, slots=True)
class NewObject:
    """The default that core creates, once, when the company has not chosen: reused where the name exists already."""

    name: Text
    type: str = ""
    subtype: str = ""
    number: str = ""


OWNER_ROLE = "owner"
"""A role of this name is where personal lines of a bank or card account go, unless somebody says another account."""


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """An account at a source: the key that its records name it by, what people call it, and whether it is a card."""

    key: str
    name: str
    card: bool = False


@dataclass(frozen=True, slots=True)
class RoleInfo:
    """A place in the ledger that must be chosen.

    Without a choice core takes, in this order: ``same_as`` (another role's choice), ``subtype`` (the company's own
    account of that QuickBooks subtype, for instance ``UndepositedFunds``), ``found_as`` (the entry of one of these
    names, where the company has one), ``default`` (created once). A required role with none of them holds every draft
    that needs it until a person chooses; one that is only ``found_as`` stays empty where there is no such entry, but
    for a tax code: what is taxed then waits.
    """

    name: str
    label: Text
    accepts: Accepts
    required: bool = True
    same_as: str = ""
    subtype: str = ""
    default: NewObject | None = None
    help: Text | None = None
    found_as: tuple[str, ...] = ()
    from_list: str = ""
    """Of a role with instances: an instance without a choice is the entry of this list that the source took under the
    instance's id.
    """
    instances: bool = False
    """Whether only its instances are ever chosen, one for each category of the source, never the role itself."""
    found_by_instance: bool = False
    """Whether an instance without a choice is the entry of its own name, where the company has one."""
    proposal: NewObject | None = None
    """What stands in the form where a person adds an account for the role; nothing is created by itself."""
    alone: bool = False
    """Whether the account serves this source alone: a check warns of what others have on it."""
    keep_default: Text | None = None
    """Why the default is recommended; who chooses something else in the set-up is asked once."""
    of_stream: str = ""
    """The stream whose records are the instances, such as the items of a catalogue; people link them one by one."""
    needs: tuple[tuple[str, Text], ...] = ()
    """Fields that each instance must say, and what people call them; instances without one are named in the set-up."""
    lines_use: Callable[[Mapping[str, JSON]], Sequence[tuple[str, str]]] | None = None
    """Tells from an instance's record which other roles (name, and of what) a line with it uses, such as its tax."""
    told_by_records: bool = False
    """Whether the role is of each account at a bank, of which records may tell the first: there is no choice for all of
    them, and each is asked for its type and its account once it is known.
    """
    known_accounts: Callable[[BaseModel], Sequence[SourceAccount]] | None = None
    """Of such a role: tells from the settings which accounts a person chose at the source, before any record of them;
    the set-up goes on once each of them is told.
    """
    keep_cards: Callable[[BaseModel, Mapping[str, bool]], Mapping[str, JSON]] | None = None
    """Tells which settings hold that accounts (by their keys) are cards, or are not, where reading depends on it."""

    @classmethod
    def created(cls, name: str, label: Text, accepts: Accepts, type: str, subtype: str) -> RoleInfo:
        """Return a place whose account of its label's name core creates where the company has not chosen one.

        ``type`` and ``subtype`` are QuickBooks' names.
        """
        return cls(name, label, accepts, default=NewObject(label, type, subtype))

    @property
    def stays_empty(self) -> bool:
        """Whether the place stays empty where the company has none of the names; nothing taxed goes without its tax."""
        return bool(self.found_as) and not self.required and self.accepts is not Accepts.TAX_CODE


@dataclass(frozen=True, slots=True)
class Contact:
    """Where a person finds help; data, because numbers change."""

    label: Text
    phone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A question that people often ask about a source, and its answer."""

    question: Text
    answer: Text


EVERY_DAY = frozenset(range(1, 8))
LAG_DAYS_MAX = 60
HOLIDAYS_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """When a source's data is expected: that of a day ``lag_days`` later, or on the next delivery day after that.

    Weekdays are ISO's (1 is Monday). Wrong values raise ``ValueError``.
    """

    lag_days: int = 1
    weekdays: frozenset[int] = EVERY_DAY
    """Days on which the source delivers."""
    holidays: frozenset[date] = frozenset()
    """Days on which it does not, whatever the weekday."""
    active_weekdays: frozenset[int] = EVERY_DAY
    """Days that have data at all: nothing is expected of the others."""
    deposit_stream: str = ""
    """The stream that brings money to the bank; support is shown when it is still empty 24 hours after the set-up."""
    contacts: tuple[Contact, ...] = ()
    """Whom to call when data is missing, as this connection's settings say; else the manifest's contacts."""

    def __post_init__(self) -> None:
        if not 0 <= self.lag_days <= LAG_DAYS_MAX:
            raise ValueError(f"lag_days is not between 0 and {LAG_DAYS_MAX}")
        for name in ("weekdays", "active_weekdays"):
            days = getattr(self, name)
            if not days or not days <= EVERY_DAY:
                raise ValueError(f"{name} are one or more of 1 (Monday) to 7 (Sunday)")
        if len(self.holidays) > HOLIDAYS_MAX:
            raise ValueError(f"more than {HOLIDAYS_MAX} holidays")


@dataclass(frozen=True, slots=True)
class Institution:
    """One way of connecting one institution that people look for (a bank): what its settings are then."""

    key: str
    name: str
    way: Text
    values: Mapping[str, str]
    """Settings that are chosen with it."""
    words: tuple[str, ...] = ()
    """Other names that people type."""
    days: int | None = None
    """How many days back this way goes, where it has a limit."""
    always: bool = False
    """Offered after every search, also one that finds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """What a person may decide of one record on its page: to bring it over all the same, or to keep it out from now on.

    Its id is written into ``setting`` (ids, one a line), or with ``takes`` out of it, where it stands there. ``code``
    is that of the records that were left out and may be brought over so; without one, those of ``stream`` that are not
    left out may be kept out. ``consequence`` is told first.
    """

    name: str
    stream: str
    setting: str
    label: Text
    consequence: Text
    code: str = ""
    takes: bool = False


class NoSettings(BaseModel):
    """For connectors that need no setting."""


class Webhooks(StrEnum):
    """What the messages are that a source sends by itself, signed as Standard Webhooks says."""

    NOTICES = "notices"
    """They say that there is something to fetch: a run is started, their content is not kept."""
    RECORDS = "records"
    """They are the records: each is kept as a file of the connection, ``webhook-<id>.json``, which ``fetch_records``
    finds in ``context.files`` in the order of arrival, like one that was uploaded.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorInfo:
    """A connector's manifest.

    ``settings`` is the Pydantic model of a connection's settings: fields of type ``SecretStr`` are kept in the vault,
    the others in clear; each field has ``title`` (English) and ``json_schema_extra={"fr": …}`` for its French label;
    there also ``fr_hint`` beside a ``description``, ``options`` (``{value: [French, English]}``) and ``fold``
    (``[French, English]``, the heading under which forms keep what few people touch).
    ``identity_setting`` names the setting that tells which account at the source this is (a merchant number): one such
    account goes to one company. ``hosts`` are the only hosts ``context.http`` may reach; ``{name}`` stands for the
    host of the setting of that name. ``delivery`` tells from a connection's settings when its data is expected; without
    it nothing is ever called late. ``credentials_end`` tells when a connection's credentials stop working, if they do.
    """

    name: str
    label: Text
    summary: Text
    version: str
    streams: Sequence[StreamInfo]
    settings: type[BaseModel] = NoSettings
    roles: Sequence[RoleInfo] = ()
    lists: Sequence[ListInfo] = ()
    """Lists of the ledger that go to the source, in this order."""
    gates: Sequence[GateInfo] = ()
    """What must be done before stages of the set-up, in this order."""
    terms: TermTable = field(default_factory=TermTable)
    modes: frozenset[Mode] = frozenset({Mode.FIRST_TIME, Mode.ALREADY_RUNNING})
    limits: Sequence[Text] = ()
    warnings: Sequence[Text] = ()
    hosts: Sequence[str] = ()
    contacts: Sequence[Contact] = ()
    answers: Sequence[Answer] = ()
    """What people often ask about this source; the help shows it."""
    missing_company: Text | None = None
    """What to check where a company is not to be seen after the set-up, as long as no account of the source is
    connected; after that the contacts are shown.
    """
    identity_setting: str = ""
    owner_only: bool = False
    """Whether only an owner of the company may connect it and manage its connection."""
    uploads: Mapping[str, str] = field(default_factory=dict)
    """Values of settings under which people hand in the source's files themselves; empty: they never do."""
    file_bytes_max: int | None = None
    """How many bytes a file may have that people hand in, where the connector reads no larger one: such a file is
    refused at once. Nothing: as many as the installation keeps.
    """
    one_file_each: bool = False
    """Whether an archive (ZIP) of several files that people hand in is taken apart, each file kept by itself; without
    it archives are the connector's own matter.
    """
    questions: Mapping[str, str] = field(default_factory=dict)
    """Codes of failed records that ask a person something, with the setting that takes ``key = answer`` lines. Such a
    record's ``raw`` holds ``question`` (the key), ``answers``, ``fr``, ``en`` and ``file``; where columns of a table
    are asked for, ``cells`` (a row of it), ``parts`` (what a column may be) and perhaps ``chosen`` (what each is
    taken for), and the answer is ``part:number …``; with ``signs``, it may end in ``sign:reversed``. ``readings``
    (``answer``, ``fr``, ``en``, ``shown``: what each of ``examples``, rows of the file, becomes) says the answers in
    words. Of several things about one file, ``asks`` holds each with its own ``code``, and ``key`` where that is not
    the file's: people answer them on one form.
    Under ``layout``, a key of all files that are written alike, an answer counts for all of them; ``unnamed`` is the
    key of the account that the file does not name.
    """
    unnamed: Mapping[str, str] = field(default_factory=dict)
    """Codes of failed records whose file does not say which account it is of, with the setting that takes ``key =
    name`` lines; ``raw`` holds the key as ``account``. People are asked once for each key, not for each record.
    """
    currencies: Mapping[str, str] = field(default_factory=dict)
    """Codes of failed records whose file states no currency, with the setting that takes ``key = currency`` lines;
    ``raw`` holds the account's key as ``account``. The currency is that of the account of the books.
    """
    left_out: str = ""
    """The setting that takes ``key = name`` lines of accounts in files that a person leaves out, whose lines the
    connector skips with that reason; empty: no account of a file can be left out.
    """
    dated: Mapping[str, str] = field(default_factory=dict)
    """Settings whose change counts for days of which nothing is posted yet, each with the setting that keeps what was
    said before, as ``last day = value`` lines: what is posted, delivered again, stays as it is.
    """
    facts: Mapping[str, Text] = field(default_factory=dict)
    """What the fields of records are called, by their names in ``raw``; usual ones have a name without it."""
    fact_values: Mapping[str, Mapping[str, Text]] = field(default_factory=dict)
    """What the words are called that such fields hold, by field and word; a word of ``terms`` has its name there."""
    by_hand: Sequence[ByHand] = ()
    """What people may decide of single records."""
    validates_each: bool = False
    """Whether every draft waits for a person (bank lines) instead of only the first plan."""
    delivery: Callable[[BaseModel], Delivery] | None = None
    files_cover: FileDays | None = None
    """How days are known to be covered where files bring the data; nothing where the source is asked for them."""
    credentials_end: Callable[[BaseModel], date | None] | None = None
    """Tells from a connection's settings on which day its credentials stop working; owners are told before."""
    institutions: Sequence[Institution] = ()
    """A directory in which a person searches for what is to be connected; empty: there is nothing to search."""
    history_days: Callable[[BaseModel], int | None] | None = None
    """Tells from a connection's settings how many days back its source gives records; nothing where it has no limit."""
    signs_in: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Values of settings under which a person signs in at the source (``sign_in``) before its data is read; empty:
    nobody ever does.
    """
    webhooks: Webhooks | None = None
    """What the source sends by itself, if it does; nothing where records are only fetched."""
    said_parts: Callable[[Mapping[str, JSON]], Sequence[SaidPart]] | None = None
    """Tells from the ``raw`` of a bank line's record what the source's program filed it under: shown beside the
    question and offered as an answer, never taken for one.
    """
    tile: str = ""
    """Two letters for the tile."""
    hue: int = 200
    """The colour of the tile, in degrees."""
    api_version: int = API_VERSION
