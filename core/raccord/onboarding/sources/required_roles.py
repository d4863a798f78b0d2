"""Which roles a person has to fill: those that are needed and that nothing else fills."""

from __future__ import annotations

from raccord.plugin.drafts import Accepts
from raccord.plugin.info import RoleInfo


def must_be_chosen(info: RoleInfo, *, taxed: bool) -> bool:
    """Tell whether drafts wait for somebody's choice; where sales are taxed, a line without its code is refused."""
    needed = info.required or (info.accepts is Accepts.TAX_CODE and taxed and not info.instances)
    return needed and not info.same_as and not info.subtype and info.default is None


def asked_in_set_up(info: RoleInfo, *, taxed: bool) -> bool:
    """Tell whether a set-up goes on only with a choice for the role itself, not for each account of its."""
    return must_be_chosen(info, taxed=taxed) and not (info.told_by_records or info.instances)
