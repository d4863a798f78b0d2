"""TaxDome's twin: a small tax practice that one can act on, its tables, and its part in the demonstration."""

from raccord_taxdome.sandbox.demonstration import demo
from raccord_taxdome.sandbox.practice import Practice
from raccord_taxdome.sandbox.trying import trials

__all__ = ["Practice", "demo", "trials"]
