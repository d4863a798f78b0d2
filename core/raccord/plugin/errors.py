"""What a connector raises, ordered by what happens next. Anything else is a fault of the plugin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from raccord.plugin.texts import Text

BAD_RECORD = "mapping.bad_record"
"""The code of a record that cannot be used and whose connector names none of its own."""


class ConnectorError(Exception):
    """Base of the errors a connector may raise; ``text`` is shown to people and must hold no secret."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.en)
        self.text = text


class RetryLater(ConnectorError):  # noqa: N818 - named for what happens next, not for what went wrong
    """Raised when the source is busy or away: the stream is tried again after ``after``, its cursor unmoved."""

    def __init__(self, text: Text, after: timedelta = timedelta(minutes=5)) -> None:
        super().__init__(text)
        self.after = after


class Reauthorise(ConnectorError):  # noqa: N818
    """Raised when the source refuses our credentials: the connection waits for a person."""


class SourceRefused(ConnectorError):  # noqa: N818
    """Raised when the source answers that it will not do this, now or later: the stream becomes a problem."""


class TooLate(SourceRefused):
    """Raised by ``report_outcome`` when the source waits no longer for some outcomes, and never will again.

    ``late`` says by stream and source id what a person does about each. They are not told again before the source sends
    the record anew; the other outcomes of the call count as told.
    """

    def __init__(self, text: Text, late: Mapping[tuple[str, str], Text]) -> None:
        super().__init__(text)
        self.late = dict(late)


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person may answer about a record that cannot be used as it is: a line ``key = word`` of a setting.

    ``words`` are offered with what each means; ``like`` is the source id, in the same stream, of the record that the
    question compares it with.
    """

    setting: str
    key: str
    words: tuple[tuple[str, Text], ...]
    like: str = ""


class BadRecord(ConnectorError):  # noqa: N818
    """Raised when one record cannot be used: that record becomes a problem, the others go on.

    With ``answers`` the problem itself asks, and the record is mapped again once a person said one of the words.
    """

    def __init__(self, field: str, reason: Text, code: str = BAD_RECORD, answers: Answers | None = None) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason
        self.code = code
        self.answers = answers
