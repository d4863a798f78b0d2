"""``raccord db``: the schema, the vault's keys and the seals of received files."""

from __future__ import annotations

from raccord.cli.terminal.house import open_vault, opened, read_settings
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import group
from raccord.clock import SystemClock
from raccord.store import schema
from raccord.store.clear_files import seal_clear_files
from raccord.store.file_keys import renew_file_keys


@group("db", "Entretenir la base de données et ses clés.", "Look after the database and its keys.")
def command() -> None:
    pass


@command.command(
    "upgrade",
    phrase=Phrase("Mettre la base au schéma de cette version.", "Bring the database to this version's schema."),
)
def upgrade() -> None:
    with opened(ready=False) as database:
        before = schema.current(database)
        revision = schema.upgrade(database)
    out = output()
    if out.as_json:
        out.json({"before": before, "revision": revision})
    out.say(Phrase(f"La base est à la révision {revision}.", f"The database is at revision {revision}."))


@command.command(
    "check",
    phrase=Phrase(
        "Vérifier que la base a le schéma de cette version, sans rien changer.",
        "Check that the database has this version's schema; changes nothing.",
    ),
)
def check() -> None:
    with opened() as database:
        schema.check(database)
        revision = schema.current(database)
    out = output()
    if out.as_json:
        out.json({"revision": revision})
    out.say(Phrase(f"La base est en ordre (révision {revision}).", f"The database is in order (revision {revision})."))


@command.command(
    "rotate-key",
    phrase=Phrase(
        "Chiffrer tous les secrets, clés des fichiers comprises, avec une nouvelle clé et oublier les anciennes.",
        "Encrypt all secrets, the files' keys among them, with a new key and forget the old ones.",
    ),
)
def rotate_key() -> None:
    settings = read_settings()
    with opened(settings) as database:
        vault = open_vault(settings, database)
        # Keys from the environment are the operator's to add and remove; here only the secrets can be changed over.
        given = bool(settings.key.get_secret_value().strip())
        count = vault.rotate() if given else vault.change_key()
        renew_file_keys(vault)
        # Said before the files are sealed: should that fail, the key has changed all the same.
        out = output()
        out.say(
            Phrase(
                f"Secrets chiffrés avec la première clé : {count}. Sauvegardez la clé, à part de la base.",
                f"Secrets encrypted with the first key: {count}. Back the key up, apart from the database.",
            )
        )
        sealed = seal_clear_files(vault, settings.data_dir, SystemClock())
    if out.as_json:
        out.json({"secrets": count, "files": sealed})
    _say_sealed(sealed)


@command.command(
    "seal-files",
    phrase=Phrase(
        "Chiffrer les fichiers reçus qu'une version d'avant gardait en clair.",
        "Encrypt the received files that an earlier version kept in clear.",
    ),
)
def seal_files() -> None:
    settings = read_settings()
    with opened(settings) as database:
        sealed = seal_clear_files(open_vault(settings, database), settings.data_dir, SystemClock())
    if output().as_json:
        output().json({"files": sealed})
    _say_sealed(sealed)


def _say_sealed(count: int) -> None:
    output().say(
        Phrase(
            f"Fichiers reçus qui étaient en clair et sont chiffrés maintenant : {count}.",
            f"Received files that lay in clear and are encrypted now: {count}.",
        )
    )
