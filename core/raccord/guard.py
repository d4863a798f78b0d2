"""The one way into a plugin's code: its own errors pass, everything else becomes a fault that names the plugin."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType

from raccord.admission import EXTENSION_HOOKS
from raccord.catalog import Plugin
from raccord.errors import RaccordError
from raccord.plugin.errors import BadRecord, ConnectorError, RetryLater, TooLate
from raccord.plugin.texts import Text

RETRY_AFTER_MAX = timedelta(days=1)
"""The longest pause a source may ask for; longer ones are shortened to it."""

FAILED = "plugin.failed"
WRONG_ANSWER = "plugin.wrong_answer"
CONTRADICTED = "plugin.contradicted"
"""Two extensions of a company answer the same question differently."""

_FRAMES_MAX = 6


class PluginFault(RaccordError):  # noqa: N818 - a fault of the plugin, as the house calls it
    """Raised in place of what a plugin raised or wrongly answered.

    ``cause`` names error types, files and lines, never a message or a value, which could hold secrets or client data.
    """

    def __init__(self, plugin: str, version: str, hook: str, cause: str, code: str = FAILED) -> None:
        fr, en = _SENTENCES[code]
        said = {"plugin": plugin, "version": version, "hook": hook, "cause": cause}
        super().__init__(code, Text(fr.format_map(said), en.format_map(said)), _FIXES.get(code, _FIX))
        self.args = (plugin, version, hook, cause, code)
        self.plugin = plugin
        self.version = version
        self.hook = hook
        self.cause = cause


class ContextError(Exception):
    """Base of what our own contexts raise inside a plugin's call and core itself must see (a database that is away).

    It passes the guard, so that the plugin is not blamed for it.
    """


@dataclass(frozen=True, slots=True)
class Answered:
    """What a plugin answered and which plugin it was."""

    plugin: str
    version: str
    answer: object


def call(plugin: Plugin, hook: str, step: Callable[[], object], check: Callable[[object], str | None]) -> object:
    """Run one hook of a plugin and return its answer once ``check`` finds nothing wrong with it.

    This is the other guard of the house (the first is ``catalog.contained``). A :class:`ConnectorError` and a
    :class:`ContextError` pass; the operator's Ctrl-C too. Hooks that extensions answer speak with no source, so there
    nothing that a plugin raises says what happens next: it is a fault.
    """
    try:
        answer = step()
        # The check reads what the plugin made, which may be a trap of its own, so it stands inside the guard.
        wrong = None if answer is None else check(answer)
    except (KeyboardInterrupt, ContextError):
        raise
    except ConnectorError as error:
        if _is_complete(error) and hook not in EXTENSION_HOOKS:
            raise
        fault = _fault(plugin, hook, error)
    except BaseException as error:  # noqa: BLE001 - the guard: a guest must not take the house down
        fault = _fault(plugin, hook, error)
    else:
        if wrong is None:
            return answer
        fault = PluginFault(plugin.name, plugin.version, hook, wrong, WRONG_ANSWER)
    # Raised out here, so that the plugin's error, whose message may hold a secret, is not chained to it.
    raise fault


def _is_complete(error: ConnectorError) -> bool:
    """Tell whether the error says what its kind promises (a subclass may have skipped the constructor)."""
    if not isinstance(getattr(error, "text", None), Text):
        return False
    match error:
        case RetryLater():
            after = getattr(error, "after", None)
            if not isinstance(after, timedelta) or after < timedelta(0):
                return False
            error.after = min(after, RETRY_AFTER_MAX)
        case TooLate():
            late = getattr(error, "late", None)
            return isinstance(late, dict) and all(
                isinstance(key, tuple) and list(map(type, key)) == [str, str] and isinstance(text, Text)
                for key, text in late.items()
            )
        case BadRecord():
            return (
                isinstance(getattr(error, "reason", None), Text)
                and isinstance(getattr(error, "field", None), str)
                and isinstance(getattr(error, "code", None), str)
            )
    return True


def _fault(plugin: Plugin, hook: str, error: BaseException) -> PluginFault:
    return PluginFault(plugin.name, plugin.version, hook, _cause(error))


def _cause(error: BaseException) -> str:
    """Return the error's type and the innermost places it came through; no message, no source text."""
    frames = [
        f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
        for frame, line in traceback.walk_tb(_outside_of_guard(error.__traceback__))
    ]
    return f"{type(error).__name__} ({' ← '.join(reversed(frames[-_FRAMES_MAX:]))})"


def _outside_of_guard(trace: TracebackType | None) -> TracebackType | None:
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return trace


def _short(path: str) -> str:
    return "/".join(path.replace("\\", "/").split("/")[-2:])


_SENTENCES = {
    FAILED: (
        "{plugin} {version} a échoué dans {hook} : {cause}.",
        "{plugin} {version} failed in {hook}: {cause}.",
    ),
    WRONG_ANSWER: (
        "{plugin} {version} a mal répondu dans {hook} : {cause}.",
        "{plugin} {version} answered wrongly in {hook}: {cause}.",
    ),
    CONTRADICTED: (
        "L'extension {plugin} {version} et l'extension {cause} se contredisent dans {hook}.",
        "The extension {plugin} {version} and the extension {cause} contradict each other in {hook}.",
    ),
}

_FIX = Text(
    "Signalez-le à son auteur avec cette phrase ; rien n'est perdu, une version corrigée reprendra ici.",
    "Tell its author with this sentence; nothing is lost, a corrected version goes on from here.",
)
_FIXES = {
    CONTRADICTED: Text(
        "Désactivez l'une des deux pour cette société, ou répondez vous-même : ce qu'une personne a choisi l'emporte.",
        "Disable one of them for this company, or answer yourself: what a person chose goes before both.",
    )
}
