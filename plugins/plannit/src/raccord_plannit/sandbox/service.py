"""The twin as a service: the contract's address, its lists, tables, signed messages, and a page to click."""

from __future__ import annotations

from functools import partial

from raccord.plugin import JSON
from raccord.plugin.testing.contract_twin import TOKEN, ContractTwin, serving
from raccord_plannit.contract import CONTRACT
from raccord_plannit.sandbox.firm import Firm, Value
from raccord_plannit.sandbox.page import act, page

__all__ = ["TOKEN", "Service", "serving"]


class Service(ContractTwin):
    """A firm behind an address, which takes contacts and items of the ledger in; ``page_size`` keeps pages small."""

    def __init__(self, firm: Firm, *, page_size: int = 100) -> None:
        super().__init__(CONTRACT, firm, page=partial(page, firm), act=partial(act, firm), page_size=page_size)
        self.firm = firm

    def written(self, method: str, path: str, body: Value) -> tuple[int, Value]:
        """Take an entry of the ledger, a tag, or the word that a contact is to be deleted."""
        parts = path.split("/")
        if method == "PUT" and len(parts) == 3 and parts[1] == "quickbooks":
            return self.taken(parts[0], parts[2], body)
        if method == "POST" and len(parts) == 3 and parts[2] in ("tags", "delete"):
            return self.tended(parts[0], parts[1], parts[2], body)
        return super().written(method, path, body)

    def taken(self, path: str, ledger_id: str, body: Value) -> tuple[int, dict[str, JSON]]:
        """Take an entry of the ledger into a list of the firm."""
        if path not in ("contacts", "items"):
            return 404, {"message": path}
        kind, key = ("contact", "quickbooks_customer_id") if path == "contacts" else ("item", "quickbooks_item_id")
        name = str(body.get("display_name" if kind == "contact" else "name") or "")
        if not name:
            return 422, {"message": "name"}
        values = {each: value for each, value in body.items() if value not in ("", [])}
        there = len(self.firm.objects[kind])
        taken = self.firm.imported(kind, key, ledger_id, values)
        return 200 if len(self.firm.objects[kind]) == there else 201, {"id": taken}

    def tended(self, path: str, id_: str, deed: str, body: Value) -> tuple[int, dict[str, JSON]]:
        """Tag or delete a contact, as the contract's address does."""
        if path != "contacts" or id_ not in self.firm.objects["contact"]:
            return 404, {"message": f"{path}/{id_}"}
        try:
            done = self.firm.tag(id_, str(body.get("tag", ""))) if deed == "tags" else self.firm.delete(id_)
        except ValueError:
            return 409, {"message": "des factures ou des paiements en dépendent"}
        return 200, {"id": done}
