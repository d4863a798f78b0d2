"""What would leave the sandbox: the mails that documents were sent with."""

from __future__ import annotations

from raccord_sandbox.lab.asking import Ask, Route
from raccord_sandbox.refusing.faults import Doc


def _mails(ask: Ask) -> list[Doc]:
    ask.only()
    company = ask.company()
    with company.lock:
        return list(company.mails)


OUTSIDE = (Route("GET", "/companies/{realm}/mails", "the mails that would have been sent", _mails),)
