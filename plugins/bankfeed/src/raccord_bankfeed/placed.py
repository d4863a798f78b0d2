"""A reader whose accounts bear other keys than the file gives them, or wait for a person to say which they are."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import BinaryIO

from raccord_bankfeed.placing import Place
from raccord_bankfeed.readers.account import group_of
from raccord_bankfeed.readers.contract import Account, Answered, Event, Events, Line, Question, Reader, Statement
from raccord_bankfeed.readers.questions import together
from raccord_bankfeed.readers.table.own_accounts import masked


def placed(reader: Reader, place: Place) -> Reader:
    """Return a reader that puts the accounts of a file where they belong."""
    if not (place.asked or place.said) and all(key == under for key, under in place.keys.items()):
        return reader
    return _PlacedReader(reader, place)


class _PlacedReader:
    """Reads one file; see :class:`raccord_bankfeed.readers.contract.Reader`."""

    def __init__(self, reader: Reader, place: Place) -> None:
        self._reader = reader
        self._place = place
        self._asked = next(iter(together(place.asked)), None)
        self._asks = self._asked is not None
        """Whether it is asked before the next event: what follows waits up to a statement's end."""
        self._said = [Answered(each) for each in place.said]
        self._held: Event | None = None
        """Taken of the reader, and not handed on yet."""
        self._accounts: dict[str, Account] = {}

    def events(self, stream: BinaryIO) -> Events:
        """Yield what follows the last event that was taken."""
        with closing(self._reader.events(stream)) as events:
            while True:
                if self._held is None and (event := next(events, None)) is not None:
                    self._held = event
                if self._held is None:
                    return
                while self._said:
                    yield self._said.pop(0)
                if self._asks and self._asked is not None:
                    self._asks = False
                    yield self._asked
                event, self._held = self._held, None
                self._asks = self._asks or isinstance(event, Statement)
                yield self._under(event)

    def _under(self, event: Event) -> Event:
        match event:
            case Line():
                return event._replace(account=self._account(event.account))
            case Statement():
                return replace(event, account=self._account(event.account))
            case Question():
                return replace(event, account=self._place.keys.get(event.account, event.account))
            case _:
                return event

    def _account(self, account: Account) -> Account:
        under = self._place.keys.get(account.key, group_of(account.key))
        if under == account.key:
            return account
        known = self._accounts.get(under)
        if known is None or replace(known, key=account.key, masked=account.masked) != account:
            told = masked(account.called) if under.startswith(f"{group_of(account.key)}-") else account.masked
            known = self._accounts[under] = replace(account, key=under, masked=told)
        return known
