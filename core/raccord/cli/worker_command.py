"""``raccord worker``: executes runs without web pages, one of any number on a PostgreSQL database."""

from __future__ import annotations

from types import FrameType

from raccord.cli.serve_command import make_worker
from raccord.cli.serving import handled, log_to_console
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened_workshop, read_settings
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import output
from raccord.cli.terminal.words import command as make_command
from raccord.errors import RaccordError
from raccord.plugin.texts import Text


class WorkerError(RaccordError):
    """Raised when this installation has no place for a worker of its own."""


@make_command(
    "worker",
    "Exécuter les synchronisations d'une base PostgreSQL, sans page web, jusqu'à Ctrl-C.",
    "Execute the runs of a PostgreSQL database, without web pages, until Ctrl-C.",
)
def command() -> int:
    settings = read_settings()
    with opened_workshop(settings) as workshop:
        if workshop.database.dialect == "sqlite":
            raise WorkerError(
                "worker.sqlite",
                Text(
                    "Avec SQLite, « raccord serve » exécute lui-même les synchronisations.",
                    "With SQLite, “raccord serve” executes runs itself.",
                ),
                Text(
                    "Lancez « raccord serve », ou passez à PostgreSQL avec RACCORD_DATABASE_URL.",
                    "Run “raccord serve”, or move to PostgreSQL with RACCORD_DATABASE_URL.",
                ),
            )
        log_to_console(settings)
        worker = make_worker(workshop)

        def stop(_number: int, _frame: FrameType | None) -> None:
            worker.ask_to_stop()

        with handled(stop):
            worker.start()
            output().say(
                Phrase(
                    f"Ce processus exécute les synchronisations sous le nom {worker.executor_id} ; Ctrl-C l'arrête.",
                    f"This process executes runs under the name {worker.executor_id}; Ctrl-C stops it.",
                )
            )
            try:
                worker.wait()
                broken = worker.broken
            finally:
                worker.stop()
    return Exit.FAILED if broken else Exit.OK
