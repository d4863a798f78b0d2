"""Faults in every shape become the right cause and retry class."""

from __future__ import annotations

import json
import pickle

import pytest

from raccord.quickbooks import (
    Attempt,
    Cause,
    Fault,
    RefusedError,
    RetryClass,
    Uncertain,
    WrongCompanyError,
    explain,
)
from raccord.quickbooks.causes import VERDICTS
from raccord.quickbooks.errors import QuickBooksError
from raccord.quickbooks.faults import faults_in, read_faults


def _body(code: str, message: str = "", detail: str = "", element: str = "") -> bytes:
    error = {"Message": message, "Detail": detail, "code": code, "element": element}
    return json.dumps({"Fault": {"Error": [error], "type": "ValidationFault"}, "time": "x"}).encode()


CLOSED = "The account period has closed and the account books cannot be updated through through the QBO Services API."
NUMBER = "You must specify a different number. This number has already been used. DocNumber=1 is assigned"
INACTIVE = "Object Not Found : Something you're trying to use has been made inactive. Check the fields with accounts"


@pytest.mark.parametrize(
    ("code", "detail", "cause", "retry"),
    [
        ("120", "Authorization Failure -11014", "quickbooks.access_denied", "reauthorise"),
        ("500", "Operation Could not find resource", "posting.malformed", "never"),
        ("600", "", "quickbooks.uncertain", "uncertain"),
        ("610", "Another user has deleted this transaction.", "posting.gone", "reread"),
        ("620", "", "posting.link_refused", "wait_for_person"),
        ("1040", "", "quickbooks.too_large", "never"),
        ("2010", "", "posting.malformed", "never"),
        ("2020", "Required parameter CustomerRef is missing", "posting.required_missing", "wait_for_person"),
        ("2050", "Min:0 Max:21", "posting.too_long", "wait_for_person"),
        ("2170", "Invalid enumeration", "posting.malformed", "never"),
        ("2300", "", "posting.unbalanced", "wait_for_person"),
        ("2500", "Invalid Reference Id : Line", "posting.inactive_reference", "wait_for_person"),
        ("3200", "Token expired", "quickbooks.reauthorise", "refresh_token"),
        ("5010", "Stale Object Error", "posting.stale", "reread"),
        ("6000", "Business Validation Error: something", "posting.refused", "wait_for_person"),
        (
            "6000",
            "Make sure all your transactions have a GST/HST tax rate",
            "posting.missing_tax_code",
            "wait_for_person",
        ),
        ("6000", "Unexpected Internal Error. (-30000)", "quickbooks.access_denied", "reauthorise"),
        ("6100", "", "posting.missing_tax_code", "wait_for_person"),
        ("6140", NUMBER, "posting.duplicate_number", "wait_for_person"),
        ("6190", "your trial or subscription period ended", "quickbooks.subscription", "wait_for_person"),
        ("6200", CLOSED, "posting.period_closed", "wait_for_person"),
        ("6210", CLOSED, "posting.period_closed", "wait_for_person"),
        ("6210", NUMBER, "posting.duplicate_number", "wait_for_person"),
        ("6240", "The name supplied already exists.", "posting.duplicate_name", "wait_for_person"),
        ("6540", "This transaction has been deposited.", "posting.deposited", "wait_for_person"),
        ("987654", "a code of tomorrow", "posting.refused", "wait_for_person"),
    ],
)
def test_each_code_leads_to_its_cause_and_what_happens_next(code: str, detail: str, cause: str, retry: str) -> None:
    (fault,) = read_faults(_body(code, "m", detail), 400)
    assert (fault.cause, fault.retry) == (cause, retry)


# fmt: off
DOCUMENTED = (
    100, 110, 120, 130, 140, 150, 500, 600, 610, 620, 630, 700, 800, 900, 1000, 1010, 1020, 1040, 1050, 2000, 2010,
    2020, 2030, 2040, 2050, 2060, 2070, 2080, 2090, 2100, 2110, 2120, 2130, 2140, 2150, 2160, 2170, 2180, 2190, 2200,
    2210, 2220, 2230, 2240, 2250, 2260, 2270, 2280, 2290, 2300, 2500, 2600, 3000, 3001, 3100, 3200, 3202, 4000, 4001,
    4002, 5000, 5010, 5020, 5030, 6000, 6002, 6010, 6020, 6030, 6040, 6041, 6050, 6060, 6070, 6080, 6090, 6100, 6110,
    6120, 6130, 6140, 6150, 6160, 6170, 6180, 6190, 6200, 6210, 6220, 6230, 6240, 6250, 6270, 6280, 6290, 6300, 6310,
    6320, 6330, 6340, 6350, 6360, 6370, 6380, 6390, 6400, 6420, 6430, 6440, 6450, 6460, 6470, 6480, 6490, 6500, 6510,
    6520, 6530, 6540, 10000, 10100, 10200,
)
# fmt: on
"""Every error code of Intuit's "Error codes" page and of live answers."""


