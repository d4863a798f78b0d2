"""The page on which a person signs in at a bank or an aggregator, as a browser sees it."""

from __future__ import annotations

from html import escape
from urllib.parse import parse_qs

from raccord_bankfeed.twins.http import Answered, Asked

_KIND = {"Content-Type": "text/html; charset=utf-8"}


def asked_passcode(told: str = "") -> Answered:
    """Ask for the second factor; ``told`` is what was wrong with the one before."""
    alert = f'<p role="alert">{escape(told)}</p>' if told else ""
    return _page(
        f'{alert}<form method="post"><label>Code <input name="passcode"></label><button>Sign in</button></form>'
    )


def typed_passcode(asked: Asked) -> str:
    """Return the second factor that a person sent."""
    return parse_qs(asked.body.decode()).get("passcode", [""])[0]


def through(said: str) -> Answered:
    """Say that a person is through and may go back by themselves."""
    return _page(f'<p role="status">{escape(said)}</p>')


def sent_on(address: str) -> Answered:
    """Send a person's browser on to an address."""
    return Answered(status=303, headers={"Location": address})


def _page(inner: str) -> Answered:
    text = f'<!doctype html><html lang="en"><title>Twin bank</title><main><h1>Twin bank</h1>{inner}</main></html>'
    return Answered(text.encode(), headers=_KIND)
