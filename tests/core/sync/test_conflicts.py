"""Something in QuickBooks stands in a draft's way: held until a person, an extension or the connector answers."""

from __future__ import annotations

from types import ModuleType

import pytest
import till
from harness import OWNER, catalog_of, choose_usual, enable, sync
from moments import Moments
from sqlalchemy import select
from till_company import again

from raccord.errors import RaccordError
from raccord.onboarding.deciding.decisions import answer_conflict
from raccord.onboarding.deciding.seen_questions import question_seen
from raccord.overview.answers import conflict_said
from raccord.overview.records import record_story
from raccord.plugin import Conflict, ConflictContext, ConflictKind, Resolution, ResolutionKind, Text, hookimpl
from raccord.scope import Scopes
from raccord.store.models import Company, Connection, DraftRow, DraftState, Hold, LinkRow, LinkState, Proof, RunState
from raccord.sync.bodies import mark
from raccord.sync.resolving.conflict_rules import MATCHED_EDITED
from raccord.sync.workshop import Workshop

pytestmark = pytest.mark.either_database

SALE = {"stream": "sales", "id": "s1", "day": "2026-03-02", "amount": "10.00"}


def take_the_number(workshop: Workshop, connection: Connection, company: Company) -> str:
    """Let somebody else's receipt bear the number that ours will want; returns its id."""
    till.ROWS["T1"] = [SALE]
    choose_usual(workshop, connection, company)
    client = workshop.client(company)
    item = client.query("SELECT * FROM Item WHERE Type = 'Service'")[0]
    code = next(row for row in client.query("SELECT * FROM TaxCode") if "TVQ" in row["Name"])
    number = f"TIL-{mark(company.realm, connection.id, 'sales/s1')}"
    body = (
        f'{{"DocNumber":"{number}","TxnDate":"2026-03-02","GlobalTaxCalculation":"TaxInclusive","Line":[{{"Amount":8.70,'
        '"DetailType":"SalesItemLineDetail","SalesItemLineDetail":{"TaxInclusiveAmt":10.00,'
        f'"ItemRef":{{"value":"{item["Id"]}"}},"TaxCodeRef":{{"value":"{code["Id"]}"}}}}}}]}}'
    )
    return str(client.create("SalesReceipt", body, "by-hand").value["Id"])


