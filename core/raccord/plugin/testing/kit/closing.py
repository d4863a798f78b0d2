"""Rules on the end of a connection: what the source holds for it is given back, and what is said of it is so."""

from __future__ import annotations

from collections.abc import Iterator

from raccord.plugin.errors import RetryLater
from raccord.plugin.testing.kit.asking import Asked, asked, unwatched
from raccord.plugin.testing.kit.rules import NotConcerned, check
from raccord.plugin.testing.kit.subject import Read, Subject, Where
from raccord.plugin.texts import Text

_AWAY = Text("La source est occupée.", "The source is busy.")


@check("close.given_back")
def _given_back(subject: Subject) -> Iterator[str]:
    if not hasattr(subject.plugin, "close_source"):
        if subject.trial.held is not None:
            yield "close_source"
            return
        raise NotConcerned
    read = subject.open(subject.trial.told, Where())
    for number in (1, 2):
        answer = _closed(subject, read)
        if answer.error is not None or answer.answer not in (True, None):
            yield f"{number}: {answer.raised or repr(answer.answer)}"
            return
        if answer.answer is True and not read.http.requests:
            yield f"{number}: True, 0 requests"
            return
    if subject.trial.held is not None:
        with unwatched():
            yield from subject.trial.held(read.http.inner)
    if read.http.requests:
        yield from _while_away(subject)


def _while_away(subject: Subject) -> Iterator[str]:
    """Tell of a source said to hold nothing while it did not answer."""

    def away(_: int) -> None:
        raise RetryLater(_AWAY)

    answer = _closed(subject, subject.open(subject.trial.told, Where(trouble=away)))
    if not isinstance(answer.error, RetryLater):
        yield f"RetryLater: {answer.raised or repr(answer.answer)}"


def _closed(subject: Subject, read: Read) -> Asked[bool | None]:
    return asked(lambda: subject.plugin.close_source(read.context))
