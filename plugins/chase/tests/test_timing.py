"""What the settings say of when data and money come; core's own tests prove the arithmetic of lateness (rule K1)."""

from __future__ import annotations

from datetime import date

import pytest

import raccord_chase
from raccord.plugin import Contact, Delivery, Text
from raccord_chase.settings import ChaseSettings
from raccord_chase.timing import funding_day


def chase(**settings: object) -> ChaseSettings:
    return ChaseSettings.model_validate({"merchant_id": "1", "input_kind": "upload", **settings})


@pytest.mark.requirement("CH-16", "CH-17", "K1", "K10")
def test_lag_delivery_days_holidays_and_the_support_phone_are_settings_of_the_connection() -> None:
    delivery = raccord_chase.describe().delivery
    assert delivery is not None
    support = Text("Soutien de Chase", "Chase support")
    assert delivery(chase()) == Delivery(
        lag_days=1,
        weekdays=frozenset({1, 2, 3, 4, 5}),
        deposit_stream="settlements",
        contacts=(Contact(support, phone="1-800-507-0782"),),
    )
    labour_day = date(2026, 9, 7)
    changed = chase(delivery_lag_days=2, delivery_days=[1, 6], holidays=[labour_day], support_phone="1-800-555-0100")
    assert delivery(changed) == Delivery(
        lag_days=2,
        weekdays=frozenset({1, 6}),
        holidays=frozenset({labour_day}),
        deposit_stream="settlements",
        contacts=(Contact(support, phone="1-800-555-0100"),),
    )


@pytest.mark.parametrize(
    ("end", "days", "funded"),
    [
        ("2026-09-01", 1, "2026-09-02"),
        ("2026-09-04", 1, "2026-09-08"),
        ("2026-09-06", 1, "2026-09-08"),
        ("2026-09-01", 2, "2026-09-03"),
        ("2026-09-05", 0, "2026-09-08"),
        ("2026-09-01", 0, "2026-09-01"),
    ],
)
def test_money_arrives_so_many_business_days_after_the_report_ends(end: str, days: int, funded: str) -> None:
    settings = chase(funding_days=days, holidays=["2026-09-07"])
    assert funding_day(date.fromisoformat(end), settings) == date.fromisoformat(funded)
