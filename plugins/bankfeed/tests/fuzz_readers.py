"""Fuzzes the bank's readers, led by the coverage of their code, for a bounded time: ``make fuzz``.

Every input goes through ``read_and_account``: declared problems only, no invented row, statements that add up, the
same in one go as in sittings. libFuzzer (by atheris) also stops at an input that takes longer than 5 seconds and at a
process above 200 MB. It starts from the samples, from the twin's files of every format, and from what earlier runs left
in ``--corpus``; an input that fails is written there and told. Run one again with ``--again FILE``.

    python plugins/bankfeed/tests/fuzz_readers.py [--seconds 60] [--seed 1] [--corpus var/fuzz] [--again FILE]
"""

from __future__ import annotations

import argparse
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["raccord_bankfeed"]):
    import raccord_bankfeed
    from raccord_bankfeed.twins.bank import MadeAccount, MadeLine
    from raccord_bankfeed.twins.checks import read_and_account
    from raccord_bankfeed.twins.formats import FORMATS, file_of

INPUT_BYTES_MAX = 4096
MEMORY_MB = 200
ONE_INPUT_SECONDS = 5
WORDS = (
    *("<OFX>", "<STMTRS>", "<STMTTRN>", "</STMTTRN>", "<TRNAMT>", "<DTPOSTED>", "<FITID>", "<![CDATA[", "]]>", "<!--"),
    *("!Type:Bank", "!Type:CCard", "!Account", "^\\x0aD", "<Ntry>", "</Ntry>", "<Amt Ccy=", "CdtDbtInd", "<TxDtls>"),
    *(":20:", ":25:", ":28C:", ":60F:C", ":61:", ":86:", ":62F:", "{4:", "-}", "?20", "EREF+", "\\x0a88,", "\\x0a16,"),
    *("01,", "02,", "03,", "49,", "98,", "99,", "Date;", "Amount", "Balance", "\\x00", "\\xff\\xfe", "\\xef\\xbb\\xbf"),
)


def one_input(data: bytes) -> None:
    """Read what the fuzzer made; every few inputs in sittings too."""
    read_and_account(data, sittings=len(data) % 8 == 0)


def write_seeds(folder: Path) -> None:
    """Put small files of every format where the fuzzer starts from."""
    lines = [
        MadeLine(day=date(2026, 3, 14), amount=Decimal(number).scaleb(-2), name=f"N{number}", native=f"F-{number:05}")
        for number in (-1234, 56, 200_000)
    ]
    for name in FORMATS:
        (folder / f"twin-{name}").write_bytes(file_of(name, MadeAccount(), lines))
    for path in (Path(raccord_bankfeed.__file__).parent / "samples").glob("*/*"):
        if path.parent.name != "LICENSES":
            (folder / f"{path.parent.name}-{path.name}").write_bytes(path.read_bytes()[:INPUT_BYTES_MAX])


def main() -> None:
    """Fuzz until the time is over; the process ends with another status than 0 where an input fails."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, default=Path("var", "fuzz"))
    parser.add_argument("--again", type=Path)
    given = parser.parse_args()
    if given.again is not None:
        one_input(given.again.read_bytes())
        return
    found, seeds, words = (given.corpus / name for name in ("found", "seeds", "words"))
    for folder in (found, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    write_seeds(seeds)
    words.write_text("".join(f'"{word}"\n' for word in WORDS))
    options = (
        *(f"-max_total_time={given.seconds}", f"-seed={given.seed}", f"-max_len={INPUT_BYTES_MAX}"),
        *(f"-timeout={ONE_INPUT_SECONDS}", f"-rss_limit_mb={MEMORY_MB}", f"-dict={words}"),
        *(f"-artifact_prefix={given.corpus}/", "-print_final_stats=1", "-verbosity=0"),
    )
    atheris.Setup([sys.argv[0], *options, str(found), str(seeds)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
