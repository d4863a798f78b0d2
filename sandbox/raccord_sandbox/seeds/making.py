"""Makes a company from a template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from raccord_sandbox.clock import stamp
from raccord_sandbox.currencies import currency_name
from raccord_sandbox.entities.kind import Family, Operation
from raccord_sandbox.entities.registry import KINDS
from raccord_sandbox.keeping.company import Company, Work
from raccord_sandbox.operations import Origin, write
from raccord_sandbox.refusing.faults import Doc
from raccord_sandbox.regimes import REGIMES, set_up_taxes
from raccord_sandbox.seeds.settings import company_info, preferences
from raccord_sandbox.seeds.template import CompanyFacts, Template, read_template

SEED = Origin(by="seed")
TARGETS = {
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "AssetAccountRef": "Account",
    "SalesTaxCodeRef": "TaxCode",
    "PurchaseTaxCodeRef": "TaxCode",
}
"""What a reference of a template points to; ParentRef points to the entity itself."""


def fill(company: Company, template: str, switches: Mapping[str, Any], facts: CompanyFacts | None = None) -> None:
    """Make the accounts, taxes, lists and settings of a template; `facts` replace the template's own.

    Raises ValueError for an unknown template.
    """
    found = read_template(template)
    facts = facts or found.company
    company.settings = {
        **switches,
        "template": template,
        "name": facts.name,
        "country": facts.country,
        "currency": facts.currency,
        "currency_name": currency_name(facts.currency, facts.language),
        "tax_accounts": {},
    }
    _store(company, "CompanyInfo", company_info(facts), "1")
    _store(company, "Preferences", preferences(facts), "1")
    maker = _Maker(company)
    maker.make_accounts(found)
    maker.set_up_taxes(facts.taxes)
    for kind, rows in found.objects.items():
        for row in rows:
            maker.make(kind, row)
    maker.close_sequences()
    begin_afresh(company)
    if facts.default_item:
        company.settings["default_item"] = maker.ids["Item", facts.default_item]
    company.save_settings()


def begin_afresh(company: Company) -> None:
    """Let the objects that were changed while the company was made count as never changed."""
    work = Work(company)
    for kind, table in company.tables.items():
        for doc in table:
            if doc["SyncToken"] != "0":
                work.put(kind, {**doc, "SyncToken": "0"})
    work.commit()


class _Maker:
    """Makes objects one after another and remembers their ids by full name."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.ids: dict[tuple[str, str], str] = {}
        self._highest: dict[str, int] = {}

    def make_accounts(self, template: Template) -> None:
        for account in template.accounts:
            parent, _, name = account.full_name.rpartition(":")
            body: Doc = {"Name": name, "AccountType": account.type, "AccountSubType": account.subtype}
            if parent:
                body |= {"SubAccount": True, "ParentRef": parent}
            if account.number:
                body["AcctNum"] = account.number
            self.make("Account", body | ({"Id": account.id} if account.id else {}))

    def set_up_taxes(self, regime: str) -> None:
        """Set the company up with a regime, and with the codes that every company of the United States has."""
        if self.company.is_us:
            for code in ("TAX", "NON"):
                body = {"Name": code, "Description": code, "Taxable": code == "TAX", "TaxGroup": False}
                _store(self.company, "TaxCode", body, code)
        if regime:
            set_up_taxes(self.company, REGIMES[regime])
        self.ids |= {("TaxCode", doc["Name"]): doc["Id"] for doc in self.company.table("TaxCode")}

    def make(self, kind: str, row: Mapping[str, Any]) -> None:
        """Make an object through the API's own rules, with the id it asks for."""
        body = {name: self._value(kind, name, value) for name, value in row.items() if name != "Id"}
        self._reserve(kind, row.get("Id"))
        made = write(self.company, KINDS[kind], body, Operation.CREATE, origin=SEED)
        name = made.get("FullyQualifiedName") or made.get("DisplayName") or made["Name"]
        self.ids[kind, name] = made["Id"]

    def _value(self, kind: str, name: str, value: Any) -> Any:
        if not name.endswith("Ref"):
            return value
        return {"value": self.ids[kind if name == "ParentRef" else TARGETS[name], value]}

    def _reserve(self, kind: str, key: object) -> None:
        """Let the next object of this kind have the id that the template gives."""
        if key is None:
            return
        sequence, number = KINDS[kind].sequence, int(str(key))
        self.company.settings.setdefault("sequences", {})[sequence] = number - 1
        self._highest[sequence] = max(number, self._highest.get(sequence, 0))

    def close_sequences(self) -> None:
        """Let every later object have an id above those that the template gives."""
        for sequence, number in self._highest.items():
            self.company.settings["sequences"][sequence] = number


def _store(company: Company, kind: str, body: Doc, key: str) -> None:
    """Store what the API itself cannot create."""
    work = Work(company)
    now = stamp(company.clock.now())
    doc = {
        **body,
        "domain": "QBO",
        "sparse": False,
        "Id": key,
        "SyncToken": "0",
        "MetaData": {"CreateTime": now, "LastUpdatedTime": now},
    }
    if KINDS[kind].family is Family.LIST:
        doc["Active"] = True
    work.put(kind, doc)
    work.commit()
