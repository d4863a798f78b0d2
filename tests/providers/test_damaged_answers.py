"""Whatever a provider, or somebody who forges its files, sends: a clear reason, no crash, no invented line."""

from __future__ import annotations

import json
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raccord_bankfeed.readers import reader_for
from raccord_bankfeed.readers.answers.envelope import FILE_BYTES_MAX
from raccord_bankfeed.readers.contract import Event, Line, Unreadable

HEAD = {"first": "2026-06-01", "last": "2026-06-30", "accounts": [{"id": "A", "key": "k", "card": False}]}
GOOD = {"id": "T", "posted": 1780000000, "amount": "1.00", "description": "X"}
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from(
        ["", "A", "-1.50", "1e9", "NaN", "CAD", "S", "2026-06-02T00:00:00Z", "1780000000", "\ud800", "\0"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *(
                        "accounts",
                        "transactions",
                        "id",
                        "posted",
                        "amount",
                        "currency",
                        "balance",
                        "balance-date",
                        "org",
                    ),
                    *("transaction_details", "transaction_info", "transaction_amount", "value", "currency_code"),
                    *("transaction_id", "transaction_initiation_date", "transaction_status", "fee_amount", "pending"),
                    *("account_id", "date", "name", "iso_currency_code", "balances", "current"),
                    *("status", "credit_debit_indicator", "booking_date", "amount", "balance_type", "balance_amount"),
                ]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=25,
)


def events(content: bytes) -> list[Event]:
    stream = BytesIO(content)
    return list(reader_for(stream).events(stream))


def kept(provider: str, answer: object) -> bytes:
    return json.dumps({"raccord-provider": provider, **HEAD}).encode() + b"\n" + json.dumps(answer).encode()


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(["simplefin", "paypal", "plaid", "enable_banking"]), st.lists(ODD, max_size=3))
def test_odd_answers_give_reasons_and_lines_only_where_there_is_an_amount_and_a_day(
    provider: str, rows: list[object]
) -> None:
    account = {"id": "A", "currency": "CAD", "balance": "1", "transactions": rows}
    answer = {"accounts": [account, *rows], "transaction_details": rows}
    answer |= dict.fromkeys(("added", "modified", "removed"), rows)
    answer |= {"pages": [{"transactions": rows}, *rows], "balances": {"balances": rows}}
    for event in events(kept(provider, answer)):
        assert not isinstance(event, Line) or (event.amount.is_finite() and event.account.key == "k")


@pytest.mark.parametrize(
    "content",
    [
        kept("simplefin", {})[:-1],
        b'{"raccord-provider": "simplefin"}\n{}',
        b'{"raccord-provider": "paypal", "first": "x", "last": "y"}\n{}',
        b'{"raccord-provider": "paypal", "first": "2026-06-01", "last": "2026-06-02"}\n' + b"[" * 100_000,
        kept("simplefin", {"accounts": [{"id": "A", "transactions": [GOOD]}]}) + b" " * FILE_BYTES_MAX,
        kept("simplefin", {"accounts": [{"id": "A", "transactions": [1]}]}).replace(b"[1]", b"[" * 600 + b"]" * 600),
    ],
)
def test_what_is_no_answer_says_so_once(content: bytes) -> None:
    found = events(content)
    assert found
    assert not any(isinstance(event, Line) for event in found)
    assert any(isinstance(event, Unreadable) for event in found)
