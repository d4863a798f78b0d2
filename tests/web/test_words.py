"""Every word of the pages stands in both languages, and every template's words exist."""

from __future__ import annotations

import re
import tomllib
from dataclasses import is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

import pytest

import raccord
from raccord.catalog import load_catalog
from raccord.overview.approving.checks import Name
from raccord.plugin import ConnectorInfo
from raccord.plugin.contract import Contract
from raccord.plugin.drafts import Accepts, Draft
from raccord.plugin.ledger import ResolutionKind
from raccord.plugin.texts import Language, Text
from raccord.quickbooks.fields import FIELDS, field_named
from raccord.quickbooks.kinds import KINDS
from raccord.store.models import Action, PlanState
from raccord.sync.lines.matching import Reason, Sure
from raccord_plannit.contract import CONTRACT as PLANNIT
from raccord_sandbox.posting.chart import KINDS as CHART
from raccord_taxdome.contract import CONTRACT as TAXDOME
from raccord_web.pages.rendering import NOTES
from raccord_web.words import formats
from raccord_web.words.languages import spoken
from raccord_web.words.names import CODED, Names
from raccord_web.words.states import EXPLAINED
from raccord_web.words.wording import wording

TEMPLATES = sorted(
    Path(str(files("raccord_web").joinpath("templates"))).rglob("*.html"),
    key=lambda each: each.name,
)
WORDS = (Path(__file__).parents[2] / "docs" / "words.md").read_text("utf-8")
_SENTENCES = tomllib.loads(files("raccord.overview").joinpath("sentences.toml").read_text("utf-8"))
FRENCH = {
    **wording("fr").texts,
    **{
        f"{code}.{name}": text
        for code, said in _SENTENCES.items()
        for name, text in said.items()
        if name in ("fr", "fix_fr", "page_fr")
    },
}
"""Every French text of the pages, and every sentence about a problem."""
USED = re.compile(r"""\bt\('([a-z_0-9.]+)'(?=[,)])""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_colon_behind_a_word_is_that_of_the_language(template: Path) -> None:
    assert not re.findall(r"(?:\}\}|%\}|</b>|</span>|</code>): ", template.read_text("utf-8"))


def test_both_languages_have_the_same_keys() -> None:
    assert set(wording("fr").texts) == set(wording("en").texts)


def test_both_languages_fill_in_the_same_values() -> None:
    fr, en = wording("fr").texts, wording("en").texts
    # A French or English "one" may say the number in words.
    assert {key for key in fr if not key.endswith(".one") and fields(fr[key]) != fields(en[key])} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_template_uses_only_words_that_exist(template) -> None:  # type: ignore[no-untyped-def]
    words = wording("en")
    used = set(USED.findall(template.read_text("utf-8")))
    assert {key for key in used if not (words.has(key) or words.has(f"{key}.other"))} == set()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_a_cell_of_a_list_says_once_what_its_column_is_called(template: Path) -> None:
    text = template.read_text("utf-8")
    headings = {each.strip() for each in re.findall(r"<th\b[^>]*>(.*?)</th>", text)}
    beside = {each.strip() for each in re.findall(r'<span class="only-list[^"]*">(.*?)</span>', text)}
    assert headings & beside == set(), "the style shows the heading there already"


def test_words_chosen_by_a_code_exist_for_every_code() -> None:
    words = wording("fr")
    wanted = (
        {f"{of}{each}" for each in Action for of in ("actions.", "plan.n_")}
        | {f"plan.check_{each}" for each in get_args(Name)}
        | {f"accepts.{each}" for each in Accepts}
        | {f"plan.state_{each}" for each in PlanState}
        | {f"ways.{each}" for each in ResolutionKind}
        | {f"sure.{each}" for each in Sure}
        | {f"pays_reason.{each}" for each in Reason}
        | {f"done.{each}" for each in NOTES}
        | {f"help.{say}_{state.name}" for held in EXPLAINED.values() for state in held for say in ("means", "do")}
    )
    wanted |= {state.text for held in EXPLAINED.values() for state in held}
    assert {key for key in wanted if not (words.has(key) or words.has(f"{key}.other"))} == set()


def test_quickbooks_types_and_the_fields_of_records_have_names_in_the_pages_language() -> None:
    catalog = load_catalog()
    french, english = Names(catalog, wording("fr")), Names(catalog, wording("en"))
    assert {kind for kind in CHART if not wording("fr").has(f"ledger_types.{kind}")} == set()
    assert (french.account_type("Expense"), french.account_type("Bank")) == ("Dépenses", "Banque")
    assert french.account_type("Asset of a stranger") == "Asset of a stranger"
    assert french.fact("bankfeed", "account_kind") == "Genre de compte"
    assert french.fact_value("bankfeed", "account_kind", "bank") == "Compte bancaire"
    said_so = french.fact_value("bankfeed", "pending", "False"), english.fact_value("bankfeed", "pending", "True")
    assert said_so == ("non", "yes")
    assert french.fact("a stranger's", "loyalty_points") == "loyalty points", "what nobody names is said as it is"
    info = catalog.admitted["bankfeed"].info
    own = replace(info, facts={"loyalty_points": Text("Points", "Points of loyalty"), "memo": Text("Note", "Note")})
    strange = SimpleNamespace(get=lambda _: SimpleNamespace(info=own))
    said = Names(cast("Any", strange), wording("en"))
    assert (said.fact("x", "loyalty_points"), said.fact("x", "memo")) == ("Points of loyalty", "Note")


@pytest.mark.parametrize(
    ("connector", "field", "value", "french", "english"),
    [
        ("taxdome", "status", "partially_paid", "Payée en partie", "Partially paid"),
        ("chase", "kind", "sale", "Vente par carte", "Card sale"),
        ("bankfeed", "type", "DIRECTDEBIT", "Prélèvement", "Direct debit"),
        ("plannit", "name", "deposit", "deposit", "deposit"),
        ("plannit", "total", "-1234.50", "\u22121\u00a0234,50", "\u22121,234.50"),
        ("plannit", "number", "1234.50", "1234.50", "1234.50"),
        ("plannit", "date", "2026-03-01", "1er\u00a0mars\u00a02026", "1\u00a0Mar\u00a02026"),
        ("plannit", "date", "2026-02-31", "2026-02-31", "2026-02-31"),
        ("plannit", "voided_at", "2026-03-02T14:05:00Z", "2\u00a0mars\u00a02026, 14\u00a0h\u00a005 (UTC)",
         "2\u00a0Mar\u00a02026, 2:05\u00a0p.m. (UTC)"),
    ],
)  # fmt: skip
def test_what_a_source_said_is_read_in_the_readers_language(
    connector: str, field: str, value: str, french: str, english: str
) -> None:
    catalog = load_catalog()
    said = [Names(catalog, wording(language)).fact_value(connector, field, value) for language in ("fr", "en")]
    assert said == [french, english]


@pytest.mark.parametrize(("connector", "contract"), [("plannit", PLANNIT), ("taxdome", TAXDOME)])
def test_every_word_that_a_contract_publishes_has_a_name(connector: str, contract: Contract) -> None:
    info = load_catalog().admitted[connector].info
    unnamed = {
        (each.name, name, word)
        for each in contract.objects
        for name, field in each.model.model_fields.items()
        if name != "schema_version"
        for word in words_of(field.annotation)
        if word and word not in info.fact_values.get(name, {}) and not (name in CODED and info.terms.get(word))
    }
    assert unnamed == set()


def words_of(annotation: Any) -> set[str]:
    """Return the words among which a field's value is, through what may wrap them."""
    if get_origin(annotation) is Literal:
        return {each for each in get_args(annotation) if isinstance(each, str)}
    return {word for each in get_args(annotation) for word in words_of(each)}


def test_every_word_of_a_term_table_has_a_name_in_the_pages_language() -> None:
    catalog = load_catalog()
    french = Names(catalog, wording("fr"))
    ledgers = {(name, term.ledger) for name, each in catalog.admitted.items() for term in each.info.terms}
    assert {(name, word) for name, word in ledgers if word not in KINDS and french.ledger(name, word) == word} == set()
    english = re.compile(r"\b(the|of|an|is|are|with|not|account|returns|invoices)\b")
    origins = {term.origin_in("fr") for each in catalog.admitted.values() for term in each.info.terms}
    assert {each for each in origins if english.search(each)} == set()


def fields_in(kind: Any) -> set[str]:
    """Return the names of a draft's fields and of those within them, through what may wrap them."""
    within = {name for each in get_args(kind) for name in fields_in(each)}
    if not is_dataclass(kind):
        return within
    return within.union(*({name, *fields_in(each)} for name, each in get_type_hints(kind).items()))


def test_every_field_of_drafts_and_of_what_is_written_of_them_has_a_name() -> None:
    codec = Path(str(files("raccord.quickbooks.codec")))
    written = {
        name for path in codec.glob("*.py") for name in re.findall(r'"([A-Z][A-Za-z]+)": ', path.read_text("utf-8"))
    }
    unseen = {name for name in written if name.endswith("LineDetail")} | {"Id", "SyncToken"}
    assert {"ItemRef", "TxnTaxDetail"} <= written, "they are found"
    drafted = fields_in(Draft) - {"fr", "en"}
    assert {"customer", "unit_price"} <= drafted, "they are found"
    assert {name for name in (written - unseen - set(KINDS)) | drafted if name not in FIELDS} == set()
    assert field_named("Line[1].SalesItemLineDetail.ItemRef") == Text(
        "Ligne 2, Produit ou service", "Line 2, Product or service"
    )
    assert field_named("lines[0].item.account.name").en == "Line 1, Account"
    assert (field_named("customer.key").fr, field_named("name.en").en) == ("Client", "Name")
    assert (field_named("Line").fr, field_named("a stranger's").en) == ("Nombre de lignes", "a stranger's")


@pytest.mark.parametrize(
    ("language", "count", "form"),
    [("fr", 0, "0 problème"), ("fr", 1, "1 problème"), ("fr", 2, "2 problèmes"), ("en", 0, "0 problems")],
)
def test_plurals_follow_the_language(language: Language, count: int, form: str) -> None:
    assert wording(language)("states.problems", n=count) == form


def test_french_punctuation_never_stands_alone_on_a_line() -> None:
    loose = {key: text for key, text in wording("fr").texts.items() if re.search(r" [;:!?»]|« ", text)}
    assert loose == {}


@pytest.mark.parametrize(
    ("amount", "currency", "language", "text"),
    [
        ("1379.7", "CAD", "en", "$1,379.70"),
        ("-1379.70", "CAD", "fr", "\u22121\u00a0379,70\u00a0$"),
        ("-86.40", "EUR", "en", "\u2212€86.40"),
        ("1234567", "JPY", "fr", "1\u00a0234\u00a0567\u00a0JPY"),
        ("10.005", "CAD", "en", "$10.005"),
        ("0", "USD", "fr", "0,00\u00a0$\u00a0US"),
    ],
)
def test_money_is_written_as_each_language_does(amount: str, currency: str, language: Language, text: str) -> None:
    assert formats.money_text(Decimal(amount), currency, language) == text


def test_the_home_currencys_dollar_needs_no_country() -> None:
    assert formats.money_text(Decimal(5), "USD", "en", "USD") == "$5.00"
    shown = {language: formats.money(Decimal("-5"), "<b>", language) for language in ("fr", "en")}
    unit = '<span class="cur">&lt;b&gt;{}</span>'
    assert shown["fr"] == f'<span class="money">\u22125,00\u00a0{unit.format("")}</span>', "no source writes our pages"
    assert shown["en"] == f'<span class="money">\u2212{unit.format(chr(160))}5.00</span>'
    assert formats.money_text(Decimal(5), "CAD", "en", "USD") == "CA$5.00"


def test_moments_are_near_or_carry_their_day_in_the_zone_of_the_company() -> None:
    now = datetime(2026, 3, 20, 15, 0, tzinfo=UTC)
    shown = formats.moment(now - timedelta(minutes=12), now, "America/Toronto", "fr")
    assert "il y a 12\u00a0min" in shown
    night = formats.moment(datetime(2026, 3, 21, 3, 30, tzinfo=UTC), now, "America/Toronto", "en")
    assert "today, 11:30\u00a0p.m." in night
    assert formats.day_text(date(2026, 3, 1), "fr") == "1er\u00a0mars\u00a02026"


@pytest.mark.parametrize(
    ("query", "cookie", "accept", "expected"),
    [
        ("en", "fr", "fr", "en"),
        ("", "fr", "en", "fr"),
        ("", "", "de, en;q=0.8, fr;q=0.9", "fr"),
        ("", "", "en-CA,en;q=0.9", "en"),
        ("xx", "", "", "fr"),
        ("", "", "fr;q=0, en;q=0.1", "en"),
        ("", "", "fr;q=é, ;;;,q", "fr"),
    ],
)
def test_the_language_is_asked_for_remembered_or_preferred(query: str, cookie: str, accept: str, expected: str) -> None:
    assert spoken({"lang": query}, {"raccord_lang": cookie}, accept, "fr") == expected


@pytest.mark.parametrize("info", [each.info for each in load_catalog().admitted.values()], ids=lambda info: info.name)
def test_a_connectors_settings_speak_both_languages(info: ConnectorInfo) -> None:
    """Labels are admission's business; hints, options and the connector's own answers are looked at here."""
    wrong = []
    for name, field in info.settings.model_fields.items():
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        if bool(field.description) != bool(extra.get("fr_hint")):
            wrong.append(f"{name}: its hint stands in one language only")
        options = extra.get("options", {})
        assert isinstance(options, dict)
        wrong += [f"{name}: {value}" for value, said in options.items() if len(list(filter(None, said))) != 2]  # type: ignore[arg-type]
    assert wrong == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_plural_has_both_forms_and_says_its_number(language: Language) -> None:
    texts = wording(language).texts
    plural = {key.rpartition(".")[0] for key in texts if key.endswith((".one", ".other"))} - {"typed"}
    assert len(plural) > 40
    assert {key for key in plural if not {f"{key}.one", f"{key}.other"} <= set(texts)} == set()
    assert {key for key in plural if not fields(texts[f"{key}.other"]) & {"n", "number"}} == set()


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 1, 1), "1er\u00a0janv.\u00a02026", "1\u00a0Jan\u00a02026"),
        (date(2026, 8, 31), "31\u00a0août\u00a02026", "31\u00a0Aug\u00a02026"),
    ],
)
def test_days_are_written_as_each_language_does(day: date, french: str, english: str) -> None:
    assert (formats.day_text(day, "fr"), formats.day_text(day, "en")) == (french, english)


