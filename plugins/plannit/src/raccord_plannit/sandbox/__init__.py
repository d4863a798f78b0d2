"""Plannit's twin: a small field-service firm with its own service, exports, messages and a page to click."""

from raccord_plannit.sandbox.demonstration import demo
from raccord_plannit.sandbox.exports import write_table
from raccord_plannit.sandbox.firm import Firm
from raccord_plannit.sandbox.trying import trials

__all__ = ["Firm", "demo", "trials", "write_table"]
