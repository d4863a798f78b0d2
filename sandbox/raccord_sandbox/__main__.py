"""`python -m raccord_sandbox`: serve a sandbox until interrupted."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from raccord_sandbox.config import Limits, SandboxConfig
from raccord_sandbox.server import SandboxServer


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, print the addresses and serve."""
    parser = argparse.ArgumentParser(prog="raccord_sandbox", description="A local QuickBooks Online.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--data", type=Path, help="folder that keeps the books; without it they live in memory")
    parser.add_argument("--seed", action="append", choices=("quebec", "us"), help="companies to make (both)")
    parser.add_argument("--limits", action="store_true", help="apply the documented request limits")
    options = parser.parse_args(arguments)
    config = SandboxConfig(
        data=options.data,
        seeds=tuple(options.seed or ("quebec", "us")),
        limits=Limits.documented() if options.limits else Limits(),
    )
    try:
        server = SandboxServer(config, port=options.port, host=options.host)
    except OSError as error:
        print(f"{options.host}:{options.port}: {error.strerror}. Choisissez un autre --port. Choose another --port.")
        return 1
    print(f"url {server.url}")
    print(f"lab-token {server.lab_token}")
    for company in server.store:
        print(f"company {company.realm} {server.url}/company/{company.realm} {company.settings['name']}")
    sys.stdout.flush()
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
