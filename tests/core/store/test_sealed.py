"""The form of sealed files: what goes in comes out from any place, and whatever was done to them is found."""

from __future__ import annotations

import hashlib
import io
import os
import traceback
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raccord.store.errors import FilesRefusedError
from raccord.store.sealed import CHUNK, HEADER, Sealer, is_sealed, unsealed

KEYS = [bytes(range(32)), bytes(range(32, 64))]
TAG = 16
SEALED_CHUNK = CHUNK + TAG
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7)


def some(size: int) -> bytes:
    """Return bytes of which no two chunks are equal."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-size // 4)))[:size]


def seal(path: Path, content: bytes, keys: list[bytes] = KEYS, piece: int = 100_000) -> str:
    with path.open("wb") as file:
        sealer = Sealer(file, keys)
        for start in range(0, len(content), piece):
            sealer.write(content[start : start + piece])
        assert sealer.size == len(content)
        return sealer.finish()


def opened(path: Path, content: bytes, keys: list[bytes] = KEYS) -> BinaryIO:
    return unsealed(io.FileIO(path), keys, "relevé.dfr", len(content), hashlib.sha256(content).hexdigest())


def read(path: Path, content: bytes, keys: list[bytes] = KEYS) -> bytes:
    file = io.FileIO(path)
    with file, unsealed(file, keys, "relevé.dfr", len(content), hashlib.sha256(content).hexdigest()) as stream:
        return stream.read()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("piece", [1_000, CHUNK, 300_000])
def test_what_was_sealed_comes_back_at_any_size(tmp_path: Path, size: int, piece: int) -> None:
    content = some(size)
    assert seal(tmp_path / "f", content, piece=piece) == hashlib.sha256(content).hexdigest()
    assert read(tmp_path / "f", content) == content
    assert (tmp_path / "f").stat().st_size == HEADER + size + TAG * -(-size // CHUNK)
    with (tmp_path / "f").open("rb") as stream:
        assert is_sealed(stream)


@given(
    size=st.sampled_from(SIZES) | st.integers(0, 4 * CHUNK),
    steps=st.lists(st.tuples(st.sampled_from([0, 1, 2]), st.integers(-CHUNK, 4 * CHUNK), st.integers(-1, 3 * CHUNK))),
)
def test_reading_from_any_place_is_what_the_plain_file_gives(
    tmp_path_factory: pytest.TempPathFactory, size: int, steps: list[tuple[int, int, int]]
) -> None:
    content = some(size)
    path = tmp_path_factory.getbasetemp() / "random-access"
    seal(path, content)
    plain = io.BytesIO(content)
    with opened(path, content) as stream:
        for whence, offset, count in steps:
            if {0: 0, 1: plain.tell(), 2: size}[whence] + offset < 0:
                continue
            assert stream.seek(offset, whence) == plain.seek(offset, whence)
            assert stream.read(count) == plain.read(count)
            assert stream.readline() == plain.readline()
            assert stream.tell() == plain.tell()


def test_lines_are_read_over_the_seams_of_chunks(tmp_path: Path) -> None:
    lines = [f"{number} {'x' * (number % 977)}\n".encode() for number in range(1_000)]
    seal(tmp_path / "f", b"".join(lines))
    with opened(tmp_path / "f", b"".join(lines)) as stream:
        assert list(stream) == lines


def test_nothing_of_the_content_shows_and_no_two_seals_are_alike(tmp_path: Path) -> None:
    content = b"4111111111111111\n" * 20_000
    for name in ("one", "two"):
        seal(tmp_path / name, content)
    one, two = (tmp_path / "one").read_bytes(), (tmp_path / "two").read_bytes()
    assert b"4111111111111111" not in one
    chunks = [sealed[start : start + 32] for sealed in (one, two) for start in range(HEADER, len(one), SEALED_CHUNK)]
    assert len(set(chunks)) == len(chunks)


def flip(at: int) -> Callable[[bytes], bytes]:
    def change(sealed: bytes) -> bytes:
        place = at % len(sealed)
        return sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]

    return change


def swap(sealed: bytes) -> bytes:
    first, second = HEADER, HEADER + SEALED_CHUNK
    end = second + SEALED_CHUNK
    return sealed[:first] + sealed[second:end] + sealed[first:second] + sealed[end:]


TAMPERED: dict[str, Callable[[bytes], bytes]] = {
    "the mark": flip(0),
    "the version": flip(7),
    "the number of the key": lambda sealed: sealed[:11] + b"\0" + sealed[12:],
    "the salt": flip(20),
    "the length": flip(45),
    "the header's tag": flip(HEADER - 1),
    "the first byte": flip(HEADER),
    "a byte in the middle": flip(HEADER + SEALED_CHUNK + 500),
    "a chunk's tag": flip(HEADER + SEALED_CHUNK - 1),
    "the last byte": flip(-1),
    "one byte less": lambda sealed: sealed[:-1],
    "the last chunk gone": lambda sealed: sealed[: HEADER + 3 * SEALED_CHUNK],
    "all chunks gone": lambda sealed: sealed[:HEADER],
    "half a header": lambda sealed: sealed[: HEADER // 2],
    "nothing": lambda _sealed: b"",
    "one byte more": lambda sealed: sealed + b"\0",
    "a chunk twice": lambda sealed: sealed + sealed[-SEALED_CHUNK:],
    "two chunks swapped": swap,
    "a chunk in another's place": lambda sealed: sealed[:HEADER]
    + sealed[HEADER + SEALED_CHUNK : HEADER + 2 * SEALED_CHUNK] + sealed[HEADER + SEALED_CHUNK :],
}  # fmt: skip


@pytest.mark.parametrize("change", TAMPERED.values(), ids=TAMPERED)
def test_whatever_is_done_to_a_sealed_file_is_found_and_told_by_its_name(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    content = some(3 * CHUNK + 7)
    path = tmp_path / "f"
    seal(path, content)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(FilesRefusedError) as caught:
        read(path, content)
    assert caught.value.code == "files.altered"
    assert "relevé.dfr" in caught.value.what.fr
    assert "relevé.dfr" in caught.value.what.en
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(key.hex() in shown or repr(key) in shown for key in KEYS)


@pytest.mark.parametrize("change", [TAMPERED["one byte more"], TAMPERED["one byte less"], TAMPERED["a chunk twice"]])
def test_a_file_of_another_length_is_refused_before_anything_of_it_is_read(
    tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    content = some(3 * CHUNK)
    path = tmp_path / "f"
    seal(path, content)
    path.write_bytes(change(path.read_bytes()))
    with io.FileIO(path) as file, pytest.raises(FilesRefusedError, match=r"files\.altered"):
        unsealed(file, KEYS, "f", len(content), hashlib.sha256(content).hexdigest())


def test_a_chunk_of_another_file_is_found(tmp_path: Path) -> None:
    content, other = some(2 * CHUNK), bytes(2 * CHUNK)
    for name, each in (("f", content), ("g", other)):
        seal(tmp_path / name, each)
    mine, theirs = (tmp_path / "f").read_bytes(), (tmp_path / "g").read_bytes()
    (tmp_path / "f").write_bytes(mine[: HEADER + SEALED_CHUNK] + theirs[HEADER + SEALED_CHUNK :])
    with pytest.raises(FilesRefusedError, match=r"files\.altered"):
        read(tmp_path / "f", content)


def test_a_sealed_file_cannot_be_passed_off_as_another_of_its_length(tmp_path: Path) -> None:
    content, other = some(CHUNK), bytes(CHUNK)
    seal(tmp_path / "f", other)
    with pytest.raises(FilesRefusedError, match=r"files\.altered"):
        read(tmp_path / "f", content)


def test_a_chunk_altered_behind_the_place_is_found_only_when_it_is_read(tmp_path: Path) -> None:
    content = some(3 * CHUNK)
    seal(tmp_path / "f", content)
    (tmp_path / "f").write_bytes(flip(-1)((tmp_path / "f").read_bytes()))
    with opened(tmp_path / "f", content) as stream:
        assert stream.read(2 * CHUNK) == content[: 2 * CHUNK]
        with pytest.raises(FilesRefusedError, match=r"files\.altered"):
            stream.read(1)


def test_newer_keys_leave_older_files_readable_and_a_missing_key_is_told(tmp_path: Path) -> None:
    content = some(10)
    seal(tmp_path / "old", content, KEYS[:1])
    seal(tmp_path / "new", content, KEYS)
    assert read(tmp_path / "old", content, KEYS) == content
    for keys in ([], KEYS[:1]):
        with pytest.raises(FilesRefusedError) as caught:
            read(tmp_path / "new", content, keys)
        assert caught.value.code == "files.wrong_key"
        assert "relevé.dfr" in caught.value.text.fr
    with pytest.raises(FilesRefusedError, match=r"files\.altered"):
        read(tmp_path / "new", content, [KEYS[1], KEYS[0]])


def test_a_file_that_was_not_finished_is_no_sealed_file(tmp_path: Path) -> None:
    with (tmp_path / "f").open("wb") as file:
        Sealer(file, KEYS).write(some(2 * CHUNK))
    with (tmp_path / "f").open("rb") as stream:
        assert not is_sealed(stream)
        assert stream.tell() == 0


def test_sixty_four_megabytes_are_sealed_and_read_in_little_memory(tmp_path: Path) -> None:
    piece = os.urandom(1024 * 1024)
    digest = hashlib.sha256(piece * 64).hexdigest()
    tracemalloc.start()
    with (tmp_path / "f").open("wb") as file:
        sealer = Sealer(file, KEYS)
        for _ in range(64):
            sealer.write(piece)
        assert sealer.finish() == digest
    with unsealed(io.FileIO(tmp_path / "f"), KEYS, "f", 64 * len(piece), digest) as stream:
        while chunk := stream.read(100_000):
            assert len(chunk) <= 100_000
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000
