"""TaxDome's twin: a small tax practice that one can act on, with its tables, its service and a page to click."""

from raccord_taxdome.sandbox.demonstration import demo
from raccord_taxdome.sandbox.page import twin_of
from raccord_taxdome.sandbox.practice import Practice
from raccord_taxdome.sandbox.trying import trials

__all__ = ["Practice", "demo", "trials", "twin_of"]
