"""Names to propose where one is taken: QuickBooks keeps one space for customers, vendors and employees (K19)."""

from __future__ import annotations

from collections.abc import Mapping

SUFFIXES: Mapping[str, tuple[str, str]] = {
    "Customer": ("(client)", "(C)"),
    "Vendor": ("(fournisseur)", "(V)"),
}
"""What tells an entry of one list from its namesake in another; a person confirms it, nothing takes it by itself."""
OTHERS = ("(2)", "(Raccord)")


def proposals(name: str, kind: str) -> list[str]:
    """Return names for a new entry of ``kind`` whose own name is taken."""
    return [f"{name} {suffix}" for suffix in SUFFIXES.get(kind, OTHERS)]