@pytest.mark.parametrize("code", [str(code) for code in DOCUMENTED])
def test_pain_7_t1_every_documented_code_has_a_cause_a_fix_and_a_retry_class_in_both_languages(code: str) -> None:
    assert code in VERDICTS, "its HTTP status alone would decide"
    retry, cause = VERDICTS[code]
    assert isinstance(retry, RetryClass)
    for language in ("fr", "en"):
        said = explain(cause, language)
        assert all((said.title, said.what, said.why, said.fix, said.who)), language


def test_not_found_means_a_reference_when_creating_and_the_object_itself_when_reading() -> None:
    assert read_faults(_body("610", "Object Not Found", INACTIVE), 400, operation="create")[0].cause is (
        Cause.INACTIVE_REFERENCE
    )
    for operation in ("read", "update", "delete", ""):
        (fault,) = read_faults(_body("610", "Object Not Found", INACTIVE), 400, operation=operation)
        assert (fault.cause, fault.retry) == (Cause.GONE, RetryClass.REREAD)


def test_a_fault_keeps_quickbooks_words_element_and_correlation_id() -> None:
    (fault,) = read_faults(_body("2050", "String length", "Max:21", "DocNumber"), 400, "1-abc")
    assert fault == Fault("2050", "String length", "Max:21", "DocNumber", "ValidationFault", 400, "1-abc")
    assert str(fault) == "2050 String length [DocNumber]: Max:21"


def test_several_errors_of_one_fault_are_all_read() -> None:
    errors = [{"Message": "a", "code": "2020"}, {"Message": "b", "code": "2050"}]
    found = faults_in({"Fault": {"Error": errors, "type": "ValidationFault"}}, 200)
    assert [fault.code for fault in found] == ["2020", "2050"]


def test_the_gateway_shape_in_lower_case_is_read() -> None:
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    error = {"message": message, "detail": "Token expired: x", "code": "3200", "element": None}
    body = {"warnings": None, "fault": {"error": [error], "type": "AUTHENTICATION"}, "time": 1730024394085}
    (fault,) = read_faults(json.dumps(body).encode(), 401)
    assert (fault.code, fault.type, fault.element, fault.retry) == (
        "3200",
        "AUTHENTICATION",
        "",
        RetryClass.REFRESH_TOKEN,
    )


def test_xml_in_spite_of_accept_json_is_read() -> None:
    body = b"""<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3" time="x">
      <Fault type="SERVICE"><Error><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>
      <Detail>Wait &amp; see</Detail></Error></Fault></IntuitResponse>"""
    (fault,) = read_faults(body, 429)
    assert (fault.code, fault.detail, fault.type) == ("3001", "Wait & see", "SERVICE")
    assert fault.retry is RetryClass.AFTER_PAUSE


def test_an_xml_entity_is_never_expanded() -> None:
    body = b'<!DOCTYPE x [<!ENTITY a "boom">]><Fault><Error code="6000"><Message>&a;</Message></Error></Fault>'
    assert read_faults(body, 400)[0].message == "&a;"


def test_a_page_made_for_people_becomes_one_fault_with_its_words() -> None:
    page = b"<html><head><style>p{}</style></head><body><h1>502</h1><p>Bad&nbsp;Gateway</p></body></html>"
    (fault,) = read_faults(page, 502, "t")
    assert (fault.code, fault.message, fault.retry, fault.tid) == (
        "http-502",
        "502 Bad Gateway",
        RetryClass.UNCERTAIN,
        "t",
    )


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[]", b"null", b'{"Fault": 3}', b'{"Fault": {"Error": "no"}}', b"[" * 9999]
)
def test_no_body_is_so_odd_that_it_has_no_fault(body: bytes) -> None:
    (fault,) = read_faults(body, 403)
    assert fault.code == "http-403"
    assert (fault.cause, fault.retry) == (Cause.ACCESS_DENIED, RetryClass.REAUTHORISE)


def test_the_flat_shape_of_the_authorisation_host_is_read() -> None:
    (fault,) = read_faults(b'{"error":"invalid_grant","error_description":"Token invalid"}', 400)
    assert (fault.code, fault.detail) == ("invalid_grant", "Token invalid")


@pytest.mark.parametrize(
    ("status", "retry"),
    [
        (401, "refresh_token"),
        (403, "reauthorise"),
        (404, "never"),
        (408, "uncertain"),
        (413, "never"),
        (429, "after_pause"),
        (504, "uncertain"),
    ],
)
def test_without_a_known_code_the_http_status_decides(status: int, retry: str) -> None:
    assert read_faults(b"", status)[0].retry == retry


def test_a_known_code_with_a_server_error_still_leaves_the_outcome_open() -> None:
    assert read_faults(_body("6000", "m", "d"), 500)[0].retry is RetryClass.UNCERTAIN


@pytest.mark.parametrize(
    "error",
    [
        RefusedError("no", (Fault("5010", "m"),), "t"),
        Uncertain(Attempt("create", "Deposit", "r-1", 502, "HTTP 502"), "t"),
        WrongCompanyError("1", "2"),
        QuickBooksError("m", "t"),
    ],
)
def test_errors_survive_the_pickling_of_a_durable_engine(error: QuickBooksError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(again), str(again), again.cause, again.retry) == (type(error), str(error), error.cause, error.retry)
