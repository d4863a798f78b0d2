"""People, sessions and invitations on both databases; the web tests try their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from raccord.clock import FixedClock
from raccord.onboarding.access import accounts
from raccord.onboarding.access.accounts import AccountError, set_up_first, sign_in
from raccord.onboarding.access.members import MemberChangedError, accept, change_role, invite, list_members, remove
from raccord.onboarding.access.people import Actor, RoleName
from raccord.onboarding.access.sessions import end_session, open_session, sessions_of, signed_in
from raccord.store import events
from raccord.store.database import Database
from raccord.store.models import Company, Membership
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop

PASSWORD = "correct horse battery"


def test_people_come_work_and_go(
    workshop: Workshop, database: Database, hand: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    here = replace(workshop, database=database, clock=hand)
    with database.begin() as session:
        company = Company(environment="sandbox", realm="5", name="Atelier", created_at=hand.now())
        session.add(company)
        session.flush()
    owner = set_up_first(here, "o@example.ca", "O", PASSWORD)
    boss = Actor(owner.email, RoleName.OWNER)
    bea = accept(here, invite(here, boss, "b@example.ca", RoleName.ADMIN, company.id), "B", PASSWORD)
    for _ in range(10):
        with pytest.raises(AccountError, match="wrong"):
            sign_in(here, bea.email, "not it", "10.0.0.1")
    with pytest.raises(AccountError, match="Too many"):
        sign_in(here, bea.email, PASSWORD, "10.0.0.1")
    hand.advance(timedelta(minutes=16))
    assert sign_in(here, bea.email, PASSWORD, "10.0.0.1").id == bea.id

    def guess(number: int) -> str:
        with pytest.raises(AccountError) as refused:
            sign_in(here, "nobody@example.ca", f"guess {number}", f"10.0.1.{number}")
        return refused.value.code

    with ThreadPoolExecutor(8) as pool:
        said = Counter(pool.map(guess, range(24)))
    assert said == {"people.wrong_password": 10, "people.too_many_attempts": 14}, "at once as one after another"

    token = open_session(here, bea, "Firefox", "10.0.0.1")
    found = signed_in(here, token)
    assert found is not None
    assert found.reach.within == {company.id}
    assert found.reach.actor_in(company.id) == Actor(bea.email, RoleName.ADMIN)
    assert found.reach.actor_in("another") is None
    hand.advance(timedelta(minutes=6))
    assert signed_in(here, token) is not None
    with database.read() as session:
        seen = sessions_of(session, bea.id, found.session_id, hand.now())
    assert [each.seen_at for each in seen] == [hand.now()]
    end_session(here, bea.id, found.session_id)
    assert signed_in(here, token) is None

    token = open_session(here, bea, "Firefox", "10.0.0.1")
    change_role(here, boss, bea.id, company.id, RoleName.ACCOUNTANT, seen="admin")
    assert signed_in(here, token) is None
    changes: list[Callable[[], None]] = [
        lambda: change_role(here, boss, bea.id, company.id, RoleName.BOOKKEEPER, seen="admin"),
        lambda: remove(here, boss, bea.id, company.id, seen="admin"),
    ]
    for old in changes:
        with pytest.raises(MemberChangedError, match="was changed since you read it"):
            old()
    with database.read() as session:
        assert [each.role for each in list_members(session, frozenset({company.id}))] == ["accountant"], (
            "nothing is saved"
        )

    other = accept(here, invite(here, boss, "p@example.ca", RoleName.OWNER), "P", PASSWORD)
    with ThreadPoolExecutor(1) as pool, database.begin() as session:
        session.get_one(Membership, (other.id, EVERYWHERE)).role = RoleName.OPERATOR
        session.flush()
        last = pool.submit(change_role, here, boss, owner.id, EVERYWHERE, RoleName.OPERATOR)
        assert not wait([last], timeout=0.2).done, "of two owners who go in the same moment one waits for the other"
        session.commit()
        with pytest.raises(AccountError, match="last owner"):
            last.result()
    remove(here, boss, other.id, EVERYWHERE)
    remove(here, boss, bea.id, company.id)
    with database.read() as session:
        assert [each.email for each in list_members(session, None)] == [owner.email]
        assert events.verify(session) is None
