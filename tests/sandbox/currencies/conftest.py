"""The companies that the rules of multicurrency are tried with."""

from __future__ import annotations

from foreign_shop import off, shop

__all__ = ["off", "shop"]
