"""What a company is and can do as QuickBooks tells it: its legal name, its plan, and what is switched on there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class PlanFeature(StrEnum):
    """What a plan may offer and a company switch on, as far as our documents use it."""

    CLASSES = "classes"
    LOCATIONS = "locations"
    PROJECTS = "projects"
    MULTICURRENCY = "multicurrency"
    SALES_TAX = "sales_tax"


@dataclass(frozen=True, slots=True)
class Profile:
    """``features`` are those that QuickBooks speaks of, each with whether it is on; the others are not known."""

    legal_name: str = ""
    plan: str = ""
    """As QuickBooks names it ('QuickBooks Online Plus'), or empty."""
    features: Mapping[str, bool] = field(default_factory=dict)


def profile_of(info: Mapping[str, Any], preferences: Mapping[str, Any]) -> Profile:
    """Return what CompanyInfo and Preferences say of a company."""
    accounting, currency = _section(preferences, "AccountingInfoPrefs"), _section(preferences, "CurrencyPrefs")
    classes = [accounting[name] for name in ("ClassTrackingPerTxn", "ClassTrackingPerTxnLine") if name in accounting]
    projects = other_preference(preferences, "ProjectsEnabled")
    said = {
        PlanFeature.CLASSES: any(classes) if classes else None,
        PlanFeature.LOCATIONS: accounting.get("TrackDepartments"),
        PlanFeature.PROJECTS: projects == "true" if projects else None,
        PlanFeature.MULTICURRENCY: currency.get("MultiCurrencyEnabled"),
        PlanFeature.SALES_TAX: _section(preferences, "TaxPrefs").get("UsingSalesTax"),
    }
    return Profile(
        str(info.get("LegalName") or ""),
        plan_in(info),
        {str(feature): bool(on) for feature, on in said.items() if on is not None},
    )


def plan_in(info: Mapping[str, Any]) -> str:
    """Return the name of the company's plan as CompanyInfo tells it, or nothing."""
    pairs = info.get("NameValue", [])
    return next((str(pair.get("Value", "")) for pair in pairs if pair.get("Name") == "OfferingSku"), "")


def other_preference(preferences: Mapping[str, Any], name: str) -> str:
    """Return one of the pairs of ``OtherPrefs`` in lower case, or nothing where it is not there."""
    pairs = _section(preferences, "OtherPrefs").get("NameValue", [])
    return next((str(pair.get("Value", "")).lower() for pair in pairs if str(pair.get("Name", "")).endswith(name)), "")


def _section(preferences: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = preferences.get(name)
    return found if isinstance(found, Mapping) else {}
