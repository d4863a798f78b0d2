"""A twin behind a real address: what it answers, and what comes of a twin that fails."""

from __future__ import annotations

import atexit
import json

import httpx
import pytest

from raccord.plugin.testing import TwinAnswer, TwinRequest, served_twin

CLIENT = httpx.Client(verify=False, trust_env=False)  # noqa: S501 - plain HTTP on this machine
atexit.register(CLIENT.close)


def answer(request: TwinRequest) -> TwinAnswer:
    if request.path == "/broken":
        raise KeyError("rows")
    said = {"method": request.method, "path": request.path, "params": request.params, "body": request.body.decode()}
    return TwinAnswer(
        200, json.dumps(said).encode(), {"content-type": "application/json", "x-seen": request.headers["x-by"]}
    )


def test_a_served_twin_gets_the_request_and_answers_it(capsys: pytest.CaptureFixture[str]) -> None:
    with served_twin(answer) as address:
        found = CLIENT.post(f"{address}/v1/sales?after=7&empty=", content=b"{}", headers={"X-By": "me"})
        broken = CLIENT.get(f"{address}/broken", headers={"X-By": "me"})
    assert found.json() == {"method": "POST", "path": "/v1/sales", "params": {"after": "7", "empty": ""}, "body": "{}"}
    assert (found.headers["x-seen"], broken.status_code) == ("me", 500)
    assert "KeyError: 'rows'" in capsys.readouterr().err, "who wrote the twin reads why"