OF_PROGRAMMERS = {"bench.limits", "bench.more.one", "bench.more.other", "plugins.none_text"}
"""Texts of pages for those who write connectors or install them, which do name a command."""


@pytest.mark.parametrize(
    ("sentence", "english", "french"),
    [
        ("(2026-03-31)", "(31\xa0Mar\xa02026)", "(31\xa0mars\xa02026)"),
        ("to 2026-03-01.", "to 1\xa0Mar\xa02026.", "to 1er\xa0mars\xa02026."),
        ("a date such as 2026-03-31", "a date such as 2026-03-31", "a date such as 2026-03-31"),
        ("raccord sync --from 2026-03-31", "raccord sync --from 2026-03-31", "raccord sync --from 2026-03-31"),
        ("s-2026-03-31 2026-03-31.csv 2026-02-30", *["s-2026-03-31 2026-03-31.csv 2026-02-30"] * 2),
    ],
)
def test_days_in_sentences_are_written_too_but_not_names_commands_and_examples(
    sentence: str, english: str, french: str
) -> None:
    assert (formats.with_days(sentence, "en"), formats.with_days(sentence, "fr")) == (english, french)


def test_the_hour_at_which_days_end_is_written_as_people_do() -> None:
    assert [formats.cut_off_text(hour, "fr") for hour in ("00:00", "17:30")] == ["minuit", "17\xa0h\xa030"]
    assert [formats.cut_off_text(hour, "en") for hour in ("00:00", "17:30")] == ["midnight", "5:30\xa0p.m."]


