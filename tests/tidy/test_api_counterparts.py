"""What the pages do and the API: every form of the pages has its call, or a reason why programs have none."""

from __future__ import annotations

from fastapi.routing import APIRoute

from raccord_web.api.application import ROUTERS, openapi
from raccord_web.app import OPEN_SCREENS, SCREENS

OF_A_BROWSER = "It is about a browser's session, its look or its password; a program has a token in their place."
OF_PEOPLE = "Who has access is said by people: a token that lets others in would outlive what its person may do."
OF_TOKENS = "No token makes or ends another: one that got out could give itself a longer life."
OF_A_FILE = "Programs hand files in by the connection's folder or by signed messages, which have room for them."
OF_A_RECEIPT = "A call has room for 64 KiB, less than a photographed receipt; people attach them on the page."
OF_THE_BENCH = (
    "Programs that try connectors run `raccord bench --json`, which needs no token and has room for a recording."
)

CALLS = {
    "/connections/{connection_id}/runs": ["/connections/{connection_id}/runs"],
    "/connections/{connection_id}/pause": ["/connections/{connection_id}/pause"],
    "/connections/{connection_id}/resume": ["/connections/{connection_id}/resume"],
    "/connections/{connection_id}/disconnect": ["/connections/{connection_id}/disconnect"],
    "/connections/{connection_id}/remove": ["/connections/{connection_id}/remove"],
    "/connections/{connection_id}/settings": ["/connections/{connection_id}/settings"],
    "/connections/{connection_id}/options": [
        "/connections/{connection_id}/settings",
        "/connections/{connection_id}/scope",
        "/connections/{connection_id}/runs",
    ],
    "/connections/{connection_id}/choices": ["/connections/{connection_id}/choices"],
    "/connections/{connection_id}/accounts": ["/connections/{connection_id}/accounts"],
    "/connections/{connection_id}/backfill": ["/connections/{connection_id}/backfill"],
    "/connections/{connection_id}/backfill/back": ["/connections/{connection_id}/backfill/back"],
    "/connections/{connection_id}/managing": ["/connections/{connection_id}/managing"],
    "/connections/{connection_id}/mapping": [
        "/connections/{connection_id}/mapping",
        "/connections/{connection_id}/mapping/try",
        "/connections/{connection_id}/choices",
        "/connections/{connection_id}/choices/try",
        "/connections/{connection_id}/terms",
        "/connections/{connection_id}/terms/try",
    ],
    "/connections/{connection_id}/mapping/comments": ["/connections/{connection_id}/comments"],
    "/connections/{connection_id}/repost": [
        "/connections/{connection_id}/repost/try",
        "/connections/{connection_id}/repost",
        "/connections/{connection_id}/repost/cancel",
    ],
    "/connections/{connection_id}/linking": [
        "/connections/{connection_id}/link-suggested",
        "/connections/{connection_id}/choices",
    ],
    "/connections/{connection_id}/lists": ["/connections/{connection_id}/lists"],
    "/connections/{connection_id}/doubles": ["/connections/{connection_id}/doubles"],
    # Backups and their drill are asked for by `raccord backup` and `drill`, on the installation's machine.
    "/settings/start/{deed}": ["/retention"],
    "/connections/{connection_id}/baseline": [
        "/connections/{connection_id}/link-certain",
        "/connections/{connection_id}/told-again",
        "/holds/{hold_id}/conflict",
        "/connections/{connection_id}/runs",
    ],
    "/connections/{connection_id}/files/answer": ["/connections/{connection_id}/file-questions"],
    "/connections/{connection_id}/files/answers": ["/connections/{connection_id}/file-questions"],
    "/connections/{connection_id}/files/account": ["/connections/{connection_id}/file-accounts"],
    "/connections/{connection_id}/files/{number}/take-back": [
        "/connections/{connection_id}/files/{number}/take-back/try",
        "/connections/{connection_id}/files/{number}/take-back",
    ],
    "/connections/{connection_id}/gates": ["/connections/{connection_id}/gates"],
    "/connections/{connection_id}/setup/{step}": [
        "/connections/{connection_id}/mode",
        "/connections/{connection_id}/settings",
        "/connections/{connection_id}/choices",
        "/connections/{connection_id}/scope",
        "/connections/{connection_id}/activate",
        "/plans/{plan_id}/approve",
    ],
    "/connect/{connector}/source": ["/companies/{company_id}/connections"],
    "/connections/{connection_id}/approval": ["/connections/{connection_id}/approval"],
    "/connections/{connection_id}/closed": ["/connections/{connection_id}/closed"],
    "/connections/{connection_id}/closed-months": ["/connections/{connection_id}/closed-months"],
    "/connections/{connection_id}/days": ["/connections/{connection_id}/days"],
    "/connections/{connection_id}/upgrade": ["/connections/{connection_id}/upgrade"],
    # A secret that is shown once has none: an answer kept for repetition would keep it.
    "/connections/{connection_id}/webhooks": ["/connections/{connection_id}/webhooks/tell"],
    "/connections/{connection_id}/webhooks/close": ["/connections/{connection_id}/webhooks/close"],
    "/companies/{company_id}/bank-rules": [
        "/companies/{company_id}/bank-rules",
        "/companies/{company_id}/bank-rules/try",
    ],
    "/bank-rules/{rule_id}": ["/bank-rules/{rule_id}"],
    "/bank-rules/{rule_id}/{deed}": [
        "/bank-rules/{rule_id}/state",
        "/bank-rules/{rule_id}/accept",
        "/bank-rules/{rule_id}/remove",
    ],
    "/companies/{company_id}/certificates": ["/companies/{company_id}/certificates"],
    "/connections/{connection_id}/schedule": ["/connections/{connection_id}/schedule"],
    "/companies/{company_id}/night": ["/companies/{company_id}/night"],
    "/companies/{company_id}/statements": ["/companies/{company_id}/statements"],
    "/companies/{company_id}/suggestions": ["/companies/{company_id}/suggestions"],
    "/companies/{company_id}/suggestions/ask": ["/companies/{company_id}/suggestions/ask"],
    "/doctor": ["/companies/{company_id}/check-up"],
    "/drift": ["/connections/{connection_id}/drifts/settle"],
    "/drift/{drift_id}/{way}": ["/drifts/{drift_id}/settle"],
    "/plans/{plan_id}/approve": ["/plans/{plan_id}/approve"],
    "/plugins/{connector}/{deed}": ["/companies/{company_id}/plugins/{connector}/{deed}"],
    "/problems/mend": [
        "/connections/{connection_id}/choices",
        "/connections/{connection_id}/closed",
        "/connections/{connection_id}/problem-causes/{deed}",
    ],
    "/problems/of-cause/{deed}": ["/connections/{connection_id}/problem-causes/{deed}"],
    "/problems/{problem_id}/{deed}": ["/problems/{problem_id}/{deed}", "/problems/{problem_id}/resolved"],
    "/questions/{hold_id}/answer": ["/holds/{hold_id}/answer"],
    "/questions/{hold_id}/conflict": ["/holds/{hold_id}/conflict"],
    "/questions/{hold_id}/release": ["/holds/{hold_id}/release"],
    "/questions/{hold_id}/unmet": ["/holds/{hold_id}/unmet"],
    "/questions/{hold_id}/skip": ["/holds/{hold_id}/skip"],
    "/review/{hold_id}/add": ["/holds/{hold_id}/add"],
    "/review/{hold_id}/treat": ["/holds/{hold_id}/treat"],
    "/review/{hold_id}/alike": ["/holds/{hold_id}/treat"],
    "/review/{hold_id}/pay": ["/holds/{hold_id}/pay"],
    "/review/{hold_id}/undo": ["/holds/{hold_id}/take-back"],
    "/review/{hold_id}/two-sides": ["/holds/{hold_id}/two-sides"],
    "/review/together": ["/holds/{hold_id}/treat", "/holds/{hold_id}/pay"],
    "/connections/{connection_id}/undo": ["/connections/{connection_id}/undo-all"],
    "/records/undo": ["/connections/{connection_id}/undo"],
    "/records/{record_id}/undo": ["/records/{record_id}/undo"],
    "/runs": ["/companies/{company_id}/runs"],
    "/runs/{run_id}/undo": ["/runs/{run_id}/undo"],
    "/runs/{run_id}/{deed}": ["/runs/{run_id}/{deed}"],
}
"""The calls that do together what a form of the pages does; several lines at once are so many calls."""

