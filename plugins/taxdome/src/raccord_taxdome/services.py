"""Which item of QuickBooks a service is sold as: where it came from tells its income account (TD-38 to TD-40)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel

from raccord.plugin import JSON, record_key
from raccord.plugin.drafts import LedgerId, Link, Ref, Role
from raccord_taxdome.contract import SERVICES
from raccord_taxdome.settings import OlderServices, TaxDomeSettings

DEFAULT_ITEM = Role("default_item")


def item_of_line(settings: TaxDomeSettings, line: Mapping[str, JSON]) -> Ref:
    """Return what an invoice's line is sold as."""
    service, copied = str(line.get("service_id") or ""), str(line.get("quickbooks_item_id") or "")
    match str(line.get("origin") or "taxdome_before"):
        case "quickbooks_copy" if copied:
            return LedgerId(copied, "Item")
        case "taxdome_after" if service:
            return Link(record_key(SERVICES, service))
        case "taxdome_before" if service and settings.older_services is OlderServices.OWN_ITEM:
            return Link(record_key(SERVICES, service))
        case _:
            return DEFAULT_ITEM


def sold_as(settings: BaseModel, service_id: str, raw: Mapping[str, JSON]) -> Ref:
    """Return what the lines of a service are sold as (TD-41)."""
    if not isinstance(settings, TaxDomeSettings):
        return DEFAULT_ITEM
    return item_of_line(settings, {**raw, "service_id": service_id})
