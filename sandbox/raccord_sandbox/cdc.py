"""Change data capture: what changed and what was deleted since a moment."""

from __future__ import annotations

from datetime import timedelta

from raccord_sandbox.clock import PACIFIC, moment_of
from raccord_sandbox.entities.kind import Kind, Operation
from raccord_sandbox.entities.registry import BY_NAME
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.table import rank
from raccord_sandbox.operations import shown
from raccord_sandbox.refusing.faults import Doc, FaultError, missing, unsupported

MAX_OBJECTS = 1000
LOOK_BACK = timedelta(days=30)
NOT_COVERED = frozenset({"CustomerType", "JournalCode", "TaxAgency", "TaxCode", "TaxRate", "TimeActivity"})


def changes(company: Company, entities: str, changed_since: str) -> list[Doc]:
    """Return the `CDCResponse` block: one answer for each named entity, in the order of the request."""
    kinds = _kinds(entities)
    moment = _moment(company, changed_since)
    room = MAX_OBJECTS
    answers = []
    for kind in kinds:
        answer, used = _answer(company, kind, moment, room)
        answers.append(answer)
        if not company.settings.get("cdc_limit_per_entity"):
            room -= used
    return [{"QueryResponse": answers}]


def _kinds(entities: str) -> list[Kind]:
    names = [name.strip() for name in entities.split(",") if name.strip()]
    if not names:
        raise missing("entities")
    kinds: dict[str, Kind] = {}
    for name in names:
        kind = BY_NAME.get(name.lower())
        if kind is None:
            raise FaultError(2000, f"Invalid or unsupported object name : {name}", name)
        if kind.name in NOT_COVERED or Operation.QUERY not in kind.operations:
            raise unsupported(f"cdc of {kind.name}")
        kinds[kind.name] = kind
    return list(kinds.values())


def _moment(company: Company, text: str) -> float:
    if not text.strip():
        raise missing("changedSince")
    moment = moment_of(text.strip())
    if moment is None:
        raise FaultError(2060, f"Invalid Date Format : {text}", "changedSince")
    # By days, because the parameter may be a mere date and that of thirty days ago is documented to do.
    if moment.astimezone(PACIFIC).date() < company.clock.today() - LOOK_BACK:
        raise unsupported(f"cdc with changedSince date {text} which is older than fixed days")
    return moment.timestamp()


def _answer(company: Company, kind: Kind, moment: float, room: int) -> tuple[Doc, int]:
    """Return one entity's block and how many objects it holds: those that live by id, then the deleted."""
    table = company.table(kind.name)
    living = sorted(set(table.updated(moment, float("inf"))), key=rank)
    deleted = company.deletions.since(kind.name, moment)
    docs = [doc for key in living[:room] if (doc := table.get(key)) is not None]
    objects = [shown(company, kind, doc) for doc in docs]
    objects += [_stub(one.id, one.at) for one in deleted[: room - len(objects)]]
    if not objects:
        return {}, 0
    answer: Doc = {kind.name: objects, "startPosition": 1, "maxResults": len(objects)}
    if len(objects) == len(living) + len(deleted):
        answer["totalCount"] = len(objects)
    return answer, len(objects)


def _stub(key: str, at: str) -> Doc:
    return {"domain": "QBO", "status": "Deleted", "Id": key, "MetaData": {"LastUpdatedTime": at}}
