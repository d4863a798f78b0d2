"""Brings customers and items of QuickBooks into Plannit's lists, once each, at the address of the contract."""

from __future__ import annotations

from collections.abc import Sequence

from raccord.plugin import JSON, LedgerObject, PushContext, PushResult, SourceRefused, Text
from raccord_plannit.manifest import CONTACT_LIST
from raccord_plannit.settings import InputKind, PlannitSettings

_TAKEN = (200, 201)
_REFUSED = (400, 409, 422)
_CATEGORY = "Category"


def push_list(
    context: PushContext, settings: PlannitSettings, name: str, documents: Sequence[LedgerObject]
) -> PushResult:
    """Hand entries over one by one: ``PUT {address}/{path}/quickbooks/{id}``, which finds the same one again."""
    if settings.input_kind is not InputKind.PULL:
        raise SourceRefused(
            Text(
                "Pour importer dans Plannit, il faut une adresse qui suit le contrat ; cette connexion lit des "
                "fichiers.",
                "To import into Plannit, an address that follows the contract is needed; this connection reads files.",
            )
        )
    pushed: list[tuple[str, str]] = []
    refused: list[tuple[str, Text]] = []
    path = "contacts" if name == CONTACT_LIST else "items"
    for entry in documents:
        if entry.type == _CATEGORY:
            pushed.append((entry.id, ""))  # Plannit keeps no categories of QuickBooks; an item says its own.
            continue
        answer = context.http.put(
            f"{settings.base_url.rstrip('/')}/{path}/quickbooks/{entry.id}",
            json=_contact(entry) if name == CONTACT_LIST else _item(entry),
            headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"},
        )
        said = answer.json() if answer.status in (*_TAKEN, *_REFUSED) else None
        if answer.status in _TAKEN and isinstance(said, dict) and said.get("id"):
            pushed.append((entry.id, str(said["id"])))
        elif answer.status in _REFUSED:
            why = str(said.get("message") or answer.status) if isinstance(said, dict) else str(answer.status)
            refused.append((entry.id, Text(f"Plannit refuse : {why[:200]}", f"Plannit refuses: {why[:200]}")))
        else:
            raise SourceRefused(
                Text(
                    f"L’adresse a répondu {answer.status} ; vérifiez-la dans les réglages.",
                    f"The address answered {answer.status}; check it in the settings.",
                )
            )
    return PushResult(pushed, refused)


def _contact(entry: LedgerObject) -> dict[str, JSON]:
    said = entry.details
    address = {
        "line": said.get("street", ""),
        "city": said.get("city", ""),
        "region": said.get("region", ""),
        "postal_code": said.get("postal_code", ""),
        "country": said.get("country", ""),
    }
    value: dict[str, JSON] = {"display_name": entry.name, "active": entry.active, "company": said.get("company", "")}
    value["emails"] = [said["email"]] if said.get("email") else []
    value["phones"] = [said["phone"]] if said.get("phone") else []
    return value | ({"billing_address": address} if any(address.values()) else {})


def _item(entry: LedgerObject) -> dict[str, JSON]:
    said = entry.details
    value: dict[str, JSON] = {
        "name": entry.name,
        "active": entry.active,
        "description": said.get("description", ""),
        "taxable": said.get("taxable", "true") != "false",
    }
    return value | ({"sale_price": said["price"]} if said.get("price") else {})
