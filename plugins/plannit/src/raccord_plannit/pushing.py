"""Brings customers and items of QuickBooks into Plannit, once each; tags what was there, deletes what came double."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from raccord.plugin import JSON, LedgerObject, ListDeed, PushContext, PushResult, SourceRefused, Text
from raccord_plannit.manifest import CONTACT_LIST, TAG
from raccord_plannit.settings import InputKind, PlannitSettings

_MADE = 201
_TAKEN = (200, _MADE)
_REFUSED = (400, 409, 422)
_GONE = 410
_CATEGORY = "Category"


def tend_list(
    context: PushContext, settings: PlannitSettings, name: str, deed: ListDeed, source_ids: Sequence[str]
) -> PushResult:
    """Tag or delete entries one by one: ``POST {address}/{path}/{id}/tags`` and ``…/delete``."""
    _require_address(settings)
    done: list[tuple[str, str]] = []
    refused: list[tuple[str, Text]] = []
    what, body = ("tags", {"tag": TAG}) if deed is ListDeed.TAG else ("delete", {})
    for source_id in source_ids:
        address = f"{settings.base_url.rstrip('/')}/{_path(name)}/{quote(source_id, safe='')}/{what}"
        why = _refusal(context, settings, address, body)
        if why is None:
            done.append((source_id, source_id))
        else:
            refused.append((source_id, why))
    return PushResult(done, refused)


def push_list(
    context: PushContext, settings: PlannitSettings, name: str, documents: Sequence[LedgerObject]
) -> PushResult:
    """Hand entries over one by one: ``PUT {address}/{path}/quickbooks/{id}``, which finds the same one again."""
    _require_address(settings)
    pushed: list[tuple[str, str]] = []
    refused: list[tuple[str, Text]] = []
    found: list[str] = []
    path = _path(name)
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
            found += [] if answer.status == _MADE else [entry.id]
        elif answer.status in _REFUSED:
            why = str(said.get("message") or answer.status) if isinstance(said, dict) else str(answer.status)
            refused.append((entry.id, Text(f"Plannit refuse : {why[:200]}", f"Plannit refuses: {why[:200]}")))
        else:
            raise _strange(answer.status)
    return PushResult(pushed, refused, found)


def _refusal(context: PushContext, settings: PlannitSettings, address: str, body: Mapping[str, JSON]) -> Text | None:
    """Ask for a deed; return why Plannit refuses it, or nothing once it is done."""
    answer = context.http.post(
        address, json=body, headers={"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    )
    if answer.status in _TAKEN or answer.status == _GONE:
        return None
    if answer.status not in _REFUSED:
        raise _strange(answer.status)
    said = answer.json()
    why = str(said.get("message") or answer.status) if isinstance(said, dict) else str(answer.status)
    return Text(f"Plannit refuse : {why[:200]}", f"Plannit refuses: {why[:200]}")


def _require_address(settings: PlannitSettings) -> None:
    if settings.input_kind is not InputKind.PULL:
        raise SourceRefused(
            Text(
                "Pour agir dans les listes de Plannit, il faut une adresse qui suit le contrat ; cette connexion lit "
                "des fichiers. Faites-le dans Plannit.",
                "To act on Plannit's lists, an address that follows the contract is needed; this connection reads "
                "files. Do it in Plannit.",
            )
        )


def _strange(status: int) -> SourceRefused:
    return SourceRefused(
        Text(
            f"L’adresse a répondu {status} ; vérifiez-la dans les réglages.",
            f"The address answered {status}; check it in the settings.",
        )
    )


def _path(name: str) -> str:
    return "contacts" if name == CONTACT_LIST else "items"


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
