"""Recordings: no secret, name or account number in them, identities kept apart, read back or refused in plain words."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Literal
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field, SecretStr

from raccord.plugin.errors import Reauthorise, RetryLater
from raccord.plugin.info import ConnectorInfo, StreamInfo
from raccord.plugin.records import Record
from raccord.plugin.testing import FileShelf, Telling, Trial, TwinAnswer, TwinHttp, TwinRequest
from raccord.plugin.testing.recording import (
    NotRecordedError,
    RecordingError,
    RecordingFile,
    ReplayHttp,
    Source,
    Taken,
    TakingHttp,
    make_recording,
    read_recording,
    shapes,
    taking,
    trial_of,
)
from raccord.plugin.texts import Text


class Settings(BaseModel):
    shop: str = ""
    base_url: str = ""
    api_token: SecretStr = Field(default=SecretStr(""))
    password: SecretStr = Field(default=SecretStr(""))


INFO = ConnectorInfo(
    name="shop",
    label=Text("Boutique", "Shop"),
    summary=Text("Boutique", "Shop"),
    version="1.0",
    streams=[StreamInfo("sales", Text("Ventes", "Sales"))],
    settings=Settings,
    hosts=["{base_url}"],
    identity_setting="shop",
)
TRIAL = Trial(name="t", values={}, told=Telling())


def recording_of(
    taken: list[Taken] | None = None,
    *,
    values: dict[str, object] | None = None,
    files: dict[str, bytes] | None = None,
    records: list[Record] | None = None,
    folder: Path | None = None,
) -> RecordingFile:
    shelf: list[object] = []
    if files and folder is not None:
        box = FileShelf(folder / "box")
        for name, content in files.items():
            box.put(name, content)
        shelf = list(box)
    made = Source(INFO, TRIAL, Settings.model_validate(values or {}), taken or [], shelf, records or [])  # type: ignore[arg-type]
    return make_recording(made)


def got(url: str, body: object, *, headers: dict[str, str] | None = None, sent: bytes = b"") -> Taken:
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    method: Literal["GET", "POST"] = "POST" if sent else "GET"
    return Taken(method, url, sent, headers or {}, 200, {"content-type": "application/json"}, text)


def text_of(recording: RecordingFile) -> str:
    return recording.written().decode()


SECRETS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=8, max_size=24).filter(
    lambda text: len(set(text)) > 4 and not text.isdigit() and not text.isidentifier()
)
"""No words: one that the connector itself says means nothing secret, and is refused where it is a setting's."""


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(SECRETS, min_size=9, max_size=9, unique=True))
def test_no_secret_of_settings_headers_addresses_or_bodies_is_in_a_recording(secrets: list[str]) -> None:
    setting, password, bearer, cookie, query, deep, form, xml, cell = secrets
    pair = base64.b64encode(f"user:{password}".encode()).decode()
    taken = [
        got(
            f"https://api.shop.test/v1/sales?access_token={quote_plus(query)}&page=1",
            {"data": [{"id": "a", "session": {"refresh_token": deep}, "note": f"by {setting}", setting: [setting]}]},
            headers={"Authorization": f"Bearer {bearer}", "Cookie": f"sid={quote(cookie, safe='')}"},
        ),
        Taken("POST", "https://api.shop.test/token", f"grant=x&client_secret={quote_plus(form)}".encode(),
              {"content-type": "application/x-www-form-urlencoded", "Authorization": f"Basic {pair}"}, 200,
              {"content-type": "text/xml"}, f"<a><Token>{_xml(xml)}</Token></a>".encode()),
        got("https://api.shop.test/table", f'id,api_key,total\n1,"{_cell(cell)}",2.00\n'.encode()),
    ]  # fmt: skip
    made = recording_of(taken, values={"shop": "1", "api_token": setting, "password": password})
    said = json.dumps(json.loads(text_of(made)), ensure_ascii=False)
    for secret in secrets:
        for way in (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1]):
            assert way not in said
    assert pair not in said
    # What it was told of once more comes out the same.
    again = [
        Taken(each.method, each.url, "\n".join(each.sent).encode(), {}, each.status, each.headers,
              "\n".join(each.body).encode())
        for each in made.exchanges
    ]  # fmt: skip
    assert recording_of(again, values=dict(made.settings)).written() == made.written()


@pytest.mark.parametrize("word", ["password", "base_url"])
def test_a_secret_that_is_a_word_of_the_connector_is_refused(word: str) -> None:
    with pytest.raises(RecordingError, match="cannot be hidden everywhere"):
        recording_of([got("https://api.shop.test/v1", {"id": word})], values={"shop": "1", "api_token": word})


@pytest.mark.parametrize("secret", ["0000123:", "<0000132", "(00-001.32)"])
def test_a_recording_of_a_recording_leaves_digits_with_signs_as_they_stand(secret: str) -> None:
    made = recording_of([got("https://api.shop.test/v1", {"token": secret})], values={"shop": "1"})
    body = "\n".join(made.exchanges[0].body)
    assert secret not in body
    again = recording_of([got("https://api.shop.test/v1", body.encode())], values={"shop": "1"})
    assert again.exchanges[0].body == made.exchanges[0].body


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cell(text: str) -> str:
    return text.replace('"', '""')


