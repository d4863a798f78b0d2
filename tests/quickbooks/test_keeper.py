"""One refresh at a time, saved before use, never looped."""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from typing import Any

import pytest

from raccord.quickbooks import (
    OAuthClient,
    ReauthoriseError,
    Secret,
    TokenKeeper,
    Tokens,
    UnavailableError,
    WrongCompanyError,
)


class Host:
    """Stands for the authorisation host: gives numbered tokens, or raises what it is told to."""

    def __init__(self, kit: Any, *raises: Exception) -> None:
        self._kit = kit
        self._raises = list(raises)
        self.asked: list[str] = []

    def refresh(self, tokens: Tokens) -> Tokens:
        self.asked.append(tokens.refresh.reveal())
        if self._raises:
            raise self._raises.pop(0)
        number = len(self.asked) + 1
        renewed: Tokens = self._kit.tokens(f"access-{number}", f"refresh-{number}", minutes=600)
        return renewed


def test_a_token_with_time_left_is_used_without_asking(kit: Any, clock: Any) -> None:
    host = Host(kit)
    assert TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=6)), host, clock).access().reveal() == "access-1"
    assert host.asked == []


def test_a_token_with_less_than_five_minutes_left_is_refreshed_first(kit: Any, clock: Any) -> None:
    store = kit.store(kit.tokens(minutes=4))
    assert TokenKeeper(kit.realm, store, Host(kit), clock).access().reveal() == "access-2"
    assert store.tokens.refresh.reveal() == "refresh-2"


def _together(count: int, work: Any) -> list[Any]:
    results: list[Any] = []
    ready = threading.Barrier(count)

    def run() -> None:
        ready.wait(10)
        results.append(work())

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return results


def test_many_threads_with_an_expired_token_make_one_refresh(kit: Any, clock: Any) -> None:
    host = Host(kit)
    keeper = TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=-1)), host, clock)
    assert _together(8, lambda: keeper.access().reveal()) == ["access-2"] * 8
    assert host.asked == ["refresh-1"]


def test_two_threads_refused_with_the_same_token_make_one_refresh(kit: Any, clock: Any) -> None:
    host = Host(kit)
    keeper = TokenKeeper(kit.realm, kit.store(kit.tokens()), host, clock)
    refused = keeper.access()
    assert _together(2, lambda: keeper.renew(refused).reveal()) == ["access-2"] * 2
    assert host.asked == ["refresh-1"]


@pytest.mark.parametrize("refused", [False, True])
def test_threads_exclude_each_other_even_where_the_lock_of_the_store_knows_only_processes(
    kit: Any, clock: Any, refused: bool
) -> None:
    class ProcessStore(kit.store):  # type: ignore[misc] # the class comes from a fixture
        def exclusive(self) -> AbstractContextManager[None]:
            return nullcontext()

    class SlowHost(Host):
        second = threading.Event()

        def refresh(self, tokens: Tokens) -> Tokens:
            if self.asked:
                self.second.set()
            self.asked.append("")
            self.second.wait(0.05)
            return super().refresh(tokens)

    host = SlowHost(kit)
    keeper = TokenKeeper(kit.realm, ProcessStore(kit.tokens(minutes=60 if refused else -1)), host, clock)
    work = (lambda: keeper.renew(Secret("access-1"))) if refused else keeper.access
    assert len(set(_together(4, work))) == 1
    assert host.asked == ["", "refresh-1"]


def test_two_processes_make_one_refresh_through_the_lock_of_the_store(kit: Any, clock: Any) -> None:
    host, store = Host(kit), kit.store(kit.tokens(minutes=-1))
    keepers = [TokenKeeper(kit.realm, store, host, clock) for _ in range(2)]
    assert _together(2, lambda: keepers.pop().access().reveal()) == ["access-2"] * 2
    assert host.asked == ["refresh-1"]


def test_a_refresh_made_elsewhere_after_a_401_is_taken_over(kit: Any, clock: Any) -> None:
    host, store = Host(kit), kit.store(kit.tokens())
    keeper = TokenKeeper(kit.realm, store, host, clock)
    refused = keeper.access()
    store.tokens = kit.tokens("elsewhere", "refresh-9")
    assert keeper.renew(refused).reveal() == "elsewhere"
    assert host.asked == []


def test_new_tokens_are_saved_before_they_are_used(kit: Any, clock: Any) -> None:
    class Full(Exception):  # noqa: N818 - a stand-in for whatever a store raises
        pass

    class BrokenStore(kit.store):  # type: ignore[misc] # the class comes from a fixture
        def save(self, tokens: Tokens) -> None:
            raise Full

    store = BrokenStore(kit.tokens(minutes=-1))
    keeper = TokenKeeper(kit.realm, store, Host(kit), clock)
    for _ in range(2):
        with pytest.raises(Full):
            keeper.access()
    assert store.tokens.refresh.reveal() == "refresh-1"


