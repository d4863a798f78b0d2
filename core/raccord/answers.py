"""What a hook may answer to what it was asked; each check returns what is wrong, without values, or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from raccord.plugin.hooks import Mapped, Skipped
from raccord.plugin.ledger import (
    TARGETED,
    AccountChoice,
    AccountNeed,
    Conflict,
    LedgerObject,
    PushResult,
    Resolution,
    SourceTask,
)
from raccord.plugin.ledger import ResolutionKind as Kind
from raccord.plugin.records import CURSOR_BYTES_MAX, PAGE_RECORDS_MAX, Page, Record
from raccord.plugin.signing import SignIn, Subscribed
from raccord.shapes import MisfitError, expect

DRAFTS_MAX = 1000
"""Most drafts that one record may become."""

SOURCE_ID_CHARACTERS_MAX = 500

SAFE_PAGES = ("https://", "http://127.0.0.1:", "http://localhost:")
"""How the address of a source's page may begin; on the machine itself, where trials run, nobody listens between."""

TASKS_MAX = 50

ASKS_MAX = 200
"""Most questions of one step of signing in, an account to choose being one each."""


def wrong_answer(hook: str, answer: object, asked: Mapping[str, object]) -> str | None:
    """Return what is wrong with the answer of ``hook`` to the arguments ``asked``, or nothing."""
    try:
        return _wrong(hook, answer, asked)
    except MisfitError as error:
        return str(error)


def _wrong(hook: str, answer: object, asked: Mapping[str, object]) -> str | None:
    match hook:
        case "fetch_records":
            return _page(expect(answer, Page), asked["stream"], asked["cursor"])
        case "map_record":
            record = cast(Record, asked["record"])
            return _skipped(answer) if isinstance(answer, Skipped) else _mapped(expect(answer, Mapped), record)
        case "resolve_account":
            return _choice(expect(answer, AccountChoice), cast(AccountNeed, asked["need"]))
        case "on_conflict":
            return _resolution(expect(answer, Resolution), cast(Conflict, asked["conflict"]))
        case "push_records":
            entries = cast(Sequence[LedgerObject], asked["documents"])
            return _pushed(expect(answer, PushResult), {each.id for each in entries})
        case "tend_list":
            return _pushed(expect(answer, PushResult), set(cast(Sequence[str], asked["source_ids"])))
        case "source_tasks":
            return _tasks(cast(Sequence[object], answer))
        case "report_outcome" | "close_source":
            expect(answer, bool)
            return None
        case "subscribe_messages":
            expect(answer, Subscribed)
            return None
        case "sign_in":
            return _signed_in(expect(answer, SignIn))
        case _:
            raise ValueError(f"no hook {hook}")


def _tasks(answer: Sequence[object]) -> str | None:
    tasks = [expect(each, SourceTask) for each in answer]
    if len(tasks) > TASKS_MAX or any(not 0 <= each.done <= each.of for each in tasks):
        return f"more than {TASKS_MAX} tasks, or one that is more than done"
    return None


def _signed_in(step: SignIn) -> str | None:
    keys = [ask.key for ask in step.asks]
    if len(keys) > ASKS_MAX or len(set(keys)) != len(keys) or not all(keys):
        return f"questions without a key, with the same key, or more than {ASKS_MAX}"
    return "a page that is no https address" if step.page and not step.page.startswith(SAFE_PAGES) else None


def _page(page: Page, stream: object, cursor: object) -> str | None:
    if len(page.records) > PAGE_RECORDS_MAX or len(page.rejects) > PAGE_RECORDS_MAX:
        return f"{len(page.records)} records and {len(page.rejects)} rejects on a page of {PAGE_RECORDS_MAX}"
    if page.cursor is not None and len(page.cursor.encode()) > CURSOR_BYTES_MAX:
        return f"a cursor of more than {CURSOR_BYTES_MAX} bytes"
    if page.more and page.cursor == cursor:
        return "more to come at the same cursor, which would never end"
    for place, record in enumerate(page.records):
        if record.stream != stream:
            return f".records[{place}] is of another stream than was asked for"
        if not 1 <= len(record.source_id) <= SOURCE_ID_CHARACTERS_MAX:
            return f".records[{place}].source_id is not 1 to {SOURCE_ID_CHARACTERS_MAX} characters long"
    for place, reject in enumerate(page.rejects):
        if reject.stream != stream:
            return f".rejects[{place}] is of another stream than was asked for"
        if not reject.where or not reject.code:
            return f".rejects[{place}] does not say where or why"
    return None


def _skipped(skipped: Skipped) -> str | None:
    return None if expect(skipped, Skipped).code else "skipped without a code"


def _mapped(mapped: Mapped, record: Record) -> str | None:
    if not 1 <= len(mapped.drafts) <= DRAFTS_MAX:
        return f"{len(mapped.drafts)} drafts; a record that posts nothing is Skipped with its reason"
    plain = record.key()
    keys = [draft.key for draft in mapped.drafts]
    for place, key in enumerate(keys):
        if key != plain and not key.startswith(f"{plain}#"):
            return f".drafts[{place}].key is not made with record.key()"
    return None if len(set(keys)) == len(keys) else "two drafts with one key"


def _choice(choice: AccountChoice, need: AccountNeed) -> str | None:
    return None if choice.id in {one.id for one in need.candidates} else "a choice that is none of the candidates"


def _resolution(resolution: Resolution, conflict: Conflict) -> str | None:
    # Holding is always allowed: it changes nothing.
    if resolution.kind is not Kind.HOLD and resolution.kind not in conflict.allowed:
        return f"{resolution.kind.value}, which this conflict does not allow"
    if resolution.kind in TARGETED and not resolution.target:
        return "a link to nothing" if resolution.kind is Kind.LINK else f"{resolution.kind.value} without a target"
    return None


def _pushed(result: PushResult, handed: set[str]) -> str | None:
    told = [one for one, _ in result.pushed] + [one for one, _ in result.refused]
    if not set(told) <= handed:
        return "an id that was not among those handed over"
    if not set(result.found) <= {one for one, _ in result.pushed}:
        return "an entry that was found and not taken"
    return None if len(set(told)) == len(told) else "one entry told twice"
