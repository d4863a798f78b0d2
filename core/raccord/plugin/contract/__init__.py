"""The published contract's transport: one code path behind files, pull and signed messages, for any connector."""

from raccord.plugin.contract.asking import (
    COLUMNS_ASKED,
    Said,
    checked_columns,
    columns_answer,
    known_columns,
    said_columns,
)
from raccord.plugin.contract.fetching import Intake, contract_page
from raccord.plugin.contract.fields import (
    Amount,
    ContractObject,
    ContractPart,
    Currency,
    Day,
    Label,
    Moment,
    Rate,
    SourceId,
    Words,
    wrong_value,
)
from raccord.plugin.contract.objects import Contract, ObjectInfo
from raccord.plugin.contract.plain import (
    TRANSACTIONS,
    PlainLedger,
    Transaction,
    map_transaction,
    plain_contract,
    plain_page,
)
from raccord.plugin.contract.problems import PROBLEM_CODES, Problem
from raccord.plugin.contract.pulling import Pull
from raccord.plugin.contract.reading import FILE_BYTES_MAX, Found, read_objects
from raccord.plugin.contract.schema import json_schemas

__all__ = [
    "COLUMNS_ASKED",
    "FILE_BYTES_MAX",
    "PROBLEM_CODES",
    "TRANSACTIONS",
    "Amount",
    "Contract",
    "ContractObject",
    "ContractPart",
    "Currency",
    "Day",
    "Found",
    "Intake",
    "Label",
    "Moment",
    "ObjectInfo",
    "PlainLedger",
    "Problem",
    "Pull",
    "Rate",
    "Said",
    "SourceId",
    "Transaction",
    "Words",
    "checked_columns",
    "columns_answer",
    "contract_page",
    "json_schemas",
    "known_columns",
    "map_transaction",
    "plain_contract",
    "plain_page",
    "read_objects",
    "said_columns",
    "wrong_value",
]
