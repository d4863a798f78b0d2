"""Making an entry of a list active again: the body that does it, from the entry as QuickBooks holds it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from raccord.quickbooks.codec.encode import kept_of
from raccord.quickbooks.codec.json_text import write

_DELETED = re.compile(r" \(deleted(?: \d+)?\)$")


def active_again(kind: str, document: Mapping[str, object]) -> str:
    """Return the update that makes an entry active under the name it had before QuickBooks marked it as deleted.

    It is sent whole, as Intuit documents for most lists, so that nothing of the entry is lost.
    """
    name = "DisplayName" if kind in ("Customer", "Vendor") else "Name"
    own = _DELETED.sub("", str(document[name]))
    address = {"Id": str(document["Id"]), "SyncToken": str(document["SyncToken"])}
    return write({**kept_of(document), name: own, "Active": True, **address})
