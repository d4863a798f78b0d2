"""Where a page may send people: to pages of ours only."""

from __future__ import annotations

from urllib.parse import urlsplit

LONGEST = 500


def own_address(text: str) -> str:
    """Return an address of ours as it was given, or home for everything that might lead elsewhere."""
    plain = text.isprintable() and len(text) <= LONGEST and "\\" not in text
    if not plain or not text.startswith("/") or text.startswith("//"):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else text
