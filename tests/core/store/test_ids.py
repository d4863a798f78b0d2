"""Ids tell the order of creation."""

from __future__ import annotations

import threading
import uuid

from raccord.store import columns
from raccord.store.columns import new_id


def test_ids_made_within_one_millisecond_keep_the_order_of_creation() -> None:
    made = [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert {(uuid.UUID(each).version, uuid.UUID(each).variant) for each in made} == {(7, uuid.RFC_4122)}


def test_a_clock_that_goes_back_takes_no_id_before_an_earlier_one() -> None:
    ids = columns._Ids()
    made = [ids.next(millisecond) for millisecond in (1_000, 1_001, 990, 1_001, 1_002, 1_002)]
    assert made == sorted(set(made))


def test_threads_never_make_the_same_id() -> None:
    ids = columns._Ids()
    made: list[list[str]] = [[] for _ in range(4)]

    def fill(mine: list[str]) -> None:
        mine.extend(ids.next(5) for _ in range(500))

    threads = [threading.Thread(target=fill, args=(each,)) for each in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each for mine in made for each in mine}) == 2000
    assert all(mine == sorted(mine) for mine in made)
