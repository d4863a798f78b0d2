"""People, sessions and invitations on both databases; the web tests try their rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from argon2 import PasswordHasher

from raccord.alarms.conditions import conditions_of
from raccord.clock import FixedClock
from raccord.onboarding.access import accounts
from raccord.onboarding.access.accounts import AccountError, set_up_first, sign_in
from raccord.onboarding.access.api_tokens import Scope, make_token, program_of
from raccord.onboarding.access.authority import AuthorityLeavesError, authorities_of, given
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
        assert [each.role for each in list_members(session, frozenset({company.id}), hand.now())] == ["accountant"], (
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
        assert [each.email for each in list_members(session, None, hand.now())] == [owner.email]
        assert events.verify(session) is None


def test_a_role_ends_with_its_last_day_by_the_clocks_of_its_company(
    workshop: Workshop, database: Database, hand: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    here = replace(workshop, database=database, clock=hand)
    with database.begin() as session:
        firms = [
            Company(environment="sandbox", realm=realm, name=realm, country=country, created_at=hand.now())
            for realm, country in (("there", "FR"), ("house", "CA"))
        ]
        session.add_all(firms)
        session.flush()
    boss = Actor(set_up_first(here, "o@example.ca", "O", PASSWORD).email, RoleName.OWNER)
    last = hand.now().date() + timedelta(days=3)
    for day, code in ((hand.now().date() - timedelta(days=2), "people.end_day"), (date(2999, 1, 1), "people.end_day")):
        with pytest.raises(AccountError) as refused:
            invite(here, boss, "g@example.ca", RoleName.ACCOUNTANT, firms[0].id, ends_on=day)
        assert refused.value.code == code
    with pytest.raises(AccountError) as refused:
        invite(here, boss, "g@example.ca", RoleName.OWNER, firms[0].id, ends_on=last)
    assert refused.value.code == "people.owner_ends"

    link = invite(here, boss, "g@example.ca", RoleName.BOOKKEEPER, firms[0].id, ends_on=last)
    unused = invite(here, boss, "late@example.ca", RoleName.BOOKKEEPER, firms[0].id, ends_on=last)
    guest = accept(here, link, "G", PASSWORD)
    accept(here, invite(here, boss, "g@example.ca", RoleName.ACCOUNTANT, firms[1].id), "G", PASSWORD)
    _, secret = make_token(here, guest.id, firms[0].id, "books", Scope.READ)
    browser = open_session(here, guest, "Firefox", "10.0.0.1", lasting=True)
    with database.read() as session:
        held = {each.company: each for each in list_members(session, None, hand.now()) if each.person_id == guest.id}
    assert {name: (each.ends_on, each.days_left) for name, each in held.items()} == {
        "house": (None, None), "there": (last, 3),
    }  # fmt: skip

    def reached() -> set[str] | None:
        found = signed_in(here, browser)
        return None if found is None else {each.name for each in firms if found.reach.actor_in(each.id)}

    # In Paris, that day ends an hour or two before it does by UTC.
    midnight = datetime.combine(last + timedelta(days=1), time(), ZoneInfo("Europe/Paris"))
    hand.advance(midnight - timedelta(seconds=1) - hand.now())
    assert (reached(), program_of(here, secret) is None) == ({"there", "house"}, False)
    told = [each for each in conditions_of(here, hand.now()).conditions if each.code == "alarm.role_ends"]
    assert [(each.company_id, "g@example.ca" in each.text.en, "0 days" in each.text.en) for each in told] == [
        (firms[0].id, True, True)
    ], "somebody is reminded before"
    hand.advance(timedelta(seconds=1))
    assert (reached(), program_of(here, secret)) == ({"house"}, None), "of another company they stay"
    with pytest.raises(AccountError, match="no longer works"):
        accept(here, unused, "L", PASSWORD)
    assert "alarm.role_ends" not in {each.code for each in conditions_of(here, hand.now()).conditions}

    change_role(here, boss, guest.id, firms[0].id, RoleName.ACCOUNTANT)
    assert program_of(here, secret) is None, "a token that ended does not come back with the role"
    for firm in firms:
        change_role(here, boss, guest.id, firm.id, RoleName.ACCOUNTANT, ends_on=hand.now().date() + timedelta(days=1))
    browser = open_session(here, guest, "Firefox", "10.0.0.1", lasting=True)
    assert reached() == {"there", "house"}
    hand.advance(timedelta(days=3))
    assert reached() is None, "nothing is left: they are a stranger"
    with pytest.raises(AccountError, match="Your access ended on"):
        sign_in(here, guest.email, PASSWORD, "10.0.0.1")
    with database.read() as session:
        assert sessions_of(session, guest.id, "", hand.now()) == []


def test_nobody_who_authorised_quickbooks_goes_unnoticed(
    workshop: Workshop, database: Database, hand: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    here = replace(workshop, database=database, clock=hand)
    boss = set_up_first(here, "o@example.ca", "Odile", PASSWORD)
    actor = Actor(boss.email, RoleName.OWNER)
    with database.begin() as session:
        firm = Company(
            environment="sandbox", realm="9", name="Atelier", created_at=hand.now(), authorised_by="bea@example.ca",
            authorised_at=hand.now(),
        )  # fmt: skip
        session.add(firm)
        session.flush()
    bea = accept(here, invite(here, actor, "bea@example.ca", RoleName.OWNER, firm.id), "Bea", PASSWORD)

    def stands() -> tuple[bool, bool]:
        with database.read() as session:
            found = authorities_of(session, [given(session.get_one(Company, firm.id))], hand.now())[firm.id]
        return not found.left, "alarm.authority_left" not in {
            each.code for each in conditions_of(here, hand.now()).conditions
        }

    assert stands() == (True, True)
    with database.read() as session:
        assert [each.authorised for each in list_members(session, None, hand.now())] == [["Atelier"], []]
    for leave in (
        lambda **said: remove(here, actor, bea.id, firm.id, **said),
        lambda **said: change_role(here, actor, bea.id, firm.id, RoleName.ADMIN, **said),
    ):
        with pytest.raises(AuthorityLeavesError) as refused:
            leave()
        assert "Bea authorised QuickBooks for Atelier" in str(refused.value)
        assert "Odile (o@example.ca)" in str(refused.value), "it says who should authorise again"
    change_role(here, actor, bea.id, firm.id, RoleName.OWNER)
    assert stands() == (True, True), "an owner still may"
    change_role(here, actor, bea.id, firm.id, RoleName.ADMIN, aware=True)
    assert stands() == (False, False)
    remove(here, actor, bea.id, firm.id)
    assert stands() == (False, False)
    with database.begin() as session:
        session.get_one(Company, firm.id).authorised_by = boss.email
    assert stands() == (True, True), "until somebody authorises again"
