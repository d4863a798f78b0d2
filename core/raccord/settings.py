"""How this installation is set up: environment variables first, then ``raccord.toml``, then what is usual."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from raccord.errors import RaccordError
from raccord.plugin.texts import Language, Text

PREFIX = "RACCORD_"
FILE_NAME = "raccord.toml"

_EXPECTED = {
    "backup_keep": Text(fr="un nombre de 2 à 1000", en="a number from 2 to 1000"),
    "language": Text(fr="fr ou en", en="fr or en"),
    "log_level": Text(fr="DEBUG, INFO, WARNING ou ERROR", en="DEBUG, INFO, WARNING or ERROR"),
    "quickbooks_limits": Text(fr="usual ou published", en="usual or published"),
    "quickbooks_environment": Text(
        fr="production, sandbox ou une adresse http(s)://", en="production, sandbox or an http(s):// address"
    ),
    "quickbooks_reads_per_month": Text(fr="un nombre entier, 0 ou plus", en="a whole number, 0 or more"),
    "smtp_port": Text(fr="un nombre de 1 à 65535", en="a number from 1 to 65535"),
    "smtp_security": Text(fr="starttls, tls ou none", en="starttls, tls or none"),
    "web_port": Text(fr="un nombre de 1 à 65535", en="a number from 1 to 65535"),
    "oidc_issuer": Text(fr="une adresse http(s)://", en="an http(s):// address"),
    "web_url": Text(fr="une adresse http(s)://", en="an http(s):// address"),
}


class SettingsError(RaccordError):
    """Raised when a setting cannot be used; names the setting and where it was read, never a secret's value."""


class Settings(BaseModel):
    """Everything an installation may choose. Each field is read from ``RACCORD_<FIELD>`` or ``raccord.toml``.

    In the file a table's name stands before its keys, so ``[web]`` ``port`` is the field ``web_port``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path
    """Holds the databases, received files and the key; readable by its owner only."""
    database_url: SecretStr = SecretStr("")
    """``sqlite:///<data_dir>/app.db`` unless given."""
    engine_url: SecretStr = SecretStr("")
    """The durable engine's database: ``engine.db`` beside SQLite, or the same PostgreSQL database (schema ``dbos``)."""
    key_file: Path = Path()
    """The vault's keys: ``<data_dir>/vault.key`` unless given."""
    key: SecretStr = SecretStr("")
    """The vault's keys themselves, separated by commas, the first one encrypting; then there is no key file."""
    backup_dir: Path = Path()
    """The folder backups go to, best on another disk; the one said in the pages or by a command unless given."""
    backup_keep: int = Field(default=30, ge=2, le=1000)
    """How many backups stay in the target; older ones are taken away."""
    language: Language = "fr"
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8321, ge=1, le=65535)
    web_url: str = ""
    """The address people and Intuit reach the web pages at; ``http://<web_host>:<web_port>`` unless given."""
    web_proxies: str = ""
    """Servers with TLS that stand before the pages, by their addresses or networks, separated by commas: whom they say
    they speak for is believed, so that guesses are counted for each caller.
    """
    faq_url: str = ""
    """Where the help's frequent questions are; the page of the help unless given."""
    contact_url: str = ""
    """Where people write to whoever runs this installation; the help's contacts unless given."""
    web_token: SecretStr = SecretStr("")
    """What people type to see the pages; needed wherever ``web_host`` is not this machine alone."""
    oidc_issuer: str = ""
    """The OpenID Connect provider people may sign in with, as its issuer names itself."""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_label: str = ""
    """What the button that leads there says; the issuer's host unless given."""
    quickbooks_environment: str = "sandbox"
    """``production``, ``sandbox`` (Intuit's) or the base URL of a local one."""
    quickbooks_limits: Literal["usual", "published"] = "usual"
    """``usual``: Intuit's published limits for its companies, none for a local one; ``published``: for all."""
    quickbooks_reads_per_month: int = Field(default=500_000, ge=0)
    """Readings of QuickBooks that a month allows for all companies together, as Intuit's free tier does; 0 for no
    limit.
    """
    quickbooks_signup_url: str = "https://quickbooks.intuit.com/"
    """Where somebody without QuickBooks Online signs up for it."""
    quickbooks_client_id: str = ""
    quickbooks_client_secret: SecretStr = SecretStr("")
    private_hosts: str = ""
    """Hosts of the operator's own network that a connection's settings may name as a source, separated by commas."""
    source_folders: str = ""
    """Folders of this machine that connections may read, with all below them, separated by commas. Without a word any
    folder where the pages are this machine's alone, and none where others reach them.
    """
    smtp_host: str = ""
    """The mail server through which people are told of incidents; empty for none."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = ""
    """Who the messages come from; ``raccord@`` this machine unless given."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    def own_network(self) -> frozenset[str]:
        """Return the hosts of the operator's network that sources may be at."""
        return frozenset(host.strip().casefold() for host in self.private_hosts.split(",") if host.strip())

    def served_here(self) -> bool:
        """Tell whether the pages are this machine's alone."""
        return _is_here(self.web_host) and _is_here(urlsplit(self.web_url).hostname or "")

    def may_read(self, folder: str) -> bool:
        """Tell whether a connection may read a folder: never one that holds what is Raccord's own."""
        place = Path(folder).expanduser().resolve()
        own = self.data_dir.resolve()
        if place in (own, self.key_file.resolve().parent) or place.is_relative_to(own / "files"):
            return False
        named = [Path(each.strip()).expanduser().resolve() for each in self.source_folders.split(",") if each.strip()]
        if not named:
            return self.served_here()
        return any(place.is_relative_to(each) for each in named)

    @field_validator(
        "quickbooks_environment", "web_url", "oidc_issuer", "faq_url", "contact_url", "quickbooks_signup_url"
    )
    @classmethod
    def _address(cls, value: str) -> str:
        if value in ("", "production", "sandbox") or value.startswith(("http://", "https://")):
            return value.rstrip("/")
        raise ValueError("not an address that begins with http:// or https://")

    @model_validator(mode="after")
    def _usual(self) -> Self:
        usual: dict[str, object] = {}
        if not self.database_url.get_secret_value():
            usual["database_url"] = SecretStr(f"sqlite:///{self.data_dir / 'app.db'}")
        url = usual.get("database_url", self.database_url)
        if not self.engine_url.get_secret_value():
            on_file = isinstance(url, SecretStr) and url.get_secret_value().startswith("sqlite")
            usual["engine_url"] = SecretStr(f"sqlite:///{self.data_dir / 'engine.db'}") if on_file else url
        if self.key_file == Path():
            usual["key_file"] = self.data_dir / "vault.key"
        if not self.web_url:
            host = f"[{self.web_host}]" if ":" in self.web_host else self.web_host
            usual["web_url"] = f"http://{host}:{self.web_port}"
        for name, value in usual.items():
            object.__setattr__(self, name, value)
        return self


