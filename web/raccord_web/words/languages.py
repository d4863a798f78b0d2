"""Which language a page speaks: what the address asks for, else the cookie, else what the browser prefers."""

from __future__ import annotations

from collections.abc import Mapping

from raccord.plugin.texts import Language

COOKIE = "raccord_lang"
YEAR_SECONDS = 365 * 24 * 3600
ACCEPT_MAX = 500
"""Characters of the header that are looked at."""


def spoken(query: Mapping[str, str], cookies: Mapping[str, str], accept: str, usual: Language) -> Language:
    """Return the language to speak; ``accept`` is the ``Accept-Language`` header."""
    for asked in (query.get("lang", ""), cookies.get(COOKIE, "")):
        match asked:
            case "fr" | "en":
                return asked
    return _preferred(accept[:ACCEPT_MAX]) or usual


def _preferred(accept: str) -> Language | None:
    best: tuple[int, Language] | None = None
    for part in accept.split(","):
        tag, _, weight = part.partition(";")
        rank = _thousandths(weight)
        language: Language | None = {"fr": "fr", "en": "en"}.get(tag.strip()[:2].lower())  # type: ignore[assignment]
        if language is not None and rank > 0 and (best is None or rank > best[0]):
            best = (rank, language)
    return None if best is None else best[1]


def _thousandths(weight: str) -> int:
    """Return ``;q=0.8`` as 800; a weight that cannot be read counts as none given."""
    whole, _, decimals = weight.strip().removeprefix("q=").partition(".")
    digits = f"{whole or '1'}{(decimals + '000')[:3]}"
    return min(int(digits), 1000) if digits.isascii() and digits.isdigit() else 1000
