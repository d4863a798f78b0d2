"""A sandbox company with the till, people to tell, and a real mail server on the loopback."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from aiosmtpd.smtp import SMTP
from harness import NOW
from post_box import Post
from till_company import company, connection, sandbox, till_moments, till_sandbox, workshop

from raccord.onboarding.access.accounts import give_role, new_person
from raccord.onboarding.access.people import RoleName
from raccord.store.models import Company
from raccord.store.models.people import EVERYWHERE
from raccord.sync.workshop import Workshop

__all__ = ["company", "connection", "sandbox", "till_moments", "till_sandbox", "workshop"]


@pytest.fixture(scope="package")
def post_office() -> Iterator[Post]:
    post, loop, ready = Post(), asyncio.new_event_loop(), threading.Event()

    async def open_() -> asyncio.Server:
        server = await loop.create_server(lambda: SMTP(post, hostname="post.test", loop=loop), "127.0.0.1", 0)
        post.port = server.sockets[0].getsockname()[1]
        ready.set()
        return server

    def serve() -> None:
        server = loop.run_until_complete(open_())
        loop.run_forever()
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(20)
    yield post
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)


@pytest.fixture
def post(post_office: Post, workshop: Workshop) -> Post:
    """The mail server, empty, with the workshop's settings pointing to it."""
    post_office.messages.clear()
    post_office.refuses = False
    given = {
        "smtp_host": "127.0.0.1",
        "smtp_port": post_office.port,
        "smtp_security": "none",
        "smtp_from": "r@house.test",
    }
    workshop.settings = workshop.settings.model_copy(update=given)
    return post_office


@pytest.fixture
def people(workshop: Workshop, company: Company) -> None:
    """An owner who reads English, an administrator of the company who reads French, and one who is not told."""
    with workshop.database.begin() as session:
        for email, role, language, where in (
            ("olive@house.test", RoleName.OWNER, "en", EVERYWHERE),
            ("adele@house.test", RoleName.ADMIN, None, company.id),
            ("boris@house.test", RoleName.BOOKKEEPER, "fr", EVERYWHERE),
            ("ex@house.test", RoleName.OWNER, "fr", EVERYWHERE),
            ("other@house.test", RoleName.OWNER, "fr", "another company"),
        ):
            person = new_person(email, "", "", NOW, "test")
            person.language = language
            person.disabled_at = NOW if email.startswith("ex@") else None
            session.add(person)
            session.flush()
            give_role(session, person, where, role, "test", NOW)
