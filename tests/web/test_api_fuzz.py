"""Whatever the API's document allows, and what it does not: no answer is a mistake of ours, none is undocumented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from programs import BASE, member
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from raccord.jobs.inline import HandOver
from raccord.onboarding.access.api_tokens import Scope, make_token
from raccord.onboarding.access.people import RoleName
from raccord.sync.workshop import Workshop
from raccord_web.api import programs
from raccord_web.api.application import PATH
from raccord_web.app import create_app

HOST = BASE.partition("://")[2]
CONFIG = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
"""Tokens that are none have tests of their own; here every call is let in."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]


@pytest.fixture
def attacked(workshop: Workshop, theirs: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[FastAPI, str]:
    """The application with a token that may do everything, as often as it likes."""
    monkeypatch.setattr(programs, "CALLS_A_MINUTE", 1_000_000)
    person_id = member(workshop, "fuzz@example.ca", RoleName.OWNER, theirs["company_id"])
    return create_app(workshop, HandOver()), make_token(workshop, person_id, theirs["company_id"], "x", Scope.OWN)[1]


def attack(app: FastAPI, token: str, theirs: dict[str, str], examples: int) -> Counter[int]:
    """Call every operation with what the document allows and what it forbids; return how often each status came."""
    schema = schemathesis.openapi.from_asgi(f"{PATH}/openapi.json", app, headers={"Host": HOST}, config=CONFIG)
    statuses: Counter[int] = Counter()
    for operation in operations(schema):
        for mode in MODES if forbids(operation.definition.raw) else MODES[:1]:

            @settings(
                max_examples=examples,
                derandomize=True,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode), real=st.sampled_from((True, True, False)))
            def call(case: Case, real: bool) -> None:
                if real:
                    known = {name: value for name, value in case.path_parameters.items() if name not in theirs}
                    case.path_parameters = {
                        **known,
                        **{name: theirs[name] for name in case.path_parameters if name in theirs},
                    }
                answer = case.call_and_validate(
                    headers={"Authorization": f"Bearer {token}", "Host": HOST}, checks=CHECKS
                )
                statuses[answer.status_code] += 1

            call()
    return statuses


def forbids(operation: dict[str, Any]) -> bool:
    """Tell whether anything can be sent that the document forbids: of an id every text is one, and none is missed."""
    given = operation.get("parameters", ())
    ids = all(set(each["schema"]) <= {"type", "title"} and each["in"] == "path" for each in given)
    return "requestBody" in operation or not ids


def operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        yield found.ok()


def test_no_call_is_answered_by_a_mistake_or_by_what_is_not_documented(
    attacked: tuple[FastAPI, str], theirs: dict[str, str]
) -> None:
    statuses = attack(*attacked, theirs, 2)

    assert statuses[200] > 50
    assert statuses[401] == 0
    assert {400, 404, 409} <= set(statuses)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_call_of_very_many_is_either(attacked: tuple[FastAPI, str], theirs: dict[str, str]) -> None:
    assert attack(*attacked, theirs, 40)[200] > 500
