"""Speaks with a sandbox that runs, through its documented ``/sandbox`` API."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import httpx

from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.words import Option
from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.canonical import canonical, exact

Doc = dict[str, Any]
USUAL_PORT = 8780
ANNOUNCEMENT = "sandbox.json"
TOKEN_VARIABLE, URL_VARIABLE = "RACCORD_SANDBOX_TOKEN", "RACCORD_SANDBOX_URL"
TIMEOUT_S = 120
URL = Option(
    "--url",
    default="",
    phrase=Phrase(
        f"Adresse du bac à sable (ou {URL_VARIABLE}) ; sinon celui que « raccord sandbox serve » a démarré.",
        f"The sandbox's address (or {URL_VARIABLE}); else the one that “raccord sandbox serve” started.",
    ),
)


class SandboxRefusedError(RaccordError):
    """Raised when the sandbox does not answer, is not known, or refuses."""


@dataclass(frozen=True, slots=True)
class Lab:
    """A sandbox that runs, with the token of its control API."""

    url: str
    token: str

    def get(self, path: str) -> Any:
        return self.ask("GET", path)

    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        return self.ask("POST", path, canonical(dict(body or {})).encode())

    def delete(self, path: str) -> Any:
        return self.ask("DELETE", path)

    def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        """Send a request below ``/sandbox`` and return its answer; a refusal is raised with its code."""
        return json.loads(self.fetch(method, path, body).decode(), parse_float=Decimal)

    def fetch(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """Send a request below ``/sandbox`` and return its answer as it came."""
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            answer = httpx.request(
                method, f"{self.url}/sandbox{path}", content=body, headers=headers, timeout=TIMEOUT_S, trust_env=False
            )
        except httpx.TransportError as error:
            raise _away(self.url) from error
        if answer.status_code != httpx.codes.OK:
            raise _refusal(answer)
        return answer.content

    def realm(self, name: str) -> str:
        """Return the realm id of a company given by its id, name or template. Raises SandboxRefusedError."""
        companies: list[Doc] = self.get("/companies")
        for key in ("realm", "name", "template"):
            found = [str(each["realm"]) for each in companies if str(each[key]).lower() == name.lower()]
            if len(found) == 1:
                return found[0]
        known = ", ".join(f"{each['realm']} ({each['name']})" for each in companies) or "–"
        raise SandboxRefusedError(
            "sandbox.no_company",
            Text(
                f"« {name} » n'est le numéro, le nom ou le modèle d'aucune société du bac à sable, ou de plusieurs.",
                f"“{name}” is the number, name or template of no company of the sandbox, or of several.",
            ),
            Text(f"Il y a : {known}.", f"There are: {known}."),
        )


def running_lab(url: str) -> Lab:
    """Return the sandbox at ``url``, else of the environment, else the one started from this data directory."""
    address = url or os.environ.get(URL_VARIABLE, "")
    token = os.environ.get(TOKEN_VARIABLE, "")
    announced = {} if address and token else _announced()
    if not address:
        address = str(announced.get("url", f"http://127.0.0.1:{USUAL_PORT}"))
    address = address.rstrip("/")
    if not token and announced.get("url") == address:
        token = str(announced.get("token", ""))
    if not token:
        raise SandboxRefusedError(
            "sandbox.no_token",
            Text(
                f"Le jeton du bac à sable {address} n'est pas connu.",
                f"The token of the sandbox {address} is not known.",
            ),
            Text(
                f"Démarrez « raccord sandbox serve » avec le même RACCORD_DATA_DIR, ou donnez le jeton "
                f"(lab-token) qu'il a écrit dans {TOKEN_VARIABLE}.",
                f"Start “raccord sandbox serve” with the same RACCORD_DATA_DIR, or give the token (lab-token) that it "
                f"printed in {TOKEN_VARIABLE}.",
            ),
        )
    return Lab(address, token)


def announcement() -> Path:
    """Return the file in which the sandbox that runs tells its address and token."""
    from raccord.cli.terminal.house import read_settings

    return read_settings().data_dir / ANNOUNCEMENT


def pairs(given: tuple[str, ...], parameter: str) -> Doc:
    """Return ``name=value`` words as an object; a value that is JSON counts as such, any other as text."""
    found: Doc = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise click.BadParameter(f"{word!r}: NAME=VALUE", param_hint=parameter)
        try:
            found[name] = json.loads(value, parse_float=Decimal)
        except ValueError:
            found[name] = value
    return found


def _announced() -> Doc:
    try:
        found = exact(announcement().read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _away(url: str) -> SandboxRefusedError:
    return SandboxRefusedError(
        "sandbox.away",
        Text(f"Le bac à sable {url} ne répond pas.", f"The sandbox {url} does not answer."),
        Text("Démarrez-le : raccord sandbox serve.", "Start it: raccord sandbox serve."),
    )


def _refusal(answer: httpx.Response) -> SandboxRefusedError:
    try:
        said = answer.json()
        french, english = str(said["erreur"]), str(said["error"])
    except (ValueError, KeyError, TypeError):
        french = english = f"HTTP {answer.status_code}"
    return SandboxRefusedError(
        "sandbox.refused",
        Text(f"Le bac à sable refuse : {french.rstrip('.')}.", f"The sandbox refuses: {english.rstrip('.')}."),
        Text("Voyez docs/reference/sandbox.md.", "See docs/reference/sandbox.md."),
    )
