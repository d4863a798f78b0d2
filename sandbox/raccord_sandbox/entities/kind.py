"""What an entity is: its properties, operations and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.posting.ledger import Entry
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.schema import CUSTOM_FIELDS, Block, Day, Flag, Number, Property, Ref, Text


class Operation(StrEnum):
    """What can be asked of an entity."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    VOID = "void"
    QUERY = "query"


class Family(StrEnum):
    """What an entity is for: a list can be deactivated, a transaction posts, a record does neither."""

    LIST = "list"
    TRANSACTION = "transaction"
    RECORD = "record"
    SINGLE = "single"


@dataclass(slots=True)
class Draft:
    """One object on its way into the books."""

    new: Doc
    old: Doc | None
    sent: frozenset[str]
    """The properties that the request named; in an update the others were kept or cleared."""
    include: frozenset[str] = frozenset()
    entries: list[Entry] | None = None


Settle = Callable[[Work, "Kind", Draft], None]
Effect = Callable[[Work, "Kind", Doc], None]
Render = Callable[[Company, Doc], Doc]

LISTS = frozenset({Operation.CREATE, Operation.READ, Operation.UPDATE, Operation.QUERY})
TRANSACTIONS = LISTS | {Operation.DELETE}
LOOKUP = frozenset({Operation.READ, Operation.QUERY})


@dataclass(frozen=True, slots=True)
class Kind:
    """One entity: how its requests are read and what is checked and computed before it is stored."""

    name: str
    family: Family
    properties: Mapping[str, Property]
    settle: Settle
    sequence: str = ""
    operations: frozenset[Operation] = LISTS
    by_person: frozenset[Operation] = frozenset()
    """What only a person does, in the browser."""
    required: tuple[str, ...] = ()
    sparse_required: tuple[str, ...] = ()
    computed: frozenset[str] = frozenset()
    """Read-only properties: dropped from requests."""
    kept: frozenset[str] = frozenset()
    """Read-only properties that an update carries over as they are."""
    queryable: frozenset[str] = frozenset()
    release: Effect | None = None
    """Undoes links before a delete, and refuses where a delete is not allowed."""
    void: Effect | None = None
    """Empties a transaction; the argument is a copy free to be changed."""
    render: Render | None = None
    """Adds what is computed at reading, such as balances."""
    extras: Mapping[str, Render] = field(default_factory=dict)
    """What the word of an `include` parameter adds."""
    unwrap: Callable[[Doc], Doc] | None = None
    """Finds the head of a request that does not stand at its top."""
    segment: str = ""
    """The path segment and name in queries, where it is not the name in lower case."""
    block: Block = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "block", Block(self.properties, ENVELOPE | self.computed | self.kept))

    @property
    def path(self) -> str:
        """Return the path segment."""
        return self.segment or self.name.lower()


ENVELOPE = frozenset(
    {"Id", "SyncToken", "MetaData", "domain", "sparse", "status", "time", "CustomField", "AttachableRef"}
)
"""What every entity of the schema has; dropped from requests where an entity does nothing with it."""

COMMON_QUERYABLE = frozenset({"Id", "MetaData.CreateTime", "MetaData.LastUpdatedTime"})
LIST_QUERYABLE = COMMON_QUERYABLE | {"Active", "Name", "FullyQualifiedName"}
TRANSACTION_QUERYABLE = COMMON_QUERYABLE | {"TxnDate", "TotalAmt"}

TRANSACTION_PROPERTIES: Mapping[str, Property] = {
    "TxnDate": Day(),
    "PrivateNote": Text(4000),
    "CurrencyRef": Ref(),
    "ExchangeRate": Number(),
    "DepartmentRef": Ref(("Department",)),
}
SALE_PROPERTIES: Mapping[str, Property] = {"CustomField": CUSTOM_FIELDS, "ApplyTaxAfterDiscount": Flag()}
TRANSACTION_COMPUTED = frozenset(
    {
        "TotalAmt",
        "HomeTotalAmt",
        "HomeBalance",
        "Balance",
        "RecurDataRef",
        "TxnSource",
        "DeliveryInfo",
        "Tag",
        "TxnStatus",
    }
)
