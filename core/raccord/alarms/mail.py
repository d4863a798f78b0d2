"""Sending messages through the mail server of the settings: each until the server has taken it, or ten times."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from sqlalchemy import case, select, update

from raccord.settings import Settings
from raccord.store.models import Notice, Person
from raccord.sync.workshop import Workshop

log = logging.getLogger("raccord.alarms")

AT_ONCE = 50
"""Messages of one connection to the server."""
TIMEOUT_SECONDS = 20
TRIES_MAX = 10
CLAIM = timedelta(minutes=5)
"""How long a message is left to the worker that took it."""
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=2)
TROUBLES = (OSError, smtplib.SMTPException, ValueError)
"""What a server, a network or an impossible address raises."""


def send_due(workshop: Workshop) -> int:
    """Send the messages that are due; return how many the server took. Its words are in no log: they may hold names."""
    settings, now = workshop.settings, workshop.clock.now()
    if not settings.smtp_host:
        return 0
    taken = _claim(workshop, now)
    sent = 0
    if not taken:
        return sent
    try:
        with opened_server(settings) as server:
            for notice, address in taken:
                sent += _send(workshop, server, notice, address)
    except TROUBLES as error:
        for notice, _ in taken:
            if notice.sent_at is None and notice.trouble == "":
                _failed(workshop, notice, error)
    return sent


@contextmanager
def opened_server(settings: Settings) -> Iterator[smtplib.SMTP]:
    """Connect to the mail server as the settings say; what they say must be encrypted is never sent otherwise."""
    host, port = settings.smtp_host, settings.smtp_port
    server: smtplib.SMTP
    if settings.smtp_security == "tls":
        server = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        yield server


def message(settings: Settings, address: str, subject: str, body: str, now: datetime) -> EmailMessage:
    """Return a message that no automatic answer comes back to."""
    made = EmailMessage()
    sender = settings.smtp_from or f"raccord@{socket.getfqdn()}"
    made["From"], made["To"], made["Subject"] = sender, address, subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2] or "localhost")
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(body)
    return made


def _claim(workshop: Workshop, now: datetime) -> list[tuple[Notice, str]]:
    """Take messages that are due, so that no other worker sends them too."""
    taken: list[tuple[Notice, str]] = []
    with workshop.database.begin() as session:
        rows = session.execute(
            select(Notice, case((Person.told_at != "", Person.told_at), else_=Person.email))
            .join(Person, Person.id == Notice.person_id)
            .where(Notice.try_at <= now)
            .order_by(Notice.made_at, Notice.id)
            .limit(AT_ONCE)
        ).all()
        for notice, address in rows:
            mine = (
                update(Notice)
                .where(Notice.id == notice.id, Notice.try_at == notice.try_at)
                .values(try_at=now + CLAIM, tries=notice.tries + 1, trouble="")
            )
            if session.connection().execute(mine).rowcount:
                session.refresh(notice)
                taken.append((notice, address))
    return taken


def _send(workshop: Workshop, server: smtplib.SMTP, notice: Notice, address: str) -> bool:
    now = workshop.clock.now()
    try:
        server.send_message(message(workshop.settings, address, notice.subject, notice.body, now))
    except smtplib.SMTPServerDisconnected:
        raise
    except (smtplib.SMTPException, ValueError) as error:
        _failed(workshop, notice, error)
        return False
    notice.sent_at = now
    with workshop.database.begin() as session:
        session.execute(update(Notice).where(Notice.id == notice.id).values(sent_at=now, try_at=None))
    return True


def _failed(workshop: Workshop, notice: Notice, error: Exception) -> None:
    notice.trouble = type(error).__name__
    given_up = notice.tries >= TRIES_MAX
    wait = min(FIRST_WAIT * 2 ** (notice.tries - 1), LONGEST_WAIT)
    try_at = None if given_up else workshop.clock.now() + wait
    with workshop.database.begin() as session:
        session.execute(update(Notice).where(Notice.id == notice.id).values(try_at=try_at, trouble=notice.trouble))
    level = logging.ERROR if given_up else logging.WARNING
    log.log(level, "message %s was not sent (try %d): %s", notice.id, notice.tries, notice.trouble)