WITHOUT = {
    "/csp-report": "Browsers tell here what a page was kept from; it is answered with nothing.",
    "/enter": OF_A_BROWSER,
    "/signin": OF_A_BROWSER,
    "/signin/provider": OF_A_BROWSER,
    "/signout": OF_A_BROWSER,
    "/settings/appearance": OF_A_BROWSER,
    "/settings/password": OF_A_BROWSER,
    "/settings/sessions/{session_id}/end": OF_A_BROWSER,
    "/setup": OF_PEOPLE,
    "/invitation/{secret}": OF_PEOPLE,
    "/people/invite": OF_PEOPLE,
    "/people/invitations/{invitation_id}/withdraw": OF_PEOPLE,
    "/people/{person_id}/{deed}": OF_PEOPLE,
    "/tokens": OF_TOKENS,
    "/tokens/{token_id}/revoke": OF_TOKENS,
    "/oauth/quickbooks/confirm/{secret}": "Intuit asks a person, in a browser.",
    "/oauth/quickbooks/start": "Intuit asks a person, in a browser.",
    "/connections/{connection_id}/switch": "A person reads both companies' names and types the word.",
    "/connections/{connection_id}/files": OF_A_FILE,
    "/hooks/{address}": "Sources call it themselves, with a signature in the place of a token.",
    "/plugins/{connector}/bench": OF_THE_BENCH,
    "/review/{hold_id}/attach": OF_A_RECEIPT,
    "/review/{hold_id}/detach": OF_A_RECEIPT,
    "/companies/{company_id}/export": "Everything in one file is for a person: a token that got out would take it.",
    "/help/docs/{room}/{page}": "What a reader says of a chapter; it does nothing to books.",
    "/records/{record_id}/by-hand": "A person reads first what follows for this one record; programs change settings.",
    "/connections/{connection_id}/imported": "It waits for its source; `raccord lists undo` is for programs.",
}
"""Forms without a call, each with its reason."""


def posting(routes: list[APIRoute]) -> set[str]:
    return {route.path for route in routes if "POST" in route.methods}


def test_every_form_of_the_pages_has_its_calls_or_a_reason_why_not() -> None:
    forms = posting(
        [each for screen in (*SCREENS, *OPEN_SCREENS) for each in screen.router.routes if isinstance(each, APIRoute)]
    )
    calls = posting([each for router in ROUTERS for each in router.routes if isinstance(each, APIRoute)])
    assert forms == {*CALLS, *WITHOUT}
    assert not set(CALLS) & set(WITHOUT)
    assert {call for those in CALLS.values() for call in those} == calls, "no call does what no page does"
    assert all(len(reason) > 30 for reason in WITHOUT.values())


def test_no_schema_is_called_by_the_module_that_it_stands_in() -> None:
    """Two models of one name would be told apart by their modules' names, which change without the API's changing."""
    assert [name for name in openapi()["components"]["schemas"] if "__" in name] == []
