"""What commands work with, opened when first needed: settings and the database."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from raccord import settings
from raccord.cli.terminal.words import state_of
from raccord.settings import Settings
from raccord.store import schema
from raccord.store.database import Database
from raccord.store.keyring import Keyring
from raccord.store.origins import acting_from
from raccord.store.vault import Vault

if TYPE_CHECKING:
    from raccord.sync.workshop import Workshop

# Without any handler Python prints warnings between the lines of a command's answer; servers configure their own.
logging.getLogger("raccord").addHandler(logging.NullHandler())


def read_settings() -> Settings:
    """Read the settings, ``--data-dir`` first."""
    return settings.load(data_dir=state_of(click.get_current_context()).data_dir)


@contextmanager
def opened(given: Settings | None = None, *, ready: bool = True) -> Iterator[Database]:
    """Open the installation's database; ``ready`` refuses one whose schema is not this version's."""
    database = Database((given or read_settings()).database_url.get_secret_value())
    try:
        if ready:
            schema.ensure_ready(database)
        yield database
    finally:
        database.dispose()


def open_vault(given: Settings, database: Database) -> Vault:
    """Return the vault of the database, with the keys of the settings."""
    return Vault(database, Keyring.open(given.key_file, given.key))


@contextmanager
def opened_workshop(given: Settings | None = None) -> Iterator[Workshop]:
    """Open everything a run needs: the database at this version's schema, the vault, the plugins, the clock."""
    # Half a second of imports, which `raccord db` and `raccord plugins` do without.
    from raccord.catalog import load_catalog
    from raccord.clock import SystemClock
    from raccord.scope import Scopes
    from raccord.sync.workshop import Workshop

    chosen = given or read_settings()
    with opened(chosen) as database:
        clock = SystemClock()
        vault = Vault(database, Keyring.open(chosen.key_file, chosen.key), clock)
        workshop = Workshop(chosen, database, Scopes(load_catalog()), vault, clock)
        try:
            with acting_from("", f"raccord, {socket.gethostname()}"):
                yield workshop
        finally:
            workshop.close()
