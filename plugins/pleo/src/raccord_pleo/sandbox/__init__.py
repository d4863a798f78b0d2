"""Pleo's twin: the export interface as published, with a company whose every expense is known."""

from raccord_pleo.sandbox.company import Filed, TwinCompany, TwinRefusalError
from raccord_pleo.sandbox.demonstration import demo
from raccord_pleo.sandbox.server import PleoTwin
from raccord_pleo.sandbox.trying import trials

__all__ = ["Filed", "PleoTwin", "TwinCompany", "TwinRefusalError", "demo", "trials"]
