"""The contract as others read it: a JSON Schema (2020-12) for each object, and the columns of its table."""

from __future__ import annotations

from raccord.plugin.contract.columns import columns_of
from raccord.plugin.contract.objects import Contract

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schemas(contract: Contract) -> dict[str, dict[str, object]]:
    """Return the schema of each object by its name; ``x-columns`` are the columns of its table."""
    found: dict[str, dict[str, object]] = {}
    for each in contract.objects:
        schema = each.model.model_json_schema(mode="validation")
        schema["properties"] = {"object": {"const": each.name}, **schema["properties"]}
        found[each.name] = {
            "$schema": DIALECT,
            "$id": f"urn:raccord:{contract.name}:1:{each.name}",
            **schema,
            "title": each.label.en,
            "x-columns": ["object", *columns_of(each.model)],
        }
    return found