def test_people_and_account_numbers_stay_the_same_ones_and_apart(tmp_path: Path) -> None:
    people = [
        {"id": "p1", "name": "Ana Roy", "email": "ana@roy.test", "phone": "514-555-0199",
         "iban": "FR7630006000011234567890189"},
        {"id": "p2", "name": "Bo Côté", "email": "bo@cote.test", "phone": "514-555-0100",
         "iban": "DE89370400440532013000"},
    ]  # fmt: skip
    sales = [
        {"id": "s1", "payer": "Ana Roy", "total": "12.30", "card_number": "4111 1111 1111 1111", "kind": "sale"},
        {"id": "s2", "payer": "Bo Côté", "total": "4.00", "card_number": "5500 0000 0000 0004", "kind": "sale"},
        {"id": "s3", "payer": "Ana Roy", "total": "12.30", "card_number": "4111 1111 1111 1111", "kind": "Refund"},
    ]
    table = "id;payee;amount\n1;Ana Roy;12.30\n2;Bo Côté;-4.00\n3;Refund;1.00\n".encode()
    plain = b":25:370400440532013000\r\n:86:ANA ROY 514-555-0199\r\n"
    record = Record("sales", "m1", date(2026, 1, 2), {"payee": "ANA ROY", "account_number": "370400440532013000"})
    made = recording_of(
        [got("https://api.shop.test/people?email=ana%40roy.test", {"people": people}),
         got("https://api.shop.test/sales", sales)],
        files={"a.csv": table, "b.sta": plain}, folder=tmp_path, records=[record],
    )  # fmt: skip
    said = text_of(made)
    for told in ("Ana", "ANA", "Côté", "roy.test", "0199", "4111", "3000600", "37040044"):
        assert told not in said, told
    first, second = json.loads("\n".join(made.exchanges[0].body))["people"]
    assert first["id"] == "p1"
    assert first["name"] != second["name"]
    assert first["email"].endswith("@example.com")
    assert made.exchanges[0].url == f"https://api.shop.test/people?email={quote_plus(first['email'])}"
    one, two, three = json.loads("\n".join(made.exchanges[1].body))
    assert one["payer"] == three["payer"] == first["name"] != two["payer"]
    assert one["card_number"] == three["card_number"] != two["card_number"]
    assert (one["total"], one["kind"], three["kind"]) == ("12.30", "sale", "Refund")
    rows = made.files[0].lines
    assert rows[0] == "id;payee;amount"
    assert rows[1] == f"1;{first['name']};12.30"
    # Numbers keep their shape, and pass the checks that connectors make.
    assert [len(part) for part in one["card_number"].split(" ")] == [4, 4, 4, 4]
    assert sum(map(_doubled, enumerate(reversed(one["card_number"].replace(" ", ""))))) % 10 == 0
    moved = first["iban"][4:] + first["iban"][:4]
    assert int("".join(str(int(each, 36)) for each in moved)) % 97 == 1


def _doubled(placed: tuple[int, str]) -> int:
    place, digit = placed
    return sum(divmod(int(digit) * (1 + place % 2), 10))


def test_typed_hosts_and_the_account_at_the_source_are_hidden_and_settings_still_fit() -> None:
    values: dict[str, object] = {
        "shop": "90210-77",
        "base_url": "https://roy.shop.test/v1",
        "api_token": "secret-token",
    }
    made = recording_of(
        [got("https://roy.shop.test/v1/90210-77/x?next=https%3A%2F%2Froy.shop.test%2F2", {})], values=values
    )
    assert "roy.shop" not in text_of(made)
    assert "90210" not in text_of(made)
    assert made.settings["base_url"] == "https://host-1.example.com/v1"
    assert str(made.settings["shop"]) in made.exchanges[0].url


def test_a_secret_too_short_to_be_told_from_other_words_refuses_the_recording() -> None:
    with pytest.raises(RecordingError, match=r"recording\.secret_left"):
        recording_of(values={"api_token": "abc"})


def test_bytes_that_are_no_text_are_stood_for_and_such_files_left_out(tmp_path: Path) -> None:
    pdfs = [got(f"https://api.shop.test/{name}", content) for name, content in
            (("a", b"%PDF-1 one"), ("b", b"%PDF-1 two"), ("c", b"%PDF-1 one"))]  # fmt: skip
    bodies = ["\n".join(each.body) for each in recording_of(pdfs).exchanges]
    assert bodies[0] == bodies[2] != bodies[1]
    made = recording_of(files={"a.zip": b"PK\x03\x04..", "b.csv": b"a,b,c\n1,2,3\n"}, folder=tmp_path)
    assert [(each.name, each.why) for each in made.left_out] == [("a.zip", "not_text")]
    assert [each.name for each in made.files] == ["b.csv"]


