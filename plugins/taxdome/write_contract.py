"""Writes the published JSON Schemas from the models: ``python plugins/taxdome/write_contract.py``."""

from __future__ import annotations

import json
from pathlib import Path

from raccord.plugin.contract import json_schemas
from raccord_taxdome.contract import CONTRACT

SCHEMAS = Path(__file__).parent / "src" / "raccord_taxdome" / "schemas"


def schemas() -> dict[str, str]:
    """Return the text of each schema's file by its name."""
    return {
        f"{name}.schema.json": json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
        for name, schema in json_schemas(CONTRACT).items()
    }


if __name__ == "__main__":
    SCHEMAS.mkdir(exist_ok=True)
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")
