"""Duplicates of an import through the JSON API: several at once, by the same checks as on their page."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from boreale import Boreale, boreale
from harness import OWNER, finish, lab
from programs import program
from sqlalchemy import select
from starlette.testclient import TestClient

from raccord.jobs.inline import HandOver
from raccord.jobs.list_requests import request_lists
from raccord.onboarding.access.api_tokens import Scope
from raccord.onboarding.access.people import RoleName
from raccord.plugin.info import Mode
from raccord.store.database import Database
from raccord.store.models import DraftRow, Event
from raccord.sync.resolving.conflicts import DECISION
from raccord_plannit.sandbox.firm import Firm
from raccord_plannit.sandbox.service import TOKEN as TWIN
from raccord_plannit.sandbox.service import Service, serving
from raccord_sandbox.serving.server import SandboxServer
from raccord_web.api.application import PATH
from raccord_web.app import create_app


def rows(client: TestClient, made: Boreale, **asked: Any) -> list[dict[str, Any]]:
    found = client.get(f"{PATH}/connections/{made.connection.id}/doubles", params=asked)
    assert found.status_code == 200
    return list(found.json()["rows"])


@pytest.mark.requirement("PL-30", "PL-31")
def test_duplicates_of_an_import_are_kept_apart_linked_and_deleted_several_at_once(
    database: Database, data_dir: Path, sandbox: SandboxServer
) -> None:
    service = Service(Firm())
    firm, here = service.firm, ExitStack()
    with (
        here,
        boreale(
            database, data_dir, sandbox, Mode.ALREADY_RUNNING, input_kind="pull",
            base_url=here.enter_context(serving(service)), token=TWIN,
        ) as made,
    ):  # fmt: skip
        firm.tax_group()
        names = ("Atelier Côté", "Jean Hébert", "Zoé Roy", "Bois Nord")
        earlier = {name: firm.contact(name) for name in names}
        for name in names:
            lab(sandbox, "create", entity="Customer", changes={"DisplayName": f"{name} inc."})
        made.sync()
        firm.now = made.clock.now()
        run = request_lists(made.workshop, HandOver(), OWNER, made.connection.id, ["contacts"])
        finish(made.workshop, run)
        made.sync()
        client = program(
            made.workshop, create_app(made.workshop, HandOver()), RoleName.ADMIN, Scope.MANAGE, made.company.id
        )
        address = f"{PATH}/connections/{made.connection.id}/doubles"
        found = {str(each["name"]): each for each in rows(client, made)}
        assert set(found) == {f"{name} inc." for name in names}
        first = client.get(address, params={"list": "contacts", "limit": 3}).json()
        assert (len(first["rows"]), first["total"]) == (3, 4)
        assert len(rows(client, made, limit=3, cursor=first["next"])) == 1
        cote = found["Atelier Côté inc."]
        assert cote["earlier"] == [
            {"id": earlier["Atelier Côté"], "name": "Atelier Côté", "tagged": False, "linked": False,
             "reasons": ["name"]}
        ]  # fmt: skip
        ids = {name: str(found[f"{name} inc."]["id"]) for name in names}

        def answer(way: str, *entries: dict[str, str], wanted: str = "contacts") -> tuple[int, dict[str, Any]]:
            said = client.post(address, json={"list": wanted, "way": way, "entries": list(entries)})
            return said.status_code, said.json()

        # One that is no duplicate stops all of the call, whatever is asked of it.
        for way, entry in (("keep", {"id": "999"}), ("delete", {"id": "999"})):
            status, said = answer(way, {"id": ids["Zoé Roy"]}, entry)
            assert (status, said["code"]) == (409, "list.no_pair" if way == "keep" else "list.no_double")
        wrong = {"id": ids["Bois Nord"], "earlier": earlier["Zoé Roy"]}
        status, said = answer("link", {"id": ids["Atelier Côté"], "earlier": earlier["Atelier Côté"]}, wrong)
        assert (status, said["code"]) == (409, "list.no_pair")
        with made.workshop.database.read() as session:
            assert not any(DECISION in each.decisions for each in session.scalars(select(DraftRow)))
        for way, entries in (
            ("link", [{"id": ids["Zoé Roy"]}]),
            ("keep", [{"id": ids["Zoé Roy"], "earlier": earlier["Zoé Roy"]}]),
            ("keep", [{"id": ids["Zoé Roy"]}, {"id": ids["Zoé Roy"]}]),
            ("keep", []),
            ("merge", [{"id": ids["Zoé Roy"]}]),
        ):
            assert answer(way, *entries)[0] == 400, way
        assert answer("keep", {"id": ids["Zoé Roy"]}, wanted="items")[1]["code"] == "list.other_mode"
        assert answer("delete", {"id": earlier["Zoé Roy"]})[1]["code"] == "list.no_double", "an original never goes"

        assert answer("keep", {"id": ids["Jean Hébert"]}, {"id": ids["Zoé Roy"]}) == (
            200, {"done": 2, "refused": [], "left": 0},
        )  # fmt: skip
        assert [each["name"] for each in rows(client, made)] == ["Atelier Côté inc.", "Bois Nord inc."]
        linked = {"id": ids["Atelier Côté"], "earlier": earlier["Atelier Côté"]}
        assert answer("link", linked)[1]["done"] == 1
        assert rows(client, made)[0]["earlier"] == [{**cote["earlier"][0], "linked": True}]
        gone = str(found["Bois Nord inc."]["source_id"])
        firm.objects["payment"]["P9"] = {"contact_id": gone}
        status, said = answer("delete", {"id": ids["Bois Nord"]})
        assert (status, said["done"], said["left"]) == (200, 0, 0)
        (refused,) = said["refused"]
        assert (refused["source_id"], "des factures" in refused["why"]["fr"]) == (gone, True)
        del firm.objects["payment"]["P9"]
        assert answer("delete", {"id": ids["Bois Nord"]})[1]["done"] == 1
        assert firm.objects["contact"][gone]["deleted"] is True
        assert not firm.objects["contact"][earlier["Bois Nord"]].get("deleted")
        here.close()
        status, said = answer("delete", {"id": ids["Atelier Côté"]})
        assert (status, said["code"]) == (409, "list.source_refused"), "the source does not answer"
        with made.workshop.database.read() as session:
            told = session.scalars(select(Event).where(Event.action.startswith("list.double")).order_by(Event.seq))
            assert [(each.action, each.actor.partition(" ")[2]) for each in told] == [
                ("list.double_kept", "(till reader)"), ("list.double_kept", "(till reader)"),
                ("list.double_linked", "(till reader)"), ("list.doubles_deleted", "(till reader)"),
                ("list.doubles_deleted", "(till reader)"),
            ]  # fmt: skip