def test_a_number_that_is_taken_holds_the_draft_and_is_not_sent_again(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    take_the_number(workshop, connection, company)
    for _ in range(2):
        assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        assert hold.code == "conflict.duplicate_number"
        assert session.scalars(select(DraftRow)).one().state == DraftState.HELD
    assert workshop.client(company).count("SalesReceipt") == 1


def test_a_person_links_the_document_that_was_there(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    there = take_the_number(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    answer_conflict(workshop, OWNER, hold.id, ResolutionKind.LINK, there)
    assert sync(workshop, connection).state == RunState.DONE
    with workshop.database.read() as session:
        link = session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).one()
        assert (link.document_id, link.origin, str(link.amount)) == (there, "linked", "10.00")
        assert session.scalars(select(Hold).where(Hold.closed_at.is_(None))).all() == []
        assert all(proof.equal for proof in session.scalars(select(Proof)))
    assert workshop.client(company).count("SalesReceipt") == 1


def test_an_answer_that_the_conflict_does_not_allow_is_refused(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    take_the_number(workshop, connection, company)
    sync(workshop, connection)
    with workshop.database.read() as session:
        hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
    with pytest.raises(RaccordError, match=r"conflict\.not_allowed"):
        answer_conflict(workshop, OWNER, hold.id, ResolutionKind.RESTORE_OURS)


def test_the_connector_answers_through_its_hook(workshop: Workshop, connection: Connection, company: Company) -> None:
    asked: list[Conflict] = []

    @hookimpl
    def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution:
        asked.append(conflict)
        return Resolution(ResolutionKind.SKIP)

    answering = ModuleType("till_that_answers")
    answering.__dict__.update({**vars(till), "on_conflict": on_conflict})
    workshop.scopes = Scopes(catalog_of(answering))
    take_the_number(workshop, connection, company)
    sync(workshop, connection)
    sync(workshop, connection)
    assert [conflict.kind for conflict in asked] == [ConflictKind.DUPLICATE_NUMBER]
    with workshop.database.read() as session:
        assert session.scalars(select(DraftRow)).one().state == DraftState.SKIPPED


def test_an_extension_that_answers_nothing_else_answers_a_conflict_and_its_record_says_so(
    workshop: Workshop, connection: Connection, company: Company
) -> None:
    @hookimpl
    def on_conflict(context: ConflictContext, conflict: Conflict) -> Resolution | None:
        mine = conflict.kind is ConflictKind.DUPLICATE_NUMBER
        return Resolution(ResolutionKind.SKIP, reason=Text("Saisi.", "Typed in.")) if mine else None

    rules = ModuleType("house_rules")
    rules.__dict__["on_conflict"] = on_conflict
    workshop.scopes = Scopes(catalog_of(till, extensions={"house": rules}))
    enable(workshop, company, "house")
    take_the_number(workshop, connection, company)
    sync(workshop, connection)
    sync(workshop, connection)
    with workshop.database.read() as session:
        draft = session.scalars(select(DraftRow)).one()
        story = record_story(session, draft.record_id or 0)
    assert draft.state == DraftState.SKIPPED
    assert story is not None
    [told] = story.answers
    assert (told.hook, told.plugin, told.version, told.about) == (
        "on_conflict", "house", "2.1", "conflict.duplicate_number",
    )  # fmt: skip
    assert (conflict_said(told, "en"), told.reason) == (("Number taken", "do not post it"), Text("Saisi.", "Typed in."))


@pytest.mark.parametrize(
    ("answer", "documents", "state"),
    [
        (None, 0, DraftState.HELD),
        (ResolutionKind.KEEP_THEIRS, 0, DraftState.SKIPPED),
        (ResolutionKind.RESTORE_OURS, 1, DraftState.POSTED),
    ],
)
def test_a_deleted_document_comes_back_only_if_a_person_says_so(
    workshop: Workshop,
    connection: Connection,
    company: Company,
    till_moments: Moments,
    answer: ResolutionKind | None,
    documents: int,
    state: DraftState,
) -> None:
    till.ROWS["T1"] = [SALE]
    client = workshop.client(company)

    def live() -> None:
        choose_usual(workshop, connection, company)
        sync(workshop, connection)
        [receipt] = client.query_all("SalesReceipt")
        client.delete("SalesReceipt", receipt["Id"], receipt["SyncToken"], "by-hand")
        with workshop.database.begin() as session:
            session.scalars(select(LinkRow).where(LinkRow.kind == "SalesReceipt")).one().state = LinkState.DELETED
            session.scalars(select(DraftRow)).one().state = DraftState.WAITING
        sync(workshop, connection)

    again(till_moments, workshop, "a posted document was deleted", live)
    if answer is not None:
        with workshop.database.read() as session:
            hold = session.scalars(select(Hold).where(Hold.closed_at.is_(None))).one()
        answer_conflict(workshop, OWNER, hold.id, answer)
        sync(workshop, connection)
    assert client.count("SalesReceipt") == documents
    with workshop.database.read() as session:
        assert session.scalars(select(DraftRow)).one().state == state


def test_a_question_about_an_edited_document_is_another_one_once_it_is_edited_again() -> None:
    said = {"kind": "Purchase", "id": "7", "amount": "-21.30", "day": "2026-03-04"}
    once, again = (question_seen(MATCHED_EDITED, each) for each in (said, {**said, "amount": "-30.00"}))
    assert once != again
    assert once == question_seen(MATCHED_EDITED, dict(said))