def test_replaying_answers_in_order_and_refuses_what_was_not_recorded() -> None:
    def answer(request: TwinRequest) -> TwinAnswer:
        asked.append(request.path)
        match request.path:
            case "/refused":
                return TwinAnswer(401)
            case "/busy":
                return TwinAnswer(503)
        return TwinAnswer.of({"times": len(asked)}, 404 if request.path == "/gone" else 200)

    asked: list[str] = []
    live = TakingHttp(TwinHttp(answer))
    base = "https://api.shop.test"

    def talk(http: TakingHttp | ReplayHttp) -> list[object]:
        found: list[object] = [
            http.get(f"{base}/a", params={"from": "1", "to": "é 2"}).json(),
            http.get(f"{base}/a?to=%C3%A9+2&from=1").json(),
        ]
        found.append(http.post(f"{base}/a", json={"b": 1, "a": [2]}).json())
        found.append(http.put(f"{base}/a", json={"x": "y"}).json())
        found.append(http.get(f"{base}/gone").status)
        for path, kind in (("refused", Reauthorise), ("busy", RetryLater)):
            with pytest.raises(kind):
                http.get(f"{base}/{path}")
        with http.download(f"{base}/file") as opened:
            found.append(json.loads(opened.content.read()))
        return found

    told = talk(live)
    made = read_recording(recording_of(live.taken).written())
    replayed = ReplayHttp(made)
    assert talk(replayed) == told
    count = len(asked)
    with pytest.raises(NotRecordedError) as more:
        replayed.get(f"{base}/a", params={"to": "é 2", "from": "1"})
    assert "2 times" in more.value.text.en
    with pytest.raises(NotRecordedError) as never:
        replayed.get(f"{base}/other", params={"secret": "hidden-value"})
    assert "GET api.shop.test/other (secret)" in never.value.text.en
    assert "hidden-value" not in never.value.text.en + never.value.text.fr
    assert len(asked) == count


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        (lambda text: text[: len(text) // 2], "recording.damaged", "line "),
        (lambda text: text.replace('"status": 200', '"status": "much"'), "recording.damaged", "exchanges.0.status"),
        (lambda text: text.replace('"CAD"', '"dollars"'), "recording.damaged", "home_currency"),
        (lambda text: text.replace('"version": 1,', '"version": 2,'), "recording.newer", "version 2"),
        (lambda text: text.replace('"raccord-recording"', '"other"'), "recording.none", "a.json"),
        (lambda text: "[" * 60_000, "recording.damaged", "line "),
        (lambda text: text.replace('"settings": {}', '"settings": {}, "more": 1'), "recording.damaged", "more"),
    ],
)  # fmt: skip
def test_a_recording_that_cannot_be_read_says_what_where_and_what_to_do(change: object, code: str, where: str) -> None:
    text = text_of(recording_of([got("https://api.shop.test/", {})]))
    with pytest.raises(RecordingError) as refused:
        read_recording(SimpleNamespace(change=change).change(text).encode(), "a.json")
    assert refused.value.code == code
    assert where in refused.value.text.en
    assert "a.json" in refused.value.text.fr
    assert refused.value.fix.fr != refused.value.fix.en


def test_bytes_that_are_no_utf_8_and_time_zones_that_are_none_are_told_too() -> None:
    made = recording_of()
    with pytest.raises(RecordingError, match="byte 0"):
        read_recording(b"\xff\xfe{}")
    with pytest.raises(RecordingError, match="time_zone"):
        trial_of(made.model_copy(update={"time_zone": "Mars/Olympus"}))


def test_what_is_too_much_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(taking, "EXCHANGES_MAX", 2)
    http = TakingHttp(TwinHttp(lambda _request: TwinAnswer.of({})))
    http.get("https://api.shop.test/")
    http.get("https://api.shop.test/")
    with pytest.raises(RecordingError, match="2 requests"):
        http.get("https://api.shop.test/")
    monkeypatch.setattr(taking, "FILES_MAX", 1)
    with pytest.raises(RecordingError, match="1 files"):
        recording_of(files={"a": b"1", "b": b"2"}, folder=tmp_path)
    monkeypatch.setattr(taking, "BYTES_MAX", 100)
    with pytest.raises(RecordingError, match=r"recording\.too_large"):
        recording_of()
    monkeypatch.setattr(shapes, "BYTES_MAX", 100)
    with pytest.raises(RecordingError, match=r"recording\.too_large"):
        read_recording(b" " * 101)


def test_no_folder_is_looked_into_while_a_recording_replays(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root")
    assert trial_of(recording_of()).told.sealed
    assert FileShelf(tmp_path / "box", sealed=True).scan(str(tmp_path / "etc")) == 0
    assert FileShelf(tmp_path / "open").scan(str(tmp_path / "etc")) == 1


def test_settings_that_no_longer_suit_the_connector_are_named_without_their_values() -> None:
    class Strict(Settings):
        api_token: SecretStr = Field(default=SecretStr(""), max_length=6)

    source = Source(replace(INFO, settings=Strict), TRIAL, Strict(api_token=SecretStr("abc-12")), [], [], [])
    with pytest.raises(RecordingError) as refused:
        make_recording(source)
    assert refused.value.code == "recording.settings_unfit"
    assert "api_token" in refused.value.text.en
    assert "abc-12" not in str(refused.value)