def test_a_lost_refresh_answer_is_asked_again_with_the_same_token(
    server: Any, oauth: OAuthClient, kit: Any, clock: Any
) -> None:
    good = {"access_token": "got", "expires_in": 3600, "refresh_token": "rotated"}
    server.answer(kit.reply(cut="before"), kit.reply(b"<html>", 502), kit.say(good))
    store = kit.store(kit.tokens(minutes=-1))
    assert TokenKeeper(kit.realm, store, oauth, clock).access().reveal() == "got"
    assert [b"refresh-1" in asked.body for asked in server.asked] == [True] * 3
    assert clock.sleeps == [1_000, 3_000]
    assert store.tokens.refresh.reveal() == "rotated"


def test_a_dead_grant_is_asked_for_once_and_never_again(kit: Any, clock: Any) -> None:
    host = Host(kit, ReauthoriseError("invalid_grant"))
    keeper = TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=-1)), host, clock)
    for _ in range(3):
        with pytest.raises(ReauthoriseError):
            keeper.access()
    assert host.asked == ["refresh-1"]
    assert clock.sleeps == []


@pytest.mark.requirement("TD-47")
def test_connecting_the_same_company_again_brings_a_dead_grant_to_life(kit: Any, clock: Any) -> None:
    store = kit.store(kit.tokens(minutes=-1))
    keeper = TokenKeeper(kit.realm, store, Host(kit, ReauthoriseError("invalid_grant")), clock)
    with pytest.raises(ReauthoriseError):
        keeper.access()
    keeper.adopt(kit.tokens("fresh", "fresh-refresh"))
    assert keeper.access().reveal() == "fresh"
    assert store.tokens.refresh.reveal() == "fresh-refresh"


def test_a_reconnection_saved_by_another_process_is_found(kit: Any, clock: Any) -> None:
    store = kit.store(kit.tokens(minutes=-1))
    keeper = TokenKeeper(kit.realm, store, Host(kit, ReauthoriseError("invalid_grant")), clock)
    with pytest.raises(ReauthoriseError):
        keeper.access()
    store.tokens = kit.tokens("fresh", "fresh-refresh")
    assert keeper.access().reveal() == "fresh"


@pytest.mark.requirement("TD-48")
def test_tokens_of_another_company_are_neither_kept_nor_used(kit: Any, clock: Any) -> None:
    store = kit.store(kit.tokens())
    keeper = TokenKeeper(kit.realm, store, Host(kit), clock)
    with pytest.raises(WrongCompanyError):
        keeper.adopt(kit.tokens(realm="555"))
    assert store.saved == []
    store.tokens = kit.tokens(realm="555")
    with pytest.raises(WrongCompanyError):
        keeper.access()


def test_a_company_that_was_never_connected_says_so(kit: Any, clock: Any) -> None:
    with pytest.raises(ReauthoriseError, match="not connected"):
        TokenKeeper(kit.realm, kit.store(None), Host(kit), clock).access()


def test_an_authorisation_past_its_hundred_days_is_not_even_asked_for(kit: Any, clock: Any) -> None:
    host = Host(kit)
    keeper = TokenKeeper(kit.realm, kit.store(kit.tokens()), host, clock)
    clock.advance(timedelta(days=101))
    with pytest.raises(ReauthoriseError, match="ended on 2026-06-10"):
        keeper.access()
    assert host.asked == []


def test_while_the_host_is_away_a_token_with_minutes_left_still_serves(kit: Any, clock: Any) -> None:
    host = Host(kit, *[UnavailableError("away")] * 3)
    keeper = TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=4)), host, clock)
    assert [keeper.access().reveal() for _ in range(5)] == ["access-1"] * 5
    assert len(host.asked) == 3, "and it is left alone for a while"
    clock.advance(timedelta(seconds=31))
    assert keeper.access().reveal() == "access-5", "the fourth question is answered"


def test_while_the_host_is_away_an_ended_or_refused_token_does_not_serve(kit: Any, clock: Any) -> None:
    ended = TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=-1)), Host(kit, *[UnavailableError("away")] * 3), clock)
    with pytest.raises(UnavailableError):
        ended.access()
    refused = TokenKeeper(kit.realm, kit.store(kit.tokens(minutes=300)), Host(kit, *[UnavailableError("a")] * 3), clock)
    with pytest.raises(UnavailableError):
        refused.renew(Secret("access-1"))
