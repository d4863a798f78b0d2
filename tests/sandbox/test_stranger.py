"""What a stranger does with the documentation page and curl, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

from raccord_sandbox.config import SandboxConfig
from raccord_sandbox.keeping.company import assert_books_balance
from raccord_sandbox.serving.server import SandboxServer

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"


def test_a_company_is_connected_an_invoice_paid_and_the_money_deposited_with_the_page_and_curl() -> None:
    text = PAGE.read_text("utf-8")
    [script] = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    with SandboxServer(SandboxConfig(seeds=(), lab_token="let-me-in")) as server:
        script = script.replace("http://127.0.0.1:8780", server.url)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        deposited, report, address = done.stdout.splitlines()
        [company] = server.store
        assert deposited == "150.0"
        rows = [row["ColData"] for row in json.loads(report)["Rows"]["Row"] if "ColData" in row]
        assert [[cell["value"] for cell in row] for row in rows] == [
            ["Checking", "150.00", ""],
            ["Design income", "", "150.00"],
        ]
        assert address == f"The books in the browser: {server.url}/company/{company.realm}"
        assert_books_balance(company)
        [invoice] = company.table("Invoice")
        assert (invoice["Balance"], company.settings["name"]) == (0, "Shop")
