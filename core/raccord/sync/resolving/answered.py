"""What plugins answered for a draft: accounts that they gave, conflicts that they settled, and their faults."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from raccord.guard import PluginFault
from raccord.plugin.texts import Text
from raccord.scope import Settled, Suggestion
from raccord.sync.problems import close_problems, open_problem

FAULTS = ("plugin.failed", "plugin.wrong_answer", "plugin.contradicted")


@dataclass(slots=True)
class Answered:
    """Collects the answers while one draft's line is written; nobody's where people's choices say it all."""

    accounts: dict[tuple[str, str], Suggestion | None] = field(default_factory=dict)
    """By role and of what; nothing where no plugin had an answer. Each role is asked about once for a draft."""
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    """What the accounts are called."""
    conflicts: dict[str, Settled] = field(default_factory=dict)
    """By the code of what stood in the way."""
    faults: list[PluginFault] = field(default_factory=list)

    def kept(self) -> list[dict[str, Any]]:
        """Return the answers as a plan line keeps them."""
        accounts = [
            _entry("resolve_account", each.plugin, each.version, each.choice.reason)
            | {"about": role, "of": of, "answer": each.choice.id, "name": self.names.get((role, of), "")}
            for (role, of), each in self.accounts.items()
            if each is not None
        ]
        conflicts = [
            _entry("on_conflict", each.plugin, each.version, each.resolution.reason)
            | {"about": code, "of": "", "answer": str(each.resolution.kind), "name": each.resolution.target}
            for code, each in self.conflicts.items()
            if each.plugin
        ]
        return [*accounts, *conflicts]

    def tell_faults(
        self, session: Session, connection_id: str, run_id: str, key: str, now: datetime, *, troubled: bool
    ) -> None:
        """Make each fault a problem of the draft; those that stand no more are gone, where it is ``troubled``."""
        told = {fault.code: fault for fault in self.faults}
        if troubled:
            for code in FAULTS:
                if code not in told:
                    close_problems(session, connection_id, key, now, code)
        for code, fault in told.items():
            open_problem(
                session,
                connection_id=connection_id,
                run_id=run_id,
                stream=key.split("/", 1)[0],
                code=code,
                subject=key,
                params={"fr": fault.text.fr, "en": fault.text.en},
                now=now,
            )


def _entry(hook: str, plugin: str, version: str, reason: Text | None) -> dict[str, Any]:
    said = {} if reason is None else {"fr": reason.fr, "en": reason.en}
    return {"hook": hook, "plugin": plugin, "version": version, "reason": said}
