"""Runs a parsed query over the tables."""

from __future__ import annotations

from collections.abc import Iterable

from raccord_sandbox.entities.kind import Family, Kind, Operation
from raccord_sandbox.entities.registry import BY_NAME
from raccord_sandbox.keeping.company import Company
from raccord_sandbox.keeping.table import EQUALITY, UPDATED, Table
from raccord_sandbox.operations import shown
from raccord_sandbox.querying.conditions import checked, instant_of, property_of, sort_key, tests_of, value_of
from raccord_sandbox.querying.query import Comparison, Condition, Leniency, Query, parse, validation_error
from raccord_sandbox.refusing.faults import Doc

CORE = ("Id", "SyncToken", "MetaData", "domain")


def run(company: Company, statement: str, include: Iterable[str] = ()) -> Doc:
    """Execute a statement and return the `QueryResponse` block; `include` is as in a read."""
    query = parse(statement, _leniency(company))
    kind = BY_NAME.get(query.entity.lower())
    if kind is None or Operation.QUERY not in kind.operations:
        raise validation_error(f"Entity {query.entity} is not queryable")
    conditions = [checked(kind, condition) for condition in query.conditions]
    if kind.family is Family.LIST and not any(condition.name == "Active" for condition in conditions):
        conditions.append(Condition("Active", Comparison.EQUAL, ("true",)))
    order = [(property_of(kind, name), descending) for name, descending in query.order]
    _check_projection(kind, query)
    table = company.table(kind.name)
    tests = [*tests_of(conditions)]
    found = []
    # Without a wish for order the objects come by id: one more than the page holds tells that there are more.
    enough = None if query.count or order else query.start + query.limit
    for doc in _candidates(table, conditions):
        # Balances are computed at reading, so a condition on one needs the shown object.
        seen = shown(company, kind, doc) if _needs_render(kind, conditions, order) else doc
        if all(test(seen) for test in tests):
            found.append(seen)
            if len(found) == enough:
                break
    if query.count:
        return {"totalCount": len(found)}
    for name, descending in reversed(order):
        found.sort(key=lambda doc, name=name: sort_key(value_of(doc, name)), reverse=descending)  # type: ignore[misc]
    page = [shown(company, kind, doc, include) for doc in found[query.start - 1 : query.start - 1 + query.limit]]
    if not page:
        return {}
    projects = query.names and company.switch("project_queries")
    answer: Doc = {
        kind.name: [_projected(doc, query) for doc in page] if projects else page,
        "startPosition": query.start,
        "maxResults": len(page),
    }
    if query.start == 1 and len(page) == len(found):
        answer["totalCount"] = len(found)
    return answer


def _leniency(company: Company) -> Leniency:
    return Leniency(
        cap=bool(company.switch("cap_max_results")),
        not_equal=bool(company.switch("accept_not_equal")),
        start_zero=bool(company.switch("accept_start_position_zero")),
        order_by=bool(company.switch("accept_order_by")),
    )


def _needs_render(kind: Kind, conditions: list[Condition], order: list[tuple[str, bool]]) -> bool:
    names = {condition.name for condition in conditions} | {name for name, _ in order}
    return kind.render is not None and bool(names & {"Balance", "CurrentBalance"})


def _candidates(table: Table, conditions: list[Condition]) -> Iterable[Doc]:
    """Return the smallest set an index offers, by id."""
    best: list[str] | None = None
    for condition in conditions:
        keys = _indexed(table, condition)
        if keys is not None and (best is None or len(keys) < len(best)):
            best = keys
    if best is None:
        return table.by_id()
    return (doc for key in table.in_order(best) if (doc := table.get(key)) is not None)


def _indexed(table: Table, condition: Condition) -> list[str] | None:
    exact = condition.comparison in (Comparison.EQUAL, Comparison.IN)
    if condition.name == "Id" and exact:
        return [key for key in condition.values if table.get(key) is not None]
    if condition.name in EQUALITY and exact:
        return [key for value in condition.values for key in table.having(condition.name, value)]
    if condition.name == "TxnDate":
        first, last = _range(condition, "", "9999-12-31")
        if first is None or 2 * table.count_dated(first, last) > len(table):
            return None
        return list(table.dated(first, last))
    if condition.name == UPDATED:
        between = _instants(condition)
        # An index of nearly everything is no help: it would have to be put in order first.
        if between is None or 2 * table.count_updated(*between) > len(table):
            return None
        return table.updated(*between)
    return None


def _instants(condition: Condition) -> tuple[float, float] | None:
    moment = instant_of(condition.values[0])
    match condition.comparison:
        case Comparison.GREATER | Comparison.GREATER_OR_EQUAL:
            return moment, float("inf")
        case Comparison.LESS | Comparison.LESS_OR_EQUAL:
            return float("-inf"), moment
        case Comparison.EQUAL:
            return moment, moment
        case _:
            return None


def _range(condition: Condition, low: str, high: str) -> tuple[str | None, str]:
    value = condition.values[0]
    match condition.comparison:
        case Comparison.GREATER | Comparison.GREATER_OR_EQUAL:
            return value, high
        case Comparison.LESS | Comparison.LESS_OR_EQUAL:
            return low, value
        case _:
            return None, high


def _check_projection(kind: Kind, query: Query) -> None:
    known = {name.lower() for name in (*kind.properties, *kind.computed, *kind.kept, *CORE, "sparse")}
    for name in query.names:
        if name.split(".")[0].lower() not in known:
            raise validation_error(f"Property {name} not found for Entity {kind.name}")


def _projected(doc: Doc, query: Query) -> Doc:
    wanted = {name.split(".")[0].lower() for name in query.names}
    kept = {name: value for name, value in doc.items() if name.lower() in wanted or name in CORE}
    return {**kept, "sparse": True}
