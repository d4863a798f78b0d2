"""A secret planted where secrets live is looked for everywhere else."""

from __future__ import annotations

import io
import json
import logging
import traceback
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import BaseModel, SecretStr
from sqlalchemy import inspect, select, text, update

from raccord.clock import FixedClock
from raccord.store import events
from raccord.store.database import Database
from raccord.store.errors import WrongKeyError
from raccord.store.keyring import Keyring
from raccord.store.models import Company, Connection, Secret
from raccord.store.tokens import StoredTokens, tokens_handle
from raccord.store.vault import Vault, join_secrets, split_secrets

CANARY = "zyxwv-canary-98765"


class Settings(BaseModel):
    host: str
    password: SecretStr


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Everything that anything logs, down to the rows that SQLAlchemy reads."""
    said = io.StringIO()
    handler = logging.StreamHandler(said)
    names = ("", "sqlalchemy.engine", "sqlalchemy.pool", "sqlalchemy.orm", "psycopg", "alembic", "raccord")
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield said
    logging.getLogger().removeHandler(handler)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


def dump(database: Database) -> str:
    """Return every value of every table as text."""
    with database.read() as session:
        tables = inspect(session.connection()).get_table_names()
        rows = [session.execute(text(f'SELECT * FROM "{table}"')).all() for table in tables]  # noqa: S608 - our own names
    return repr([[[bytes(v) if isinstance(v, memoryview) else v for v in row] for row in table] for table in rows])


def test_a_planted_secret_is_found_nowhere_in_clear(
    database: Database, data_dir: Path, clock: FixedClock, log: io.StringIO
) -> None:
    path = data_dir / "vault.key"
    vault = Vault(database, Keyring(path=path), clock)
    settings = Settings(host="sftp.example", password=SecretStr(CANARY))
    plain, secret = split_secrets(settings)
    with database.begin() as session:
        company = Company(id="c1", realm="1", environment="sandbox", name="Boulangerie", created_at=clock.now())
        session.add(company)
        session.flush()
        connection = Connection(
            id="k1", company_id="c1", connector="chase", label="x", settings=plain,
            starts_on=date(2025, 1, 1), set_up_at=clock.now(), created_by="zoé",
        )  # fmt: skip
        session.add(connection)
        vault.within(session).put("connection:k1:settings", secret)
        events.append(session, "zoé", "connection.created", "k1", "c1", "k1", now=clock.now(), body={"settings": plain})
    tokens = StoredTokens[dict[str, str]](vault, data_dir, "c1", json.dumps, json.loads)
    tokens.save({"refresh": CANARY})
    assert tokens.load() == {"refresh": CANARY}
    vault.change_key()

    with database.read() as session:
        kept = session.scalars(select(Connection)).one()
        joined = join_secrets(Settings, kept.settings, vault.within(session).get_mapping("connection:k1:settings"))
        assert joined.password.get_secret_value() == CANARY
        row = session.get_one(Secret, tokens_handle("c1"))
        shown = [vault, tokens, settings, joined, plain, company, kept, row, row.ciphertext, vault.within(session)]

    stranger = Vault(database, Keyring(SecretStr(Fernet.generate_key().decode())), clock)
    with pytest.raises(WrongKeyError) as wrong_key:
        stranger.get(tokens_handle("c1"))
    with database.begin() as session:
        session.execute(update(Secret).values(handle=Secret.handle + "-moved"))
    with pytest.raises(WrongKeyError) as moved:
        vault.get(tokens_handle("c1") + "-moved")
    errors = "".join(part for caught in (wrong_key, moved) for part in traceback.format_exception(caught.value))

    places = {"tables": dump(database), "log": log.getvalue(), "representations": repr(shown), "tracebacks": errors}
    for file in (entry for entry in data_dir.parent.rglob("*") if entry.is_file()):
        places[str(file)] = file.read_bytes().decode("latin-1")
    assert "connection:k1:settings" in places["tables"], "the dump would not show a secret either"
    assert "FROM secret" in places["log"], "the log would not show a secret either"
    assert [place for place, content in places.items() if CANARY in content] == []
