"""Reads and maps the twins of a release's connectors through today's core, and writes what came of it as JSON.

``python tests/museum/through_core.py FOLDER [--one-parameter-more]``: FOLDER is where the wheels were
installed, apart. With the flag every hook is specified with one parameter more than it has, as a later core would.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import raccord.plugin.hooks as specified

ADDED = "museum"


def add_a_parameter() -> None:
    """Specify each hook with another parameter at its end, which has a default as every later one must have."""
    for owner in specified.Hooks.__mro__:
        for name, function in list(vars(owner).items()):
            if hasattr(function, "raccord_spec"):
                setattr(owner, name, widened(function))


def widened(function: Any) -> Callable[..., object]:
    own = function.__code__.co_varnames[: function.__code__.co_argcount]
    made: dict[str, Any] = {}
    exec(f"def {function.__name__}({', '.join(own)}, {ADDED}=None): ...", vars(specified), made)  # noqa: S102 - ours
    wider: Any = made[function.__name__]
    wider.__qualname__, wider.raccord_spec = function.__qualname__, function.raccord_spec
    wider.__annotations__ = {**function.__annotations__, ADDED: "object"}
    return wider  # type: ignore[no-any-return]  # made a line above


class ThroughCore:
    """A connector as the kit asks it, each answer fetched through the hooks as core calls them."""

    def __init__(self, scope: Any) -> None:
        self.scope = scope

    def fetch_records(self, context: Any, stream: str, cursor: str | None) -> Any:
        return self.scope.fetch(context, stream, cursor)

    def map_record(self, context: Any, record: Any) -> Any:
        return self.scope.map(context, record)


def drafts_of(admitted: Any, module: Any) -> dict[str, dict[str, list[Any]]]:
    """Return what each record of a connector's trials became, by trial and record."""
    from raccord.plugin.testing.kit.asking import no_network
    from raccord.plugin.testing.kit.run import trials_of
    from raccord.plugin.testing.kit.subject import opened, stored
    from raccord.scope import Scope

    through: Any = ThroughCore(Scope(admitted))
    found: dict[str, dict[str, list[Any]]] = {}
    for trial in trials_of(module):
        with no_network(), opened(through, admitted.info, trial) as subject:
            read = subject.first
            if read.error is not None:
                raise SystemExit(f"{admitted.name} {trial.name}: {read.error.stream}: {read.error.asked.raised}")
            found[trial.name] = {record.key(): became(subject.map(record)) for record in map(stored, read.records)}
    return found


def became(asked: Any) -> list[Any]:
    """Return the drafts of a record, or the code that says why there are none."""
    from raccord.sync.bodies import dump_draft

    drafts = getattr(asked.answer, "drafts", ())
    code = getattr(asked.answer, "code", "") or getattr(asked.error, "code", "") or asked.raised or "None"
    return [json.loads(dump_draft(draft)) for draft in drafts] or [code]


def is_given_the_default() -> bool:
    """Tell whether a plugin that knows the parameter gets its default, though no call of core's says anything of it."""
    from types import ModuleType

    from raccord.admission import examine_hooks
    from raccord.catalog import Admitted, load_catalog
    from raccord.plugin import hookimpl
    from raccord.scope import Scope

    def report_outcome(museum, outcomes):  # type: ignore[no-untyped-def]
        return museum is None and outcomes == []

    newer = ModuleType("newer")
    newer.__dict__["report_outcome"] = hookimpl(report_outcome)
    info = next(iter(load_catalog().admitted.values())).info
    asked: Any = Scope(Admitted("newer", "newer", "2", examine_hooks("newer", newer), info))
    return bool(asked.report(None, []))


def main(folder: Path) -> dict[str, Any]:
    from raccord.catalog import load_catalog
    from raccord.signatures import hook_arguments, hook_names

    catalog = load_catalog()
    told: dict[str, Any] = {"hooks": {name: hook_arguments(name) for name in sorted(hook_names())}}
    told["quarantined"] = {one.name: str(one.code) for one in catalog.quarantined}
    told["connectors"] = {}
    for admitted in catalog.admitted.values():
        module = importlib.import_module(f"raccord_{admitted.name}")
        assert Path(str(module.__file__)).is_relative_to(folder), f"{module.__file__} is not the museum's"
        told["connectors"][admitted.name] = drafts_of(admitted, module)
    return told


if __name__ == "__main__":
    if "--one-parameter-more" in sys.argv:
        add_a_parameter()
        assert is_given_the_default()
    json.dump(main(Path(sys.argv[1]).resolve()), sys.stdout, ensure_ascii=False, sort_keys=True)
