"""For each rule of the conformance kit the corner shop with one lie in it: (file, text, what stands there instead)."""

from __future__ import annotations

Edit = tuple[str, str, str]

HOOKS, TWIN = "__init__.py", "sandbox.py"
IMPORTS = "import csv\n"
SALE = "def _sale(context: MapContext, record: Record) -> Mapped | Skipped:\n"
TILL = "def _till_page(context: FetchContext, stream: str, number: int) -> Page:\n"
DESCRIBED = "def describe() -> ConnectorInfo:\n"
PAYOUT = "def _payout(said: Mapping[str, object]) -> Record:\n"
SHOP = '    shop: str = Field(title="Shop number", json_schema_extra={"fr": "Numéro du magasin"})\n'
TOKEN = '    api_token: SecretStr = Field(title="Token of the processor", json_schema_extra={"fr": "Jeton du processeur"})\n'
DEPOSIT = "    parts = (DirectLine(account=CLEARING, amount=gross), DirectLine(account=FEES, amount=-fee))\n"
KEEP = "        records[record.source_id] = record\n"
PUSH = 'answer = context.http.put(f"https://pay.example.com/goods/{entry.id}", json={"name": entry.name})'
ASK = "    said = json.loads(answer.content, parse_float=Decimal)\n    records ="


def hooks(old: str, new: str) -> Edit:
    return HOOKS, old, new


def before(old: str, new: str) -> Edit:
    return HOOKS, old, new + old


def after(old: str, new: str) -> Edit:
    return HOOKS, old, old + new


def twin(old: str, new: str) -> Edit:
    return TWIN, old, new


