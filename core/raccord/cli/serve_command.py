"""``raccord serve``: the web pages, and the worker that executes runs beside them."""

from __future__ import annotations

from functools import partial

from raccord.alarms import watch
from raccord.cli.serving import listen, log_to_console, quiet_signals, run_server, set_aside, web_application
from raccord.cli.terminal.exits import Exit
from raccord.cli.terminal.house import opened, opened_workshop, read_settings
from raccord.cli.terminal.language import Phrase
from raccord.cli.terminal.output import Output, output
from raccord.cli.terminal.words import Option
from raccord.cli.terminal.words import command as make_command
from raccord.jobs.inline import HandOver
from raccord.jobs.port import JobEngine
from raccord.jobs.tuning import Tuning
from raccord.jobs.worker import Worker, embedded_worker, spread_worker
from raccord.keeping.chores import keep
from raccord.onboarding.connecting.leaving import close_sources
from raccord.settings import Settings
from raccord.store import schema
from raccord.sync.run import Pipeline
from raccord.sync.workshop import Workshop


@make_command(
    "serve",
    "Servir les pages web et exécuter les synchronisations, jusqu'à Ctrl-C.",
    "Serve the web pages and execute runs, until Ctrl-C.",
    params=[
        Option(
            "--host",
            phrase=Phrase(
                "Adresse où écouter ; hors de cette machine, il faut RACCORD_WEB_TOKEN.",
                "Address to listen at; beyond this machine RACCORD_WEB_TOKEN is needed.",
            ),
        ),
        Option("--port", type=int, phrase=Phrase("Port où écouter.", "Port to listen at.")),
        Option(
            "--worker",
            is_flag=True,
            phrase=Phrase(
                "Avec PostgreSQL, exécuter aussi les synchronisations ici.",
                "With PostgreSQL, execute runs here too.",
            ),
        ),
    ],
)
def command(host: str | None, port: int | None, worker: bool) -> int:
    settings = _with(read_settings(), host, port)
    web_application()
    with opened(settings, ready=False) as database:
        if schema.current(database) is None:
            schema.upgrade(database)
    log_to_console(settings)
    with opened_workshop(settings) as workshop:
        return serve(workshop, output(), execute=worker)


def serve(workshop: Workshop, out: Output, *, execute: bool = False) -> Exit:
    """Serve until Ctrl-C or SIGTERM, then put everything in order; with SQLite runs are always executed here."""
    create_app = web_application()
    settings = workshop.settings
    local = workshop.database.dialect == "sqlite"
    worker = make_worker(workshop) if local or execute else None
    engine: JobEngine = HandOver() if worker is None else worker.engine
    app = create_app(workshop, engine)
    set_aside()
    with listen(settings) as listening, quiet_signals():
        if worker is not None:
            worker.start()
        try:
            out.say(
                Phrase(
                    f"Raccord est à l'adresse {settings.web_url} ; Ctrl-C l'arrête.",
                    f"Raccord is at {settings.web_url}; Ctrl-C stops it.",
                )
            )
            well = run_server(app, listening, worker, settings.web_proxies)
        finally:
            if worker is not None:
                worker.stop()
    return Exit.OK if well else Exit.FAILED


def make_worker(workshop: Workshop) -> Worker:
    """Return the worker that suits the database: alone with SQLite, one of any number with PostgreSQL."""
    settings, database = workshop.settings, workshop.database
    engine_url = settings.engine_url.get_secret_value()
    advance = Pipeline(workshop).advance

    def alarms() -> None:
        watch(workshop)
        close_sources(workshop)

    if database.dialect == "sqlite":
        return embedded_worker(
            database, engine_url, advance, settings.data_dir, workshop.clock, Tuning(), alarms, partial(keep, workshop)
        )
    return spread_worker(database, engine_url, advance, workshop.clock, Tuning(), alarms, partial(keep, workshop))


def _with(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with the options given; an address that was derived from others is derived again."""
    given = {name: value for name, value in (("web_host", host), ("web_port", port)) if value is not None}
    if not given:
        return settings
    derived = Settings(data_dir=settings.data_dir, web_host=settings.web_host, web_port=settings.web_port).web_url
    values = settings.model_dump() | given
    if settings.web_url == derived:
        values["web_url"] = ""
    return Settings.model_validate(values)
