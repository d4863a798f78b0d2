"""The till as a source whose set-up has gates of every kind."""

from __future__ import annotations

from dataclasses import replace

import till

from raccord.plugin import ConnectorInfo, GateInfo, Mode, RoleInfo, Stage, Text
from raccord.plugin.drafts import Accepts


def _gate(name: str, before: Stage, **asked: object) -> GateInfo:
    return replace(
        GateInfo(
            name=name,
            before=before,
            title=Text(f"Préalable {name}.", f"Gate {name}."),
            why=Text("Sinon rien ne concorde.", "Else nothing agrees."),
            how=Text("Faites-le dans la caisse.", "Do it in the till."),
        ),
        **asked,  # type: ignore[arg-type]
    )


GATES = (
    _gate("tax_groups", Stage.COMPANY, link="https://till.example/taxes"),
    _gate("scope", Stage.SOURCE, first_day=True, settings=("till",)),
    _gate("pos_account", Stage.ACCOUNTS, modes=frozenset({Mode.FIRST_TIME})),
    _gate("all_matched", Stage.LISTS, roles=("bank", "item", "income")),
    _gate("looked_through", Stage.PLAN),
)


def gated_info() -> ConnectorInfo:
    """Return the till's manifest with gates, and a role that core cannot fill by itself beside the bank's."""
    item = RoleInfo("item", Text("Article", "Item"), Accepts.INCOME)
    return replace(till.INFO, gates=GATES, roles=(*till.INFO.roles, item))