SABOTEURS: dict[str, list[Edit]] = {
    "info.given": [after(DESCRIBED, "    raise LookupError\n")],
    "info.same_twice": [
        before("@hookimpl\n" + DESCRIBED, "VERSIONS = iter(range(99))\n\n\n"),
        hooks('version="1.0"', 'version=f"1.{next(VERSIONS)}"'),
    ],
    "info.names": [hooks('RoleInfo("fees"', 'RoleInfo("No Slug", Text("A", "B"), Accepts.BANK),\n            RoleInfo("fees"')],
    "info.texts": [hooks('"Ventes de la caisse et versements du processeur."', '"Sales of the till and payouts of the processor."')],
    "info.hosts": [hooks('hosts=["pay.example.com"]', 'hosts=["pay.example.com", "https://pay.example.com/v1"]')],
    "info.identity": [hooks('identity_setting="shop"', 'identity_setting="api_token"')],
    "hooks.needed": [hooks("@hookimpl\ndef fetch_records", "def fetch_records")],
    "hooks.known": [before("@hookimpl\ndef map_record", "@hookimpl\ndef fetch_record() -> None:\n    return None\n\n\n")],
    "hooks.plain": [before(
        "@hookimpl\ndef map_record",
        "@hookimpl\nasync def resolve_account(context: MapContext, need: Record) -> None:\n    return None\n\n\n",
    )],
    "hooks.no_defaults": [hooks("stream: str, cursor: str | None) -> Page | None", "stream: str, cursor: str | None = None) -> Page | None")],
    "hooks.arguments": [before(
        "@hookimpl\ndef map_record",
        "@hookimpl\ndef resolve_account(contxt: MapContext, need: Record) -> None:\n    return None\n\n\n",
    )],
    "hooks.typed": [hooks("def map_record(context: MapContext, record: Record)", "def map_record(context, record: Record)")],
    "roles.exist": [hooks('RoleInfo("fees", Text("Frais", "Fees"), Accepts.EXPENSE)', 'RoleInfo("fees", Text("Frais", "Fees"), Accepts.EXPENSE, same_as="charges")')],
    "terms.complete": [hooks('BANK, INCOME,', 'TERMS = TermTable({**TERMS.terms, "void": replace(TERMS.terms["sale"], word="void", origin="")})\nBANK, INCOME,'),
                       hooks(IMPORTS, "import csv\nfrom dataclasses import replace\n")],
    "settings.labels": [hooks(', json_schema_extra={"fr": "Numéro du magasin"}', "")],
    "settings.hints": [hooks('            "fr_hint": "Le marché a sa propre caisse.",\n', "")],
    "settings.options": [hooks(', "market": ["Marché", "Market"]', "")],
    "settings.secrets": [after(SHOP, '    web_password: str = Field("", title="Password", json_schema_extra={"fr": "Mot de passe"})\n')],
    "settings.closed": [hooks('extra="forbid"', 'extra="ignore"')],
    "settings.trial": [twin('"shop": "1"', '"shop": 1')],
    "fetch.raises": [after(TILL, "    if number == 2:\n        raise LookupError\n")],
    "trial.records": [hooks('StreamInfo("payouts", Text("Versements", "Payouts")),', 'StreamInfo("payouts", Text("Versements", "Payouts")), StreamInfo("tips", Text("Pourboires", "Tips")),'),
                      after('    if stream in ("people", "sales"):\n', ""),
                      hooks('def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:\n', 'def fetch_records(context: FetchContext, stream: str, cursor: str | None) -> Page | None:\n    if stream == "tips":\n        return Page((), cursor, more=False)\n')],
    "trial.retold": [twin("            again={\n", "            again=dict[Again, Telling]() and {\n")],
    "trial.news": [twin('LATE = [Rung("a1", START, "sale", "12.50", "1.63"), ', "LATE = [")],
    "trial.negative_day": [
        twin('Rung("b1", START + day, "refund", "-11.50", "1.50")', 'Rung("b1", START + day, "sale", "11.50", "1.50")'),
        twin('("p2", 4, "-11.50", "0.05")', '("p2", 4, "11.50", "0.05")'),
    ],
    "trial.bad": [twin('        Rung("c2", START + 2 * day + timedelta(hours=1), "swap", "3.00", "0.39", "9"),\n', "")],
    "trial.waits": [twin('"voucher", "2.00"', '"sale", "2.00"')],
    "trial.rounding": [twin('"sale", "0.20", "0.02", "8"', '"sale", "0.20", "0.03", "8"')],
    "trial.exemptions": [twin('name="three days",', 'name="three days",\n            exempt={"no.such": Text("Parce que.", "Because.")},'),
                         twin("from raccord.plugin import LedgerObject\n", "from raccord.plugin import LedgerObject, Text\n")],
    "page.answers": [
        hooks('more=bool(said["more"]))', 'more=bool(said["more"])) if records else None'),
        hooks("cursor: str) -> Page:", "cursor: str) -> Page | None:"),
    ],
    "page.foreign": [hooks(' if stream == "payouts" else None', '')],
    "page.size": [before(KEEP, '        if stream == "sales":\n            rejects += [Reject(stream, f"{file.name}:{line}/{n}", "corner-shop.noise", Text("Du bruit.", "Some noise.")) for n in range(600)]\n')],
    "page.ends": [
        hooks("return Page((), str(number), more=False)", "return Page((), str(number), more=True)"),
        hooks("    more = context.files.after(file.number) is not None\n", "    more = True\n"),
    ],
    "page.own_stream": [before(KEEP, '        if stream == "sales":\n            rejects.append(Reject("tips", f"{file.name}:{line}", "corner-shop.tip", Text("Un pourboire.", "A tip.")))\n')],
    "page.ids": [hooks("return Page(list(records.values()), str(file.number)", "return Page([*records.values(), *list(records.values())[-1:]], str(file.number)")],
    "page.same_twice": [before(TILL, "SEEN: list[int] = []\n\n\n"), hooks("    more = context.files.after(file.number) is not None\n", "    more = context.files.after(file.number) is not None\n    SEEN.append(number)\n    records = dict(sorted(records.items(), reverse=len(SEEN) % 2 == 0))\n")],
    "cursor.size": [hooks("    return Page(list(records.values()), str(file.number), more=more, rejects=rejects)", '    return Page(list(records.values()), " " * 5000 + str(file.number), more=more, rejects=rejects)'),
                    hooks("return Page((), str(number), more=False)", 'return Page((), " " * 5000 + str(number), more=False)')],
    "cursor.resume": [before(TILL, "DONE: dict[int, tuple[object, set[int]]] = {}\n\n\n"), hooks("    file = context.files.after(number)\n", "    file = context.files.after(number)\n    done = DONE.setdefault(id(context.files), (context.files, set()))[1]\n    if file is not None and stream == 'sales' and number == 1:\n        if len(done) > 2:\n            file = context.files.after(2)\n        done.add(len(done))\n")],
    "cursor.rest": [
        before(PAYOUT, "RESTED: list[object] = []\n\n\n"),
        hooks(
            '    records = [_payout(each) for each in said["data"]]\n',
            '    records = [_payout(each) for each in said["data"]]\n'
            "    RESTED.extend([] if records else [context.http])\n"
            "    if sum(each is context.http for each in RESTED) > 6:\n"
            '        more = {"id": f"late-{len(RESTED)}", "day": "2026-03-09", "net": "0.00", "currency": "CAD"}\n'
            "        records = [_payout(more)]\n",
        ),
    ],
    "identity.reordered": [
        hooks("    records: dict[str, Record] = {}\n", "    records: dict[str, Record] = {}\n    told = [each for each in text.splitlines()[1:] if each]\n"),
        before(KEEP, '        if stream == "sales" and told != sorted(told):\n            record = replace(record, source_id=f"{record.source_id}-{line}")\n'),
        hooks(IMPORTS, "import csv\nfrom dataclasses import replace\n"),
    ],
    "identity.overlapping": [
        before(KEEP, '        if stream == "sales" and file.name == "whole.csv":\n            record = replace(record, source_id=f"{record.source_id}-whole")\n'),
        hooks(IMPORTS, "import csv\nfrom dataclasses import replace\n"),
    ],
    "identity.reissued": [hooks("        records[record.source_id] = record\n", '        record = replace(record, source_id=record.source_id + "-copy") if file.name.startswith("copy-") else record\n        records[record.source_id] = record\n'), hooks(IMPORTS, "import csv\nfrom dataclasses import replace\n")],
    "identity.later": [hooks('more=bool(said["more"]))', 'more=bool(said["more"]) and int(cursor) < 3)')],
    "identity.extended": [hooks("raw: dict[str, JSON] = {name: str(value) for name, value in said.items()}", 'raw: dict[str, JSON] = {name: str(value) for name, value in said.items() if name != "fresh"}'),
                          twin('                files=[("till.csv", till_file(rows, more={"loyalty": "extra-field-7"}))],\n', '                files=[("till.csv", till_file(rows))],\n')],
    "record.json": [hooks('raw["day"] = str(context.days.day_of(moment))', 'raw["day"] = context.days.day_of(moment)')],
    "record.kept_whole": [hooks('{"name": f"Customer {row[\'customer\']}"})', "{})"), hooks('name=str(record.raw["name"])', 'name=record.source_id')],
    "record.day": [hooks('date.fromisoformat(str(said["day"])), raw', 'datetime.fromisoformat(str(said["day"])), raw')],
    "record.as_of": [hooks("as_of=moment)", "as_of=moment.replace(tzinfo=None))")],
    "record.totals": [twin('sum((Decimal(each.amount) for each in rows), Decimal(0))', 'Decimal("1234.87")')],
    "record.secrets": [hooks("    records = [_payout(each) for each", "    said[\"data\"] = [{**each, \"by\": settings.api_token.get_secret_value()} for each in said[\"data\"]]\n    records = [_payout(each) for each")],
    "reject.reason": [before(KEEP, '        if line == 2 and stream == "sales":\n            rejects.append(Reject(stream, f"{file.name}:{line}", "Bad Row!", Text("Illisible.", "Unreadable.")))\n')],
    "day.zone": [hooks('return Record(stream, row["id"], context.days.day_of(moment), raw', 'return Record(stream, row["id"], moment.date(), raw')],
    "outside.network": [after(TILL, "    with contextlib.suppress(OSError):\n        socket.create_connection((\"127.0.0.1\", 9), timeout=1)\n"), hooks(IMPORTS, "import contextlib\nimport csv\nimport socket\n")],
    "outside.hosts": [hooks('"https://pay.example.com/payouts"', '"https://other.example.com/payouts"')],
    "outside.clock": [after(TILL, "    datetime.now(UTC)\n"), hooks("from datetime import date, datetime", "from datetime import UTC, date, datetime")],
    "outside.first_day": [hooks('        records[record.source_id] = record\n', '        if stream == "people" or record.day >= context.starts_on:\n            records[record.source_id] = record\n')],
    "outside.pause": [hooks('        records[record.source_id] = record\n', '        if (context.now().date() - record.day).days < 400 or stream == "people":\n            records[record.source_id] = record\n')],
    "error.busy": [hooks("    said = json.loads(answer.content, parse_float=Decimal)\n    records", "    said = json.loads(answer.content, parse_float=Decimal)\n    records"),
                   hooks("    answer = context.http.get(\n", "    try:\n        context.http.get(\"https://pay.example.com/ping\")\n    except RetryLater:\n        pass\n    answer = context.http.get(\n"),
                   hooks("    ReportContext,\n", "    ReportContext,\n    RetryLater,\n")],
    "error.access": [hooks("    answer = context.http.get(\n", "    try:\n        context.http.get(\"https://pay.example.com/ping\")\n    except Reauthorise:\n        pass\n    answer = context.http.get(\n"),
                     hooks("    ReportContext,\n", "    Reauthorise,\n    ReportContext,\n")],
    "error.damaged": [hooks('.decode("utf-8", "replace")', ".decode()")],
    "map.answers": [hooks('        return Skipped("corner-shop.void", Text("Annulée à la caisse.", "Voided at the till."))', "        return Mapped([])")],
    "map.raises": [hooks('        return Skipped("corner-shop.void", Text("Annulée à la caisse.", "Voided at the till."))', '        raise ValueError("void")')],
    "map.same_twice": [
        before(SALE, "ASKED: list[str] = []\n\n\n"),
        after(SALE, "    ASKED.append(record.source_id)\n"),
        hooks('description=str(record.raw["note"])', 'description="x" * (ASKED.count(record.source_id) == 2)'),
    ],
    "map.clock": [after(SALE, "    uuid4()\n"), hooks("from enum import StrEnum\n", "from enum import StrEnum\nfrom uuid import uuid4\n")],
    "record.currency": [hooks('Money.of(str(said["net"]), str(said["currency"]))', 'Money.of(str(said["net"]), "CAD")')],
    "map.unknown": [hooks("context.terms.get(kind) is None:", 'context.terms.get(kind) is None and kind == "swap":')],
    "map.network": [after(SALE, "    with contextlib.suppress(OSError):\n        socket.create_connection((\"127.0.0.1\", 9), timeout=1)\n"), hooks(IMPORTS, "import contextlib\nimport csv\nimport socket\n")],
    "map.keeps_record": [after(SALE, '    record.raw.setdefault("seen", "yes")  # type: ignore[attr-defined]\n')],
    "map.from_store": [hooks('description=str(record.raw["note"])', "description=str(record.as_of)")],
    "map.own_keys": [hooks("key=record.key(), day=record.day, currency=amount.currency, paid_from", 'key=f"refunds/{record.source_id}", day=record.day, currency=amount.currency, paid_from')],
    "map.keys_once": [hooks("Mapped([Customer(key=record.key(), name", 'Mapped([Customer(key=record.key(), name="x"), Customer(key=record.key(), name')],
    "map.keys_fixed": [hooks("key=record.key(), day=record.day, currency=amount.currency, paid_from", "key=record.key(context.language), day=record.day, currency=amount.currency, paid_from")],
    "map.amount": [hooks("total=amount.amount,", "total=gross,"), hooks(DEPOSIT, "    parts = (DirectLine(account=CLEARING, amount=gross),)\n")],
    "map.currency": [hooks("key=record.key(), day=record.day, currency=amount.currency, paid_from", 'key=record.key(), day=record.day, currency="USD", paid_from')],
    "map.day": [hooks("key=record.key(), day=record.day, currency=amount.currency, paid_from", "key=record.key(), day=date(2026, 1, 1), currency=amount.currency, paid_from")],
    "skip.reason": [hooks('Skipped("corner-shop.void", Text("Annulée à la caisse.", "Voided at the till."))', 'Skipped("corner-shop.void", Text("–", "–"))')],
    "draft.lines": [hooks(DEPOSIT, "    parts = (DirectLine(account=CLEARING, amount=gross),)\n")],
    "draft.quantities": [hooks("unit_price=worth", "unit_price=2 * worth")],
    "draft.taxes": [hooks('amount=Decimal(str(record.raw["tax"]))', 'amount=Decimal(str(record.raw["tax"])) + worth')],
    "draft.tax_code": [hooks('code = Role("tax") if context.taxed else None', "code = None")],
    "draft.journal": [hooks("JournalLine(account=FEES, side=Side.DEBIT, amount=fee)", "JournalLine(account=FEES, side=Side.DEBIT, amount=2 * fee)")],
    "draft.cents": [hooks(DEPOSIT, '    parts = (DirectLine(account=CLEARING, amount=gross + Decimal("0.001")), DirectLine(account=FEES, amount=-fee - Decimal("0.001")))\n')],
    "draft.signs": [hooks("JournalLine(account=CLEARING, side=Side.DEBIT, amount=-gross)", "JournalLine(account=CLEARING, side=Side.CREDIT, amount=gross)")],
    "draft.roles": [hooks('            RoleInfo("clearing", Text("Fonds non déposés", "Undeposited funds"), Accepts.CLEARING),\n', "")],
    "draft.places": [hooks('RoleInfo("bank", Text("Banque", "Bank"), Accepts.BANK)', 'RoleInfo("bank", Text("Banque", "Bank"), Accepts.EXPENSE)')],
    "draft.links": [hooks('Link(record_key("people", str(record.raw["customer"])))', 'Link(record_key("people", "nobody"))')],
    "draft.applied": [hooks("customer=Link(customer), applied", 'customer=Link(record_key("people", "7")), applied')],
    "push.lists": [hooks("@hookimpl\ndef push_records", "@hookimpl\ndef push_records"), twin('pushed={"goods":', 'pushed={"tags": [], "goods":')],
    "push.told": [hooks("return PushResult(pushed)", "return PushResult([*pushed, *pushed])")],
    "push.idempotent": [hooks(PUSH, 'answer = context.http.post("https://pay.example.com/goods", json={"name": entry.name})')],
    "report.idempotent": [before("@hookimpl\ndef report_outcome", "TOLD: list[int] = []\n\n\n"), hooks("    for outcome in outcomes:\n", "    TOLD.append(1)\n    if len(TOLD) > 1:\n        raise LookupError\n    for outcome in outcomes:\n")],
    "report.told": [hooks('        context.http.post("https://pay.example.com/outcomes", json={"id": outcome.source_id})\n', "        pass\n")],
    "close.given_back": [hooks('    context.http.delete("https://pay.example.com/access")\n', "")],
    "error.refused": [hooks(
        '        raise SourceRefused(Text("Réponse imprévue du processeur.", "An unexpected answer of the processor.")) from None\n',
        '        return SimpleNamespace(content=b\'{"data": [], "last": 9, "more": false}\'), []\n',
    )],
    "error.row": [hooks("rejects=rejects, more=bool", "rejects=rejects[:0], more=bool")],
    "outside.secrets": [hooks("    answer, rejects = _readable(answer)\n", "    answer, rejects = _readable(answer)\n    logging.getLogger().debug(settings.api_token.get_secret_value())\n"),
                        hooks(IMPORTS, "import csv\nimport logging\n")],
    "map.secrets": [hooks('Text("Annulée à la caisse.", "Voided at the till.")', 'Text("Annulée à la caisse.", f"Voided at the till {base64.b64encode(context.settings.api_token.get_secret_value().encode()).decode()}.")'),
                    hooks(IMPORTS, "import base64\nimport csv\n")],
    "record.expected": [hooks(
        '    records = [_payout(each) for each in said["data"]]\n',
        '    records = [_payout(each) for each in said["data"]]\n'
        '    made = {"gross": "10.00", "net": "10.00", "fee": "0.00"}\n'
        '    back = {"gross": "-10.00", "net": "-10.00", "fee": "0.00"}\n'
        '    records += [_payout({**each, **one, "id": f"x{one[\'net\']}"}) for each in said["data"] if each["id"] == "p1"\n'
        "                for one in (made, back)]\n",
    )],
    "map.expected": [hooks('Skipped("corner-shop.void"', 'Skipped("corner-shop.voided"')],
    "draft.effects": [hooks(DEPOSIT, DEPOSIT.replace("account=FEES", "account=INCOME"))],
    "draft.open": [hooks("    settles = Application(", '    sale = "d3" if sale == "d1" else sale\n    settles = Application(')],
    "draft.counts": [hooks("    return Mapped(\n        [\n            Deposit(", '''    if record.source_id == "p3":
        half = Decimal("100.00")
        first, rest = DirectLine(account=CLEARING, amount=half), DirectLine(account=CLEARING, amount=gross - half)
        fees = DirectLine(account=FEES, amount=-fee)
        return Mapped([
            Deposit(key=record.key(), day=record.day, currency="CAD", bank=BANK, lines=(first,), total=half),
            Deposit(key=record.key("rest"), day=record.day, currency="CAD", bank=BANK, lines=(rest, fees), total=amount.amount - half),
        ])
    return Mapped(\n        [\n            Deposit(''')],
    "draft.printed": [hooks('description=str(record.raw["note"])', 'description=str(record.raw["id"])')],
    "code.imports": [hooks("from raccord.plugin.drafts import (\n", "from raccord.clock import SystemClock\nfrom raccord.plugin.drafts import (\n"), before("BANK, INCOME,", "NOW = SystemClock\n")],
    "code.floats": [before("BANK, INCOME,", "RATE = 0.14975\n")],
}  # fmt: skip
"""Every lie by the rule that it breaks, and no other."""

HIDES = {"info.given", "settings.trial", "fetch.raises", "page.answers"}
"""Lies after which other rules cannot be judged."""