def test_where_a_term_comes_from_is_said_in_words_or_not_at_all() -> None:
    catalog = load_catalog()
    names = Names(catalog, wording("fr"))
    origins = {each.word: names.origin(each) for each in catalog.admitted["chase"].info.terms}
    assert (origins["sale"], origins["VI"]) == ("", "DFR, mode de paiement")
    every = [names.origin(each) for one in catalog.admitted.values() for each in one.info.terms]
    assert [each for each in every if re.search(r"\b[A-Z]{2}-\d\d\b", each)] == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_page_names_pages_and_no_commands(language: Language) -> None:
    found = {key for key, text in wording(language).texts.items() if re.search(r"\braccord [a-z]+|\bpip install", text)}
    assert found == OF_PROGRAMMERS


def one_word() -> dict[str, frozenset[str]]:
    """Return the French words that docs/words.md says never, each with the texts that quote a source's page."""
    table = WORDS.partition("| jamais |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| ([^|]*)\|$", table, re.M)
    return {never: frozenset(re.findall(r"`([^`]+)`", quoted)) for never, quoted in rows if not never.startswith("-")}


def test_french_has_one_word_for_one_thing_and_curly_apostrophes() -> None:
    never = one_word()
    assert {"double trait", "exécution", "entreprise"} <= set(never), "the table is read"
    for word, quoted in never.items():
        found = {key for key, text in FRENCH.items() if re.search(rf"(?i)\b{word}", text)}
        assert {key for key in found if key.removesuffix(".one").removesuffix(".other") not in quoted} == set(), word
    assert {key for key, text in wording("fr").texts.items() if re.search(r"\w'\w", text)} == set()
    said = wording("fr")
    assert said("books.certify", company="Atelier Boréal") == "Certifier un mois d’Atelier Boréal"
    assert said("switch.sub", name="Chase", company="Boréal inc.").endswith(" dans Boréal inc."), "one full stop"
    assert said("books.certify", company="Boutique Riverain") == "Certifier un mois de Boutique Riverain"
    first = date(2026, 9, 1)
    assert (formats.short_day(first, "fr"), formats.short_day(first, "en")) == ("1er\u00a0sept.", "1\u00a0Sep")


ACTION = re.compile(
    r"""(?:action=|note\(session, [a-z_.]+, )[^\n"]*"([a-z_]+\.[a-z_]+)"(?: if [a-z_ ]+ else "([a-z_]+\.[a-z_]+)")?"""
)


def test_every_deed_of_the_audit_chain_has_words() -> None:
    texts = [path.read_text("utf-8") for path in Path(raccord.__file__).parent.rglob("*.py")]
    deeds = {deed for text in texts for found in ACTION.findall(text) for deed in found if deed}
    assert len(deeds) > 60, "they are found"
    assert [deed for deed in sorted(deeds) if not wording("fr").has(f"audit.{deed}")] == []


def test_what_a_deed_may_say_of_itself_is_all_that_there_are_words_for() -> None:
    for language in ("fr", "en"):
        assert (
            set(tomllib.loads((files("raccord_web") / "texts" / f"{language}.toml").read_text("utf-8"))["done"])
            == NOTES
        )
