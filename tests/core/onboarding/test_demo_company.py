"""A demonstration that is started again finds all its companies at the sandbox's new address."""

from __future__ import annotations

from sqlalchemy import select

from raccord.cli.demo.books import connect_company
from raccord.store.models import Company
from raccord.sync.workshop import Workshop
from raccord_sandbox.serving.server import SandboxServer

NOBODY = "http://127.0.0.1:9"


def test_companies_that_a_person_connected_move_with_the_sandbox_of_the_demonstration(
    workshop: Workshop, sandbox: SandboxServer, company: Company, other_company: Company
) -> None:
    with workshop.database.begin() as session:
        for each in session.scalars(select(Company)):
            each.environment = NOBODY
    assert connect_company(workshop, company.realm).id == company.id
    with workshop.database.read() as session:
        assert {each.environment for each in session.scalars(select(Company))} == {sandbox.url}
    other = connect_company(workshop, other_company.realm)
    assert (other.id, other.name) == (other_company.id, other_company.name)
