"""What a role takes from the company's lists by name alone, and what becomes of it where they lack the name."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from raccord.plugin import RoleInfo, Text
from raccord.plugin.drafts import Accepts, Role
from raccord.scope import Scope
from raccord.store.models import Connection
from raccord.sync.books.lists import Entry, Lists
from raccord.sync.resolving.resolve import CHOICE_MISSING, Held, Resolver
from raccord.sync.resolving.views import View


def test_a_tax_code_is_found_by_its_name_and_waits_without_one_while_what_is_no_tax_stays_empty() -> None:
    def role(name: str, accepts: Accepts) -> RoleInfo:
        return RoleInfo(name, Text("Nom", "Name"), accepts, required=False, found_as=("HST ON", "TVH ON"))

    roles = {each.name: each for each in (role("tax", Accepts.TAX_CODE), role("type", Accepts.CUSTOMER_TYPE))}
    scope = cast("Scope", SimpleNamespace(answers=lambda _: False))
    resolver = Resolver(cast("Connection", None), scope, cast("View", None), "en", _roles=roles)
    assert resolver.resolve(Role("type")) == ""
    # Without its code the document would go out untaxed.
    with pytest.raises(Held) as held:
        resolver.resolve(Role("tax"))
    assert held.value.code == CHOICE_MISSING
    entry = Entry("TaxCode", "7", "Tvh on", True)
    resolver.lists = Lists(by_id={("TaxCode", "7"): entry}, by_name={("TaxCode", "tvh on"): [entry]})
    assert resolver.resolve(Role("tax")) == "7"
