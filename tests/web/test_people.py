"""Accounts: the first start, signing in and out, invitations, roles, devices; and what each of them refuses."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from browsing import TOKEN, browser_of
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.clock import FixedClock
from raccord.jobs.inline import HandOver
from raccord.onboarding.access import accounts, members, provider
from raccord.onboarding.access.accounts import AccountError, set_up_first
from raccord.onboarding.access.people import Actor, NotAllowedError, RoleName
from raccord.onboarding.access.sessions import open_session
from raccord.store import events
from raccord.store.models import Company, Event, Person, SignInFailure, WebSession
from raccord.sync.workshop import Workshop
from raccord.sync.zones import zones_of
from raccord_web.app import create_app
from raccord_web.pages.addresses import own_address

PASSWORD = "correct horse battery"
OWNER = "odile@example.ca"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time; how long the real ones take is argon2's own default."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(accounts, "_HASHER", quick)
    monkeypatch.setattr(accounts, "_NOBODY", quick.hash("nobody"))


@pytest.fixture
def house(workshop: Workshop) -> FastAPI:
    """The pages of an installation that asks who comes."""
    return create_app(workshop, HandOver())


@pytest.fixture
def owner(workshop: Workshop) -> Person:
    return set_up_first(workshop, OWNER, "Odile", PASSWORD)


def post(browser: TestClient, page: str, action: str, **fields: str) -> Any:
    found = TOKEN.search(browser.get(page).text)
    assert found, f"{page} has no form"
    return browser.post(action, data={"form_token": found[1], **fields})


def as_person(house: FastAPI, workshop: Workshop, person: Person) -> TestClient:
    """Return a browser that is signed in."""
    browser = browser_of(house)
    browser.cookies.set("raccord_session", open_session(workshop, person, "Mozilla Firefox/1 Linux", "127.0.0.1"))
    return browser


def member(workshop: Workshop, email: str, role: RoleName, company_id: str = "") -> Person:
    secret = members.invite(workshop, Actor(OWNER, RoleName.OWNER), email, role, company_id)
    return members.accept(workshop, secret, email.partition("@")[0], PASSWORD)


def test_the_first_start_makes_the_owner_once(workshop: Workshop, house: FastAPI) -> None:
    browser = browser_of(house)
    assert browser.get("/").headers["location"] == "/setup"
    assert browser.get("/signin").headers["location"] == "/setup"
    weak = post(browser, "/setup", "/setup", email=OWNER, name="Odile", password="short")
    assert weak.status_code == 422
    assert "12 to 200" in weak.text
    assert f'value="{OWNER}"' in weak.text
    assert "short" not in weak.text
    done = post(browser, "/setup", "/setup", email=" Odile@Example.CA ", name="Odile", password=PASSWORD)
    assert (done.status_code, done.headers["location"]) == (303, "/settings/start?check=yes")
    cookie = done.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    home = browser.get("/")
    assert home.status_code == 200
    assert "Odile" in home.text
    other = browser_of(house)
    assert other.get("/setup").headers["location"] == "/"
    assert other.get("/runs?offset=50").headers["location"] == "/signin?next=%2Fruns%3Foffset%3D50"
    with pytest.raises(AccountError, match="already"):
        set_up_first(workshop, "eve@example.ca", "Eve", PASSWORD)
    with workshop.database.read() as session:
        assert events.verify(session) is None
        assert session.scalars(select(Person.email)).all() == [OWNER]


def test_the_first_start_goes_on_with_key_backups_time_zone_language_messages_and_a_self_check(
    workshop: Workshop, house: FastAPI, tmp_path: Path
) -> None:
    browser = browser_of(house)
    start = "/settings/start"
    first = post(browser, "/setup", "/setup", email=OWNER, name="Odile", password=PASSWORD).headers["location"]
    page = browser.get(first).text
    for section in ("key", "backup", "drill", "place", "check"):
        assert f'id="{section}"' in page, section
    assert str(workshop.settings.key_file) in page
    assert "The audit chain is intact" in page, "the self-check of a fresh installation"
    assert "No connector is installed" in page or "Connectors admitted" in page

    refused = post(browser, start, f"{start}/backup", folder="somewhere")
    assert refused.status_code == 422
    assert "that is no whole path" in refused.text
    assert post(browser, start, f"{start}/drill").status_code == 422, "nothing to try yet"
    target = tmp_path / "target"
    asked = post(browser, start, f"{start}/backup", folder=str(target))
    assert (asked.status_code, "does not exist yet" in asked.text, target.exists()) == (422, True, False)
    assert f'name="create" value="{target}"' in asked.text
    typo = post(browser, start, f"{start}/backup", folder=f"{target}s", create=str(target))
    assert (typo.status_code, list(tmp_path.glob("target*"))) == (422, []), "what was seen is another folder"
    made = post(browser, start, f"{start}/backup", folder=str(target), create=str(target))
    assert (made.status_code, target.is_dir()) == (303, True)
    assert "the same disk as the data: a disk that breaks takes both" in browser.get(start).text
    key = workshop.settings.key_file
    os.utime(key, (0, 0))
    assert post(browser, start, f"{start}/key").status_code == 303
    for days in ("30", "soon"):
        early = post(browser, start, f"{start}/retention", messages=days)
        assert (early.status_code, "Messages: 90 to 3650 days, or 0 to keep all" in early.text) == (422, True)
        assert f'value="{days}"' in early.text
    assert post(browser, start, f"{start}/retention", messages="120", devices="").status_code == 303
    kept = browser.get(start).text
    assert ('id="messages" name="messages"' in kept, 'value="120"' in kept) == (True, True)
    wrong = post(browser, start, f"{start}/place", time_zone="Mars/Olympus")
    assert (wrong.status_code, "Unknown time zone" in wrong.text) == (422, True)
    fields = {"time_zone": "Europe/Paris", "language": "fr", "address": "alerts@example.ca"}
    kept = post(browser, start, f"{start}/place", **fields)
    assert "raccord_lang=fr" in kept.headers["set-cookie"]
    assert post(browser, start, f"{start}/drill").status_code == 303
    after = browser.get(start, headers={"accept-language": "fr"}).text
    assert "un disque qui casse emporte les deux" in after
    zones = after[after.index('id="time_zone"') :].partition("</select>")[0]
    regions = re.findall(r'<optgroup label="([^"]+)"', zones)
    assert regions[:3] == ["Probables", "Afrique", "Amérique"]
    assert re.search(r'label="Probables" data-zones><option selected>Europe/Paris</option>', zones)
    assert zones.count(">Europe/Paris<") == 1
    assert str(target) in after
    assert f"{OWNER} a demandé un exercice" in after
    assert f"{OWNER} dit l’avoir" in after
    with workshop.database.read() as session:
        person = session.scalars(select(Person)).one()
        assert (person.told_at, person.language) == ("alerts@example.ca", "fr")
        assert zones_of(session).house == "Europe/Paris"
        actions = session.scalars(select(Event.action)).all()
    assert {"backup.target_chosen", "installation.changed"} <= set(actions)
    os.utime(key)
    assert "ou la clé a changé depuis" in browser.get(start, headers={"accept-language": "fr"}).text

    # Where others reach the pages, nobody who signs in chooses a folder of the machine.
    workshop.settings = workshop.settings.model_copy(update={"web_url": "https://books.example.ca"})
    elsewhere = browser.get(start).text
    assert 'name="folder"' not in elsewhere
    assert "RACCORD_BACKUP_DIR" in elsewhere


def test_signing_in_leads_back_and_signing_out_ends_it(house: FastAPI, owner: Person, workshop: Workshop) -> None:
    browser = browser_of(house)
    assert "Use the account that" in browser.get("/signin").text, "nobody was here before"
    for email, password in ((OWNER, "wrong password"), ("nobody@example.ca", PASSWORD), ("", "")):
        refused = post(browser, "/signin", "/signin", email=email, password=password)
        assert refused.status_code == 403
        assert "The address or the password is wrong" in refused.text
        assert "wrong password" not in refused.text.replace("password is wrong", "")
    done = post(browser, "/signin?next=/runs", "/signin", email=OWNER, password=PASSWORD, next="/runs")
    assert done.headers["location"] == "/runs"
    assert browser.get("/runs").status_code == 200
    kept = browser.cookies["raccord_session"]
    assert post(browser, "/runs", "/signout").headers["location"] == "/signin"
    assert "Your syncs went on without you" in browser.get("/signin").text
    browser.cookies.set("raccord_session", kept)
    assert browser.get("/runs").status_code == 303
    with workshop.database.read() as session:
        assert kept not in str(session.scalars(select(WebSession.token_hash)).all())


@pytest.mark.parametrize(
    "text",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "", "/\t/evil",
     "/a\nb", "/" + "x" * 600, "/[::1", "//[::1"],
)  # fmt: skip
def test_nobody_is_sent_elsewhere(text: str) -> None:
    assert own_address(text) in ("/", "/[::1")
    assert own_address("/runs?offset=50") == "/runs?offset=50"


def test_guessing_ends_for_a_quarter_of_an_hour(workshop: Workshop, house: FastAPI, owner: Person) -> None:
    browser = browser_of(house)
    codes = [
        post(browser, "/signin", "/signin", email=OWNER, password=f"guess number {number}").status_code
        for number in range(11)
    ]
    assert codes == [403] * 10 + [429]
    assert post(browser, "/signin", "/signin", email=OWNER, password=PASSWORD).status_code == 429
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(minutes=15))
    assert post(browser, "/signin", "/signin", email=OWNER, password=PASSWORD).status_code == 303
    with workshop.database.read() as session:
        keys = session.scalars(select(SignInFailure.key)).all()
        assert not any(OWNER in key for key in keys)


def test_a_session_ends_by_itself(workshop: Workshop, house: FastAPI, owner: Person) -> None:
    browser, clock = as_person(house, workshop, owner), workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(hours=11))
    assert browser.get("/").status_code == 200
    clock.advance(timedelta(hours=2))
    assert browser.get("/").status_code == 303


def test_an_invitation_serves_once_and_gives_its_role(
    workshop: Workshop, house: FastAPI, owner: Person, company: Company
) -> None:
    browser = as_person(house, workshop, owner)
    forms = re.findall(
        r'<details class="as-table"( open)?><summary>.*?</svg>([^<]+)</summary>', browser.get("/people").text
    )
    assert forms[-2:] == [(" open", company.name), ("", "All companies")], "one's only company first, and open"
    answer = post(browser, "/people", "/people/invite", email="Bea@example.ca", role="bookkeeper", company=company.id)
    link = answer.text.partition('value="http://127.0.0.1:8321')[2].partition('"')[0]
    assert link.startswith("/invitation/")
    assert "No e-mail was sent: hand it over yourself" in answer.text
    assert "bea@example.ca" in browser.get("/people").text
    guest = browser_of(house)
    page = guest.get(link)
    assert "Bookkeeper" in page.text
    assert "by you" not in page.text, "nor is it hosted by who was invited"
    assert company.name in page.text
    assert post(guest, link, link, name="Béa", password="tiny").status_code == 422
    assert post(guest, link, link, name="Béa", password=PASSWORD).status_code == 303
    seen = guest.get("/people").text
    assert company.name in seen
    assert OWNER not in seen
    assert browser_of(house).get(link).status_code == 409
    with workshop.database.read() as session:
        bea = session.scalars(select(Person).where(Person.email == "bea@example.ca")).one()
        assert bea.created_by == OWNER
        assert bea.password_hash.startswith("$argon2id$")


def test_an_invitation_never_sets_the_password_of_somebody_who_is_here(
    workshop: Workshop, owner: Person, company: Company
) -> None:
    boss = Actor("ada@example.ca", RoleName.ADMIN)
    secret = members.invite(workshop, boss, OWNER, RoleName.BOOKKEEPER, company.id)
    with pytest.raises(AccountError, match="wrong"):
        members.accept(workshop, secret, "Eve", "a password of eve's own")
    assert members.accept(workshop, secret, "", PASSWORD).id == owner.id
    with pytest.raises(AccountError, match="no longer works"):
        members.accept(workshop, secret, "", PASSWORD)


def test_a_withdrawn_or_old_link_is_worth_nothing(workshop: Workshop, owner: Person) -> None:
    actor = Actor(OWNER, RoleName.OWNER)
    first = members.invite(workshop, actor, "a@example.ca", RoleName.ADMIN)
    second = members.invite(workshop, actor, "b@example.ca", RoleName.ADMIN)
    with workshop.database.read() as session:
        waiting = {each.email: each.id for each in members.list_invitations(session, None, workshop.clock.now())}
    members.withdraw(workshop, actor, waiting["a@example.ca"])
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(timedelta(days=7))
    for secret in (first, second, "", "nonsense"):
        with pytest.raises(AccountError, match="no longer works"):
            members.accept(workshop, secret, "A", PASSWORD)


def test_a_new_password_link_signs_other_devices_out(workshop: Workshop, house: FastAPI, owner: Person) -> None:
    before = as_person(house, workshop, owner)
    secret = members.reset_link(workshop, "cli:root", OWNER)
    after = browser_of(house)
    link = f"/invitation/{secret}"
    assert post(after, link, link, password="another good password").status_code == 303
    assert before.get("/").status_code == 303
    assert after.get("/").status_code == 200


@pytest.mark.requirement("K5")
@pytest.mark.parametrize(
    ("role", "given", "everywhere"),
    [
        (RoleName.ADMIN, RoleName.OWNER, False),
        (RoleName.ADMIN, RoleName.OPERATOR, False),
        (RoleName.ADMIN, RoleName.BOOKKEEPER, True),
        (RoleName.BOOKKEEPER, RoleName.ACCOUNTANT, False),
        (RoleName.ACCOUNTANT, RoleName.ACCOUNTANT, False),
        (RoleName.OPERATOR, RoleName.OWNER, True),
        (RoleName.OPERATOR, RoleName.BOOKKEEPER, False),
    ],
)
def test_nobody_gives_more_than_they_have(
    workshop: Workshop, company: Company, role: RoleName, given: RoleName, everywhere: bool
) -> None:
    place = "" if everywhere else company.id
    with pytest.raises(NotAllowedError):
        members.invite(workshop, Actor("x@example.ca", role), "y@example.ca", given, place)


def test_the_last_owner_stays_and_a_changed_role_signs_out(
    workshop: Workshop, house: FastAPI, owner: Person, company: Company
) -> None:
    browser = as_person(house, workshop, owner)
    refused = post(browser, "/people", f"/people/{owner.id}/role", role="admin")
    assert refused.status_code == 409
    assert "last owner" in refused.text
    bea = member(workshop, "bea@example.ca", RoleName.BOOKKEEPER, company.id)
    hers = as_person(house, workshop, bea)
    assert company.name in hers.get("/people").text
    done = post(browser, "/people", f"/people/{bea.id}/role", role="accountant", company=company.id)
    assert done.headers["location"] == "/people?done=role_changed"
    assert hers.get("/").status_code == 303
    assert browser.get("/people").text.count('name="seen" value="accountant"') == 2
    for deed in ("role", "remove"):
        old = post(
            browser, "/people", f"/people/{bea.id}/{deed}", role="admin", company=company.id, seen="bookkeeper"
        )  # fmt: skip
        assert (old.status_code, "bea@example.ca was changed since you read it" in old.text) == (409, True)
        assert 'value="accountant" selected' in old.text, "the page says what stands"
    assert post(browser, "/people", f"/people/{bea.id}/remove", company=company.id).status_code == 303
    hers = as_person(house, workshop, bea)
    assert company.name not in hers.get("/people").text


def test_devices_are_listed_and_ended_and_a_password_change_ends_the_others(
    workshop: Workshop, house: FastAPI, owner: Person
) -> None:
    here, there = as_person(house, workshop, owner), as_person(house, workshop, owner)
    page = here.get("/settings").text
    assert page.count("Firefox, Linux") >= 2
    assert page.count("/settings/sessions/") == 1
    other = page.partition("/settings/sessions/")[2].partition("/end")[0]
    bea = member(workshop, "bea@example.ca", RoleName.OWNER)
    post(as_person(house, workshop, bea), "/settings", f"/settings/sessions/{other}/end")
    assert there.get("/").status_code == 200
    assert post(here, "/settings", f"/settings/sessions/{other}/end").status_code == 303
    assert there.get("/").status_code == 303
    there = as_person(house, workshop, owner)
    wrong = post(here, "/settings", "/settings/password", current="not it at all", new="another good password")
    assert wrong.status_code == 422
    fine = post(here, "/settings", "/settings/password", current=PASSWORD, new="another good password")
    assert fine.status_code == 303
    assert there.get("/").status_code == 303
    assert here.get("/").status_code == 200


def test_a_form_of_another_session_is_refused(workshop: Workshop, house: FastAPI, owner: Person) -> None:
    browser = as_person(house, workshop, owner)
    token = TOKEN.search(browser.get("/settings").text)
    assert token
    browser.cookies.set("raccord_session", open_session(workshop, owner, "", ""))
    assert browser.post("/settings/appearance", data={"form_token": token[1]}).status_code == 403


def test_the_theme_and_the_keys_are_kept_in_the_browser(workshop: Workshop, house: FastAPI, owner: Person) -> None:
    browser = as_person(house, workshop, owner)
    assert "data-theme" not in browser.get("/").text
    post(browser, "/settings", "/settings/appearance", theme="dark", language="fr", density="compact")
    page = browser.get("/").text
    assert 'data-theme="dark" data-density="compact"' in page
    assert '<option value="compact" selected>' in browser.get("/settings").text
    assert 'data-keys="off"' in page
    assert '<html lang="fr"' in page


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaaaaaa", OWNER, "x" * 201])
def test_a_weak_password_is_refused(workshop: Workshop, password: str) -> None:
    with pytest.raises(AccountError, match="varied"):
        accounts.hashed(password, OWNER)


@pytest.mark.parametrize(
    "email", ["", "odile", "a@b", "a b@example.ca", "a@@example.ca", "a@example.ca\n.", "@example.ca"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(AccountError, match="e-mail"):
        accounts.read_email(email)


def test_on_a_network_the_token_opens_the_first_start_and_accounts_guard_the_rest(workshop: Workshop) -> None:
    update = {"web_host": "192.168.1.5", "web_url": "http://192.168.1.5:8321"}
    token = "a-token-of-good-length"
    with_token = replace(
        workshop, settings=workshop.settings.model_copy(update={**update, "web_token": SecretStr(token)})
    )
    browser = browser_of(create_app(with_token, HandOver()), "http://192.168.1.5:8321")
    assert browser.get("/setup").headers["location"] == "/enter"
    assert browser.post("/setup", data={"email": OWNER}).status_code == 403
    assert post(browser, "/enter", "/setup", email=OWNER, password=PASSWORD).headers["location"] == "/enter"
    assert post(browser, "/enter", "/enter", token=token).headers["location"] == "/"
    assert post(browser, "/setup", "/setup", email=OWNER, name="Odile", password=PASSWORD).status_code == 303
    without = replace(workshop, settings=workshop.settings.model_copy(update=update))
    other = browser_of(create_app(without, HandOver()), "http://192.168.1.5:8321")
    assert other.get("/").headers["location"] == "/signin"


def test_a_provider_lets_in_whom_it_vouches_for_and_only_in_the_browser_that_set_out(
    workshop: Workshop, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    update = {"oidc_issuer": "https://id.example", "oidc_client_id": "raccord", "oidc_label": "Example"}
    here = replace(workshop, settings=workshop.settings.model_copy(update=update))
    house = create_app(here, HandOver())
    out = provider.SetOut("https://id.example/authorize?x=1", "the-state", "the-nonce", "the-verifier")
    came: list[tuple[str, ...]] = []

    def come_back(_workshop: Workshop, *said: Any) -> Person:
        came.append(said[:4])
        return owner

    monkeypatch.setattr(provider, "set_out", lambda *_: out)
    monkeypatch.setattr(provider, "come_back", come_back)
    browser = browser_of(house)
    assert "Sign in with Example" in browser.get("/signin").text
    leaving = post(browser, "/signin", "/signin/provider", next="//evil.example")
    assert "https://id.example/authorize?x=1" in leaving.text
    assert 'http-equiv="refresh"' not in leaving.text, "nobody is moved on while reading"
    back = "/oauth/signin/callback?code=c1&state="
    assert browser_of(house).get(f"{back}the-state").status_code == 400
    assert browser.get(f"{back}forged").status_code == 400
    assert came == []
    answer = browser.get(f"{back}the-state")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert came == [("http://127.0.0.1:8321/oauth/signin/callback", "c1", "the-nonce", "the-verifier")]
    assert browser.get("/").status_code == 200
    assert browser.get(f"{back}the-state").status_code == 400
    plain = browser_of(create_app(workshop, HandOver()))
    assert "Sign in with" not in plain.get("/signin").text
    assert post(plain, "/signin", "/signin/provider").status_code == 404


def test_a_link_or_an_open_session_is_no_place_to_guess_a_password(
    workshop: Workshop, house: FastAPI, owner: Person, company: Company
) -> None:
    secret = members.invite(workshop, Actor("eve@example.ca", RoleName.ADMIN), OWNER, RoleName.ADMIN, company.id)
    browser, link = browser_of(house), f"/invitation/{secret}"
    for number in range(accounts.TRIES_FOR_EMAIL):
        refused = post(browser, link, link, password=f"guess number {number}")
        assert "people.too_many_attempts" not in refused.text
    assert "Too many failed tries" in post(browser, link, link, password=PASSWORD).text, "the right one, too late"
    with pytest.raises(AccountError, match="too_many_attempts"):
        accounts.sign_in(workshop, OWNER, PASSWORD, "")
    with pytest.raises(AccountError, match="too_many_attempts"):
        accounts.change_password(workshop, owner.id, PASSWORD, "another battery horse")
    clock = workshop.clock
    assert isinstance(clock, FixedClock)
    clock.advance(accounts.WINDOW + timedelta(seconds=1))
    assert post(browser, link, link, password=PASSWORD).headers["location"] == "/"


def test_signing_in_again_ends_the_session_that_the_browser_had(
    workshop: Workshop, house: FastAPI, owner: Person
) -> None:
    browser = browser_of(house)
    assert post(browser, "/signin", "/signin", email=OWNER, password=PASSWORD).status_code == 303
    before = browser.cookies["raccord_session"]
    assert post(browser, "/settings", "/signin", email=OWNER, password=PASSWORD).status_code == 303
    assert browser.cookies["raccord_session"] != before
    stolen = browser_of(house)
    stolen.cookies.set("raccord_session", before)
    assert stolen.get("/settings").headers["location"].startswith("/signin")
    assert browser.get("/settings").status_code == 200


def test_the_access_of_a_guest_ends_on_its_day_and_every_page_then_knows_them_as_a_stranger(
    workshop: Workshop, house: FastAPI, owner: Person, company: Company
) -> None:
    browser = as_person(house, workshop, owner)
    day = (workshop.clock.now() + timedelta(days=9)).date()
    asked = {"email": "gus@example.ca", "company": company.id}
    for role, until, said in (
        ("owner", str(day), "does not end by itself"), ("accountant", "soon", "cannot be read"),
        ("accountant", "2020-01-01", "does not"),
    ):  # fmt: skip
        refused = post(browser, "/people", "/people/invite", role=role, until=until, **asked)
        assert (refused.status_code, said in refused.text) == (422, True)
    made = post(browser, "/people", "/people/invite", role="accountant", until=str(day), **asked)
    link = made.text.partition("/invitation/")[2].partition('"')[0]
    gus = members.accept(workshop, link, "Gus", PASSWORD)
    shown = browser.get("/people").text
    assert ("9 days left" in shown, f'name="until" value="{day}"' in shown) == (True, True)
    his = as_person(house, workshop, gus)
    assert company.name in his.get("/people").text
    workshop.clock = FixedClock(workshop.clock.now() + timedelta(days=11))
    his = as_person(house, workshop, gus)
    for page in ("/", "/people", f"/connections?company={company.id}", "/settings"):
        assert his.get(page).headers.get("location", "").startswith("/signin"), page
    refused = post(his, "/signin", "/signin", email=gus.email, password=PASSWORD)
    assert (refused.status_code, "Your access ended on" in refused.text) == (403, True)
    assert "Ended on" in as_person(house, workshop, owner).get("/people").text


def test_a_guest_is_offered_no_room_that_is_not_theirs(
    workshop: Workshop, house: FastAPI, owner: Person, company: Company
) -> None:
    rooms = {
        RoleName.ACCOUNTANT: (False, False), RoleName.BOOKKEEPER: (False, False), RoleName.OPERATOR: (True, True),
        RoleName.ADMIN: (True, True), RoleName.OWNER: (True, True),
    }  # fmt: skip
    for role, (plugins, ties) in rooms.items():
        browser = as_person(house, workshop, member(workshop, f"{role}@example.ca", role, company.id))
        for page in ("/", "/menu"):
            shown = browser.get(page).text
            assert ('href="/plugins"' in shown) is plugins, (role, page)
            assert 'href="/settings"' in shown, "one's own password and devices"
        assert ('href="/settings/accounting"' in browser.get("/settings").text) is ties, role


def test_when_somebody_was_last_seen_stays_on_screens_of_every_width(
    workshop: Workshop, house: FastAPI, owner: Person
) -> None:
    shown = as_person(house, workshop, owner).get("/people").text
    assert "<th>Last seen</th>" in shown
    assert re.search(r'<td class="full soft" data-label="Last seen">', shown)
