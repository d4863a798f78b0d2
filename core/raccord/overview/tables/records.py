"""The records that a list shows, as a table to take away, with the documents that they became."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from raccord.onboarding.closing.export import MARK, cell_text, table_bytes
from raccord.overview.lines.line_deciders import answers_of_records
from raccord.overview.lines.rule_sentences import answer_said
from raccord.overview.lines.rule_views import RuleAnswer
from raccord.overview.listing import MOST, Within
from raccord.overview.records import RecordView, records_after
from raccord.overview.sought import Wanted
from raccord.plugin.texts import Language
from raccord.store.database import Database

COLUMNS = (
    "day", "company", "connection", "stream", "source_id", "about", "amount", "currency", "fate", "reason", "category",
    "documents", "fetched_at",
)  # fmt: skip
"""What programs know the columns by."""


class Worded(Protocol):
    """How a table for people names its columns, and says what programs are told by codes."""

    @property
    def language(self) -> Language: ...

    def heading(self, column: str) -> str: ...

    def stream(self, view: RecordView) -> str: ...

    def fate(self, view: RecordView) -> str: ...

    def reason(self, view: RecordView, code: str) -> str: ...

    def kind(self, entity: str) -> str: ...


class Codes:
    """The words of a table for programs."""

    language: Language = "en"

    def heading(self, column: str) -> str:
        return column

    def stream(self, view: RecordView) -> str:
        return view.stream

    def fate(self, view: RecordView) -> str:
        return str(view.fate)

    def reason(self, view: RecordView, code: str) -> str:
        return code

    def kind(self, entity: str) -> str:
        return entity


CODES = Codes()
"""The words of programs, as the API gives them."""


def record_table(
    database: Database, wanted: Wanted, within: Within, words: Worded = CODES
) -> Iterator[bytes]:  # fmt: skip
    """Return the records of a list as CSV, ``MOST`` at a time, the newest day first.

    Days are ISO and amounts have a point in every language; ``category`` is what a bank line was said to be. No cell
    begins as a formula of a spreadsheet does. What comes in meanwhile stays out, and nothing comes twice.
    """
    yield table_bytes([[words.heading(column) for column in COLUMNS]], mark=MARK)
    while True:
        with database.read() as session:
            rows = records_after(session, wanted, within=within, limit=MOST)
            answers = answers_of_records(session, [each.id for each in rows])
        if not rows:
            return
        yield table_bytes([_cells(each, answers, words) for each in rows])
        wanted = replace(wanted, before=(rows[-1].day, rows[-1].id))


def _cells(view: RecordView, answers: Mapping[int, RuleAnswer], words: Worded) -> Sequence[str]:
    written = [f"{words.kind(each.kind)} {each.number or each.document_id}" for each in view.documents if each.there]
    why = view.reason or next((each.reason for each in view.documents if each.reason and not each.there), "")
    answer = answers.get(view.id)
    values = (
        view.day, view.company, view.connection, words.stream(view), view.source_id,
        view.title.text if view.title else "", view.amount, view.currency, words.fate(view),
        words.reason(view, why) if why else "", answer_said(answer).get(words.language) if answer else "",
        "; ".join(written), view.fetched_at,
    )  # fmt: skip
    return [cell_text(value, name) for name, value in zip(COLUMNS, values, strict=True)]