def _is_here(host: str) -> bool:
    """Tell whether a host is this machine and reached by nobody else."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(environ: Mapping[str, str] | None = None, *, data_dir: Path | None = None) -> Settings:
    """Read the settings and make the data directory (mode 0700) if it is missing; wrong ones raise ``SettingsError``.

    ``data_dir`` comes before ``RACCORD_DATA_DIR``. Empty variables count as not given.
    """
    env = dict(os.environ if environ is None else environ)
    given = _from_environment(env)
    folder = (data_dir or Path(given.get("data_dir") or _usual_folder(env))).expanduser().absolute()
    _make(folder)
    path = folder / FILE_NAME
    try:
        return Settings.model_validate(_from_file(path) | given | {"data_dir": folder})
    except ValidationError as error:
        name = str(error.errors(include_input=False)[0]["loc"][0])
        raise _wrong(name, "environment" if name in given else str(path)) from None


def _from_environment(env: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for variable, value in env.items():
        if not variable.startswith(PREFIX) or not value:
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in Settings.model_fields:
            given[name] = value
        elif near := difflib.get_close_matches(name, Settings.model_fields, n=1, cutoff=0.8):
            # Other programs may share our prefix; one letter off is a mistake that would otherwise go unseen.
            raise _unknown(variable, "environment", PREFIX + near[0].upper())
    return given


def _from_file(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            read = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SettingsError(
            "settings.file_unreadable",
            Text(fr=f"{path} ne peut pas être lu : {error}.", en=f"{path} cannot be read: {error}."),
            Text(fr="Corrigez ce fichier ou retirez-le.", en="Correct this file or remove it."),
        ) from None
    given: dict[str, object] = {}
    for key, value in read.items():
        if isinstance(value, dict):
            given.update({f"{key}_{inner}": deeper for inner, deeper in value.items()})
        else:
            given[key] = value
    for name in given:
        if name not in Settings.model_fields or name == "data_dir":
            near = difflib.get_close_matches(name, Settings.model_fields, n=1)
            raise _unknown(name, str(path), near[0] if near else "")
    return given


def _usual_folder(env: Mapping[str, str]) -> Path:
    shared = env.get("XDG_DATA_HOME", "")
    # The specification says to ignore a path that is not absolute.
    root = Path(shared) if Path(shared).is_absolute() else Path(env.get("HOME") or "~", ".local", "share")
    return root / "raccord"


def _make(folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        # Without this an unusual umask would leave even its owner outside.
        if stat.S_IMODE(folder.stat().st_mode) & 0o700 != 0o700:
            folder.chmod(0o700)
    except OSError as error:
        raise SettingsError(
            "settings.data_dir",
            Text(
                fr=f"Le dossier de données {folder} ne peut pas être créé : {error.strerror}.",
                en=f"The data directory {folder} cannot be made: {error.strerror}.",
            ),
            Text(
                fr="Choisissez un dossier où vous pouvez écrire, avec RACCORD_DATA_DIR.",
                en="Choose a directory you can write to, with RACCORD_DATA_DIR.",
            ),
        ) from None


def _wrong(name: str, where: str) -> SettingsError:
    source = _source(where)
    expected = _EXPECTED.get(name, Text(fr="un texte", en="a text"))
    return SettingsError(
        "settings.wrong_value",
        Text(
            fr=f"Le réglage « {name} », lu dans {source.fr}, ne convient pas : il faut {expected.fr}.",
            en=f"The setting “{name}”, read from {source.en}, cannot be used: it must be {expected.en}.",
        ),
        Text(
            fr=f"Corrigez-le, ou retirez-le pour garder la valeur habituelle ({PREFIX}{name.upper()}).",
            en=f"Correct it, or remove it to keep the usual value ({PREFIX}{name.upper()}).",
        ),
    )


def _unknown(name: str, where: str, near: str) -> SettingsError:
    source = _source(where)
    return SettingsError(
        "settings.unknown",
        Text(
            fr=f"Le réglage « {name} », lu dans {source.fr}, n'existe pas.",
            en=f"The setting “{name}”, read from {source.en}, does not exist.",
        ),
        Text(
            fr=f"Vouliez-vous dire « {near} » ?" if near else "Retirez-le.",
            en=f"Did you mean “{near}”?" if near else "Remove it.",
        ),
    )


def _source(where: str) -> Text:
    return Text(fr="l'environnement", en="the environment") if where == "environment" else Text(fr=where, en=where)
