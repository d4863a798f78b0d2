"""The words of a message: what happened, since when, what to do, in the language of whoever reads it."""

from __future__ import annotations

from collections.abc import Sequence

from raccord.clock import written
from raccord.overview.beginning.first_week import WeekDay
from raccord.plugin.texts import Language, Text
from raccord.store.models import Incident

SUBJECT_MAX = 150

_HEADS = {
    "worse": Text("Plus grave : ", "Worse: "),
    "over": Text("Réglé : ", "Over: "),
}
_SINCE = Text("Depuis le {since}.", "Since {since}.")
_OVER = Text(
    "Ce qui avait été annoncé le {since} n'est plus le cas. Il n'y a rien à faire.",
    "What was told on {since} is no longer so. There is nothing to do.",
)
_FIX = Text("À faire : ", "What to do: ")
_HELLO = Text("Bonjour {name},", "Hello {name},")
_ONCE = Text(
    "Vous recevez ce message une fois ; un autre dira quand c'est réglé.",
    "You get this message once; another one tells when it is over.",
)


def letter(
    incident: Incident, news: str, where: str, name: str, language: Language, web_url: str, zone: str
) -> tuple[str, str]:
    """Return subject and body of the message about an incident to one person; hours by the clocks of a zone."""
    fr = language == "fr"
    text, fix = (incident.text_fr, incident.fix_fr) if fr else (incident.text_en, incident.fix_en)
    head = _HEADS[news].get(language) if news in _HEADS else ""
    since = written(incident.opened_at, zone)
    place = f"{where} : " if where and fr else f"{where}: " if where else ""
    subject = " ".join(f"[Raccord] {head}{place}{text}".split())
    lines = [_HELLO.get(language).format(name=name), "", where, text, ""]
    if news == "over":
        lines += [_OVER.get(language).format(since=since)]
    else:
        lines += [_SINCE.get(language).format(since=since), _FIX.get(language) + fix, "", _ONCE.get(language)]
    lines += ["", web_url, f"[{incident.code}]"]
    return subject[:SUBJECT_MAX], "\n".join(lines) + "\n"


_DAILY = Text(
    "Vous recevez ce résumé une fois par jour, la première semaine.",
    "You get this summary once a day, in the first week.",
)
_EQUAL = Text("juste", "equal")
_NOTHING = Text("rien de prouvé", "nothing proven")
_UNDO = Text("Défaire jusqu'au premier jour : ", "Undo back to the first day: ")


def summary_letter(
    incident: Incident,
    days: Sequence[WeekDay],
    where: str,
    name: str,
    language: Language,
    address: str,
    *,
    red: bool,
) -> tuple[str, str]:
    """Return subject and body of one day's summary of a first week; ``address`` is the connection's page, if any."""
    fr = language == "fr"
    text, fix = (incident.text_fr, incident.fix_fr) if fr else (incident.text_en, incident.fix_en)
    subject = " ".join(f"[Raccord] {where}{' :' if fr else ':'} {text}".split())
    lines = [_HELLO.get(language).format(name=name), "", where, text, ""]
    for each in days:
        apart = ", ".join(f"{one.stream} {one.amount:f} {one.currency}" for one in each.apart)
        state = apart or (_EQUAL if each.cells else _NOTHING).get(language)
        lines.append(f"{each.day.isoformat()}{' :' if fr else ':'} {state}")
    lines += ["", _FIX.get(language) + fix, *([_UNDO.get(language) + f"{address}/undo"] if red and address else [])]
    lines += ["", _DAILY.get(language), "", address, f"[{incident.code}]"]
    return subject[:SUBJECT_MAX], "\n".join(lines) + "\n"
