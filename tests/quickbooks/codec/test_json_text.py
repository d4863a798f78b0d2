from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raccord.quickbooks.codec import UnfilledLinkError, fill, placeholder
from raccord.quickbooks.codec.json_text import Json, write


@pytest.mark.parametrize(
    ("number", "text"),
    [("12.30", "12.30"), ("-0.00", "0.00"), ("1E+3", "1000"), ("0.0000001", "0.0000001"), ("-3.78", "-3.78")],
)
def test_a_decimal_is_written_digit_for_digit(number: str, text: str) -> None:
    assert write(Decimal(number)) == text


def test_fifteen_digits_and_cents_survive_where_a_float_would_not() -> None:
    assert write({"Amount": Decimal("999999999999999.99")}) == '{"Amount":999999999999999.99}'


@pytest.mark.parametrize("value", [1.5, {"Amount": 0.1}, [b"bytes"], {1: "key"}])
def test_floats_bytes_and_keys_that_are_not_text_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        write(cast("Json", value))


@pytest.mark.parametrize("value", ["NaN", "Infinity"])
def test_what_is_not_a_number_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="not a number"):
        write(Decimal(value))


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(_VALUES)
def test_any_json_parser_reads_back_the_same_value(value: Any) -> None:
    assert json.loads(write(value), parse_float=Decimal) == value


@given(st.dictionaries(st.text(min_size=1), st.decimals(allow_nan=False, allow_infinity=False, places=2)))
def test_filling_keeps_every_other_byte(value: Mapping[str, Any]) -> None:
    payload = write({"Line": [value], "Note": '{link:a}"\\\n'})
    assert fill(payload, {"a": "1"}) == payload


@pytest.mark.parametrize("key", ["sales/1", 'odd"key\\}', "a}{link:b", "clé\nà la ligne", "😀"])
def test_a_placeholder_of_any_key_gets_its_id(key: str) -> None:
    payload = write(
        {"CustomerRef": {"value": placeholder(key)}, "Line": [{"LinkedTxn": [{"TxnId": placeholder(key)}]}]}
    )
    assert (
        fill(payload, {key: '12"3'}) == r'{"CustomerRef":{"value":"12\"3"},"Line":[{"LinkedTxn":[{"TxnId":"12\"3"}]}]}'
    )


def test_a_text_that_looks_like_a_placeholder_stays_a_text() -> None:
    payload = write({"PrivateNote": "{link:sales/1}", "CustomerRef": {"value": "{link:sales/1}", "name": "{link:x}"}})
    filled = json.loads(fill(payload, {"sales/1": "77"}))
    assert filled == {"PrivateNote": "{link:sales/1}", "CustomerRef": {"value": "77", "name": "{link:x}"}}


def test_every_placeholder_left_is_named() -> None:
    payload = write([{"value": placeholder("a")}, {"value": placeholder("b")}, {"value": placeholder("c")}])
    with pytest.raises(UnfilledLinkError, match="a, c") as caught:
        fill(payload, {"b": "1", "c": ""})
    assert caught.value.keys == ("a", "c")
