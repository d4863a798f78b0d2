"""One company's limits, on a clock wound by hand."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from raccord.quickbooks import LOCAL, PUBLISHED, Governor, Lane, Limits, LocalBucket, NoPermitError, ThrottledError


def _starts(clock: Any, governor: Governor, count: int, lane: Lane = Lane.RUN, *, batch: bool = False) -> list[int]:
    starts = []
    for _ in range(count):
        with governor.permit(lane, batch=batch):
            starts.append(clock.elapsed_ms())
    return starts


def _most_within(starts: list[int], span_ms: int) -> int:
    return max(sum(1 for other in starts if start <= other < start + span_ms) for start in starts)


def test_no_second_and_no_minute_holds_more_than_its_limit(clock: Any) -> None:
    starts = _starts(clock, Governor(PUBLISHED, clock=clock), 1_000)
    assert _most_within(starts, 1_000) == 8
    assert _most_within(starts, 60_000) == PUBLISHED.per_minute < 500
    assert starts[-1] < 3 * 60_000, "and nothing is slower than the limits ask for"


def test_batches_have_their_own_limit_and_singles_go_out_meanwhile(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    batches = _starts(clock, governor, PUBLISHED.batches_per_minute, batch=True)
    before = clock.elapsed_ms()
    single = _starts(clock, governor, 1)[0]
    assert single - before <= 1_000
    assert _starts(clock, governor, 1, batch=True)[0] >= batches[0] + 60_000


def test_a_pause_stops_the_whole_company_for_everybody(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause()
    assert _starts(clock, governor, 1, Lane.INTERACTIVE) == [60_000]


def test_a_pause_lasts_as_long_as_quickbooks_says_and_ten_minutes_at_most(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause(7_000)
    assert _starts(clock, governor, 1) == [7_000]
    governor.pause(86_400_000)
    assert _starts(clock, governor, 1) == [607_000]


def test_a_retry_after_of_nothing_still_is_a_second(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause(0)
    assert _starts(clock, governor, 1) == [1_000]


def test_a_shorter_pause_does_not_cut_a_longer_one(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause(60_000)
    governor.pause(1_000)
    assert _starts(clock, governor, 1) == [60_000]


def test_a_person_gets_through_while_a_run_uses_all_it_may(clock: Any) -> None:
    limits = Limits(per_minute=20, per_second=20, reserve_per_minute=5, reserve_per_second=5)
    governor = Governor(limits, clock=clock)
    _starts(clock, governor, 20)
    assert clock.elapsed_ms() == 0
    assert _starts(clock, governor, 5, Lane.INTERACTIVE) == [0] * 5
    assert _starts(clock, governor, 1)[0] >= 60_000


def test_people_too_have_an_end(clock: Any) -> None:
    limits = Limits(per_minute=20, per_second=99, reserve_per_minute=5, reserve_per_second=0)
    governor = Governor(limits, clock=clock)
    assert _starts(clock, governor, 26, Lane.INTERACTIVE)[-1] == 60_000


def test_who_will_not_wait_so_long_is_told_at_once(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause(60_000)
    with (
        pytest.raises(ThrottledError, match="later than the caller waits"),
        governor.permit(Lane.RUN, patience_ms=5_000),
    ):
        pytest.fail("no permit may be given")
    assert clock.sleeps == []


def test_runs_leave_places_free_for_people() -> None:
    limits = Limits(per_minute=1_000, per_second=1_000, concurrent=2, reserve_concurrent=1)
    governor = Governor(limits)
    with governor.permit(Lane.RUN), governor.permit(Lane.RUN):
        with pytest.raises(ThrottledError, match="no free place"), governor.permit(Lane.RUN, patience_ms=20):
            pytest.fail("a third run must not enter")
        with governor.permit(Lane.INTERACTIVE, patience_ms=20):
            pass
    with governor.permit(Lane.RUN, patience_ms=20):
        pass


def test_a_place_is_given_back_when_the_request_fails() -> None:
    governor = Governor(Limits(per_minute=99, per_second=99, concurrent=1, reserve_concurrent=0))
    for _ in range(3):
        with pytest.raises(KeyError), governor.permit(Lane.RUN, patience_ms=20):
            raise KeyError


def test_many_threads_never_hold_more_places_than_there_are() -> None:
    governor = Governor(Limits(per_minute=10_000, per_second=10_000, concurrent=3, reserve_concurrent=0))
    lock, inside, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with governor.permit(Lane.RUN):
                with lock:
                    inside += 1
                    most = max(most, inside)
                with lock:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (inside, most <= 3) == (0, True)


def test_another_bucket_can_take_the_place_of_the_one_in_memory(clock: Any) -> None:
    class Elsewhere:
        def __init__(self) -> None:
            self.taken: list[tuple[Lane, bool]] = []
            self.paused: list[int] = []

        def take(self, lane: Lane, *, batch: bool) -> int:
            self.taken.append((lane, batch))
            return 250 if len(self.taken) == 1 else 0

        def pause(self, span_ms: int) -> None:
            self.paused.append(span_ms)

    bucket = Elsewhere()
    governor = Governor(PUBLISHED, bucket, clock)
    with governor.permit(Lane.RUN, batch=True):
        governor.pause(5_000)
    assert (bucket.taken, bucket.paused, clock.sleeps) == ([(Lane.RUN, True)] * 2, [5_000], [250])


def test_the_local_preset_does_not_slow_a_demonstration_down(clock: Any) -> None:
    assert _starts(clock, Governor(LOCAL, clock=clock), 5_000)[-1] == 0


@pytest.mark.parametrize("wrong", [{"per_minute": 0}, {"concurrent": 0}, {"reserve_per_second": -1}])
def test_limits_that_would_stop_everything_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"limit|reserve"):
        Limits(**wrong)


def test_a_bucket_says_how_long_to_wait_and_books_nothing_meanwhile(clock: Any) -> None:
    bucket = LocalBucket(Limits(per_minute=1, reserve_per_minute=0), clock)
    assert [bucket.take(Lane.RUN, batch=False) for _ in range(3)] == [0, 60_000, 60_000]
    clock.sleep_ms(60_000)
    assert bucket.take(Lane.RUN, batch=False) == 0


def test_of_many_that_wait_for_the_same_permits_only_one_watches_the_clock() -> None:
    class Counting:
        def __init__(self) -> None:
            self.real = LocalBucket(Limits(per_minute=1_000, per_second=20))
            self.asked = 0

        def take(self, lane: Lane, *, batch: bool) -> int:
            self.asked += 1
            return self.real.take(lane, batch=batch)

        def pause(self, span_ms: int) -> None:
            self.real.pause(span_ms)

    bucket = Counting()
    governor = Governor(Limits(per_minute=1_000, per_second=20), bucket)

    def work() -> None:
        with governor.permit(Lane.RUN):
            pass

    threads = [threading.Thread(target=work) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 24 < bucket.asked <= 40


def test_who_is_turned_away_learns_when_to_come_back(clock: Any) -> None:
    governor = Governor(PUBLISHED, clock=clock)
    governor.pause(30_000)
    with pytest.raises(NoPermitError) as caught, governor.permit(Lane.RUN, patience_ms=250):
        pytest.fail("no permit may be given")
    assert caught.value.wait_ms == 30_000
