"""The bench: five connectors from page to ledger on twin, samples and recording; identities; commands."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import corner_shop
import corner_shop.sandbox
import pytest

from raccord.bench import Look, NoSourceError, SourceKind, look, recorded_trial, trials_for
from raccord.bench.documents import MadeUpBooks
from raccord.bench.identity import identity_of
from raccord.bench.looking import record
from raccord.cli import run
from raccord.cli.terminal.exits import Exit
from raccord.plugin import Money, Record
from raccord.plugin.drafts import Decision, Deposit, DirectLine, Link, Role, SalesLine, SalesReceipt, TaxMode
from raccord.plugin.references import Accepts
from raccord.plugin.testing import Telling

CONNECTORS = ("bankfeed", "chase", "plannit", "pleo", "taxdome")


def module_of(name: str) -> ModuleType:
    return importlib.import_module(f"raccord_{name}")


def gist(found: Look) -> Counter[str]:
    """Return what must be the same whatever people and accounts are called."""
    return Counter(
        f"{one.record.stream} {one.record.day} {one.record.amount} {one.code} "
        f"{[(each.entity, [str(posting.amount) for posting in each.postings]) for each in one.documents]}"
        for one in found.made
    )


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_runs_on_its_twin_its_samples_and_a_recording(name: str) -> None:
    plugin = module_of(name)
    info = plugin.describe()
    for trial in [*trials_for(plugin, SourceKind.TWIN), *trials_for(plugin, SourceKind.SAMPLES)[-1:]]:
        found = look(plugin, info, trial)
        assert found.error == ""
        assert found.made
        documents = [each for one in found.made for each in one.documents]
        assert [(each.code, each.draft.key) for each in documents if each.refused] == []
        assert found.balanced
        assert all(json.loads(each.payload) for each in documents)
        assert found.identity.sound
        written = record(plugin, info, trial).recording.written()
        replayed = recorded_trial(info, written, "a.recording.json")
        assert gist(look(plugin, info, replayed)) == gist(found)
        assert record(plugin, info, replayed).recording.written() == written


def test_the_trials_hold_money_that_goes_back_and_an_expense_with_tax() -> None:
    chase, pleo = module_of("chase"), module_of("pleo")
    found = look(chase, chase.describe(), trials_for(chase, SourceKind.TWIN, "contract")[0])
    below = [one for one in found.made if one.record.stream == "settlements" and _worth(one.record) < 0]
    assert [each.entity for one in below for each in one.documents] == ["JournalEntry", "Deposit"]
    found = look(pleo, pleo.describe(), trials_for(pleo, SourceKind.TWIN)[0])
    assert {each.account: each.amount for each in found.ledger}["tax"] == Decimal("5.92")


def _worth(record: Record) -> Decimal:
    return Decimal(0) if record.amount is None else record.amount.amount


def test_bank_files_whose_lines_name_nothing_hide_who_was_paid_and_from_where() -> None:
    plugin = module_of("bankfeed")
    info = plugin.describe()
    for trial in trials_for(plugin, SourceKind.SAMPLES):
        if trial.name not in ("mt940", "bai2", "qif"):
            continue
        made = record(plugin, info, trial).recording
        text = made.written().decode()
        for told in ("paulissen", "9999999999", "BUCKINGHAM", "DOE JO", "77777777", "10200123456"):
            assert told not in text, told
        replayed = recorded_trial(info, made.written(), "a.recording.json")
        assert gist(look(plugin, info, replayed)) == gist(look(plugin, info, trial))
        assert record(plugin, info, replayed).recording.written() == made.written()


def test_a_sale_with_tax_is_shown_as_quickbooks_gets_it_and_moves_four_accounts() -> None:
    plugin = module_of("plannit")
    found = look(plugin, plugin.describe(), trials_for(plugin, SourceKind.TWIN, "tables")[0])
    (made,) = [one for one in found.made if one.record.key() == "invoices/F0001"]
    (document,) = made.documents
    payload = json.loads(document.payload, parse_float=Decimal)
    assert payload["CustomerRef"] == {"value": "{link:contacts/C0002}"}
    assert payload["GlobalTaxCalculation"] == "TaxExcluded"
    assert payload["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "tax_group"}
    moved = {each.account: each.amount for each in document.postings}
    assert moved["receivable"] == Decimal("457.58")
    assert moved["tax"] == Decimal("-59.60")
    assert document.balanced


def test_what_a_person_or_another_document_must_say_first_is_told() -> None:
    lines = (DirectLine(account=Decision(name="category", accepts=Accepts.CATEGORY), amount=Decimal("5.00")),)
    draft = Deposit(
        key="a", day=date(2026, 1, 2), currency="EUR", bank=Role("bank", "x"), lines=lines, total=Decimal("5.00")
    )
    books = MadeUpBooks(corner_shop.describe(), "CAD", {"a": draft})
    made = books.document(draft)
    assert [each.en for each in made.waits] == ["A person answers: category (category)."]
    assert [(each.account, each.amount, each.currency) for each in made.postings] == [
        ("bank/x", Decimal("5.00"), "EUR"),
        ("?category", Decimal("-5.00"), "EUR"),
    ]
    sold = SalesLine(item=Link("gone"), amount=Decimal("10.00"), tax_code=Role("tax"))
    sale = SalesReceipt(
        key="b",
        day=draft.day,
        currency="CAD",
        deposit_to=Role("bank"),
        lines=(sold,),
        total=Decimal("11.50"),
        tax_mode=TaxMode.EXCLUSIVE,
    )
    made = books.document(sale)
    assert ["did not deliver" in each.en for each in made.waits] == [True]
    assert {each.account: each.amount for each in made.postings}["tax"] == Decimal("-1.50")
    made = books.document(replace(sale, tax_mode=TaxMode.NONE))
    assert made.code == "encoding.total_differs"
    assert made.refused is not None
    assert (made.payload, list(made.postings)) == ("", [])


def test_rows_that_would_merge_rows_that_changed_and_rows_alike_are_told_apart() -> None:
    def row(id_: str, amount: str, note: str = "") -> Record:
        return Record("sales", id_, date(2026, 1, 2), {"note": note, "deep": {"a": note}}, Money.of(amount, "CAD"))

    pages = [
        [row("1", "2.00"), row("1", "3.00"), row("2", "2.00")],
        [row("2", "2.00"), row("2", "2.00", "new"), row("3", "2.00")],
    ]
    found = identity_of(pages, [row("2", "2.00"), row("3", "2.00")], [])
    assert found.keys == {"sales": 3}
    assert found.repeated == 1
    assert [(each.key, each.fields) for each in found.merged] == [
        ("sales/1", ("amount",)),
        ("sales/2", ("raw.note", "raw.deep.a")),
    ]
    assert found.changed == []
    assert [(one.source_id, other.source_id) for one, other in found.alike] == [("2", "3")]
    found = identity_of([[row("1", "2.00")], [row("1", "2.50")]], [], [])
    assert [(each.key, each.fields) for each in found.changed] == [("sales/1", ("amount",))]
    assert found.sound


def test_drafts_that_share_a_key_are_named() -> None:
    (trial,) = corner_shop.sandbox.trials()
    first, *others = corner_shop.sandbox.rung()
    told = Telling(
        files=[("till.csv", corner_shop.sandbox.till_file([first, replace(first, id="a9"), *others]))],
        http=trial.told.http,
    )
    found = look(corner_shop, corner_shop.describe(), replace(trial, told=told))
    assert [(one.source_id, other.source_id) for one, other in found.identity.alike] == [("a1", "a9")]
    assert found.identity.clashes == []
    drafts = [each.draft for each in found.made[0].documents]
    assert identity_of([], [], [*drafts, *drafts]).clashes == [drafts[0].key]


def test_the_command_takes_each_kind_of_source_and_follows_one_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_LANG", "en")
    monkeypatch.setenv("COLUMNS", "200")
    target = tmp_path / "pleo.recording.json"
    assert run(["record", "pleo", "--twin", "--to", str(target)]) == Exit.OK
    assert "9 exchanges, 0 files, 8 records read" in capsys.readouterr().out
    assert "twin-key" not in target.read_text()
    assert run(["record", "pleo", "--twin", "--to", str(target)]) == Exit.FAILED
    assert "record.exists" in capsys.readouterr().err
    shown = []
    for source in (["--twin"], ["--samples"], ["--recording", str(target)]):
        assert run(["bench", "pleo", *source, "--json"]) == Exit.OK
        (told,) = json.loads(capsys.readouterr().out)["trials"]
        shown.append([told["ledger"], told["counts"], told["balanced"], len(told["requests"])])
    assert shown[0] == shown[1] == shown[2]
    assert run(["bench", "chase", "--recording", str(target)]) == Exit.FAILED
    assert "bench.other_connector" in capsys.readouterr().err
    assert run(["bench", "pleo", "--twin", "--samples"]) == Exit.USAGE
    capsys.readouterr()
    target.write_text("{")
    assert run(["bench", "pleo", "--recording", str(target)]) == Exit.FAILED
    assert "recording.damaged" in capsys.readouterr().err
    assert run(["bench", "taxdome", "--samples", "--record", "invoices/inv_0001"]) == Exit.OK
    said = capsys.readouterr().out
    assert '"DocNumber": "5001"' in said
    assert "receivable" in said
    assert run(["bench", "taxdome", "--record", "invoices/none"]) == Exit.FAILED
    assert "bench.no_record" in capsys.readouterr().err
    assert run(["bench", "taxdome", "--trial", "clearing", "--limit", "3", "--lang", "fr"]) == Exit.OK
    said = capsys.readouterr().out
    assert "de plus (--limit)" in said
    assert "Grand livre" in said


def test_a_real_source_is_recorded_with_typed_settings_and_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_LANG", "en")
    monkeypatch.setenv("SHOP_ZIP", "zip-password-7")
    file = tmp_path / "0000123456.FIN.260901.dfr"
    sample = Path(str(module_of("chase").__file__)).parent / "samples" / file.name
    file.write_bytes(sample.read_bytes())
    target = tmp_path / "chase.recording.json"
    asked = ["record", "chase", "--to", str(target), "--set", "merchant_id=123456", "--set", "input_kind=upload"]
    assert run([*asked, "--secret", "zip_password=env:SHOP_ZIP", "--file", str(file)]) == Exit.OK
    text = target.read_text()
    assert "zip-password-7" not in text
    assert "123456" not in text
    assert run(["bench", "chase", "--recording", str(target), "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out.partition("\n{")[2].join(["{", ""]))
    assert told["trials"][0]["counts"]["records"] > 0
    assert run([*asked[:2], "--to", str(tmp_path / "b"), "--set", "input_kind=nothing"]) == Exit.FAILED
    assert "record.settings" in capsys.readouterr().err


def test_what_a_connector_does_not_bring_is_told_with_what_to_do() -> None:
    with pytest.raises(NoSourceError, match=r"bench\.no_trial.*tables, address"):
        trials_for(module_of("plannit"), SourceKind.TWIN, "none")
    with pytest.raises(NoSourceError, match=r"bench\.no_samples"):
        trials_for(corner_shop, SourceKind.SAMPLES)
    with pytest.raises(NoSourceError, match=r"bench\.no_trial.*trials"):
        trials_for(ModuleType("json"), SourceKind.TWIN)


def test_what_a_recording_could_not_replay_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RACCORD_LANG", "en")
    monkeypatch.setenv("SHOP_SFTP", "sftp-password-7")
    monkeypatch.setenv("SHOP_KEY", "-----BEGIN OPENSSH PRIVATE KEY-----\nx\n-----END OPENSSH PRIVATE KEY-----\n")
    host_key = "SHA256:" + "a" * 43
    said = {"merchant_id": "123456", "input_kind": "sftp", "sftp_host": "sftp.example.com", "sftp_user": "shop",
            "sftp_host_key": host_key}  # fmt: skip
    target = tmp_path / "x.recording.json"
    asked = ["record", "chase", "--to", str(target)]
    for name, value in said.items():
        asked += ["--set", f"{name}={value}"]
    for secret, code in (("sftp_password=env:SHOP_SFTP", "own_connection"), ("sftp_key=env:SHOP_KEY", "private_key")):
        assert run([*asked, "--secret", secret]) == Exit.FAILED
        error = capsys.readouterr().err
        assert f"[recording.{code}]" in error
        assert "--file" in error
        assert not target.exists()
