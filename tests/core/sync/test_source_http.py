"""A connector's way out: files are read piece by piece, and what the network does to them is told as elsewhere."""

from __future__ import annotations

import io
from collections.abc import Iterator

import httpx
import pytest
from harness import NOW

from raccord.clock import FixedClock
from raccord.plugin.errors import Reauthorise, RetryLater, SourceRefused
from raccord.sync.fetching import source_http
from raccord.sync.fetching.source_http import SourceHttp

HOST = "https://files.example"


def answering(request: httpx.Request) -> httpx.Response:
    def pieces() -> Iterator[bytes]:
        for number in range(3):
            if request.url.path == "/broken" and number == 2:
                raise httpx.ReadError("the line broke at ?token=canary-7731")
            yield bytes([65 + number]) * 1000

    status = {"/later": 503, "/refused": 401, "/gone": 404}.get(request.url.path, 200)
    return httpx.Response(status, content=pieces(), headers={"Content-Type": "application/pdf"})


@pytest.fixture
def http() -> Iterator[SourceHttp]:
    made = SourceHttp(("files.example",), FixedClock(NOW), httpx.Client(transport=httpx.MockTransport(answering)))
    yield made
    made.close()


def test_a_file_is_read_piece_by_piece(http: SourceHttp) -> None:
    with http.download(f"{HOST}/receipt.pdf") as found:
        assert (found.status, found.headers["content-type"]) == (200, "application/pdf")
        assert found.content.read(1) == b"A"
        assert found.content.read() == b"A" * 999 + b"B" * 1000 + b"C" * 1000
    with http.download(f"{HOST}/gone") as found:
        assert found.status == 404


def test_what_goes_wrong_with_a_file_is_told_without_its_address(
    http: SourceHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(RetryLater) as caught, http.download(f"{HOST}/broken?token=canary-7731") as found:
        io.BytesIO(found.content.read())
    assert "canary" not in str(caught.value.text) + str(caught.value)
    with pytest.raises(RetryLater), http.download(f"{HOST}/later"):
        pytest.fail("opened")
    with pytest.raises(Reauthorise), http.download(f"{HOST}/refused"):
        pytest.fail("opened")
    with pytest.raises(SourceRefused, match=r"did not declare"), http.download("https://elsewhere.example/x"):
        pytest.fail("opened")
    monkeypatch.setattr(source_http, "FILE_BYTES_MAX", 2500)
    with pytest.raises(SourceRefused, match=r"too large"), http.download(f"{HOST}/receipt.pdf") as found:
        found.content.read()
