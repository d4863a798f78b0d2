"""Judges a connector by every rule on each of its trials."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from types import ModuleType

from raccord.plugin.info import ConnectorInfo
from raccord.plugin.testing.kit import (
    applying,
    closing,
    code,
    currencies,
    days,
    draft_rules,
    expected,
    hook_rules,
    identity,
    manifest,
    mapping,
    outside,
    owing,
    paging,
    places,
    pushing,
    records,
    secrets,
    settings,
    showing,
    trials,
    words,
)
from raccord.plugin.testing.kit.asking import asked, listening, no_network
from raccord.plugin.testing.kit.proposing import Proposal, proposals
from raccord.plugin.testing.kit.rules import CHECKS, NotConcerned, Rule, rules
from raccord.plugin.testing.kit.subject import NotJudgedError, Subject, opened
from raccord.plugin.testing.trial import Telling, Trial
from raccord.plugin.texts import Text

FINDINGS_MAX = 20
_SAID_CHARS_MAX = 160
_CHECKED_IN = (
    applying, closing, code, currencies, days, draft_rules, expected, hook_rules, identity, manifest, mapping, outside,
    owing, paging, places, pushing, records, secrets, settings, showing, trials, words,
)  # fmt: skip
"""Importing a module of checks is what makes them known."""


class Verdict(StrEnum):
    """What a rule says of a connector."""

    BROKEN = "broken"
    NOT_JUDGED = "not_judged"
    """What the rule looks at did not come to be; another rule says why."""
    KEPT = "kept"
    EXEMPT = "exempt"
    """The trial says why it cannot apply to this source."""
    NOT_CONCERNED = "not_concerned"
    """The connector has nothing that the rule is about."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule's verdict on a trial, with the places where it is broken."""

    rule: Rule
    trial: str
    verdict: Verdict
    places: Sequence[str] = ()
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What the kit says of a connector."""

    connector: str
    judged: Sequence[Judged]
    proposed: Sequence[Proposal] = ()
    """What a person has still to count, as the connector makes it."""

    @property
    def passed(self) -> bool:
        return not any(one.verdict in (Verdict.BROKEN, Verdict.NOT_JUDGED) for one in self.judged)

    def broken(self) -> dict[str, list[str]]:
        """Return the broken rules with their places."""
        found: dict[str, list[str]] = {}
        for one in self.judged:
            if one.verdict is Verdict.BROKEN:
                found.setdefault(one.rule.id, []).extend(one.places)
        return found

    def of(self, verdict: Verdict) -> list[Judged]:
        return [one for one in self.judged if one.verdict is verdict]


def check_connector(plugin: ModuleType, trials: Sequence[Trial] | None = None) -> Report:
    """Judge a connector by all rules; its trials are those of its module ``sandbox`` unless others are given."""
    known = rules()
    described = asked(lambda: plugin.describe())
    info = described.answer
    if not isinstance(info, ConnectorInfo):
        place = described.raised or type(info).__name__
        verdicts = [Judged(each, "", Verdict.NOT_JUDGED) for each in known.values() if each.id != manifest.GIVEN]
        return Report(plugin.__name__, [Judged(known[manifest.GIVEN], "", Verdict.BROKEN, [place]), *verdicts])
    brought = asked(lambda: trials_of(plugin)) if trials is None else None
    given = trials if brought is None else brought.answer
    # Without a trial the rules on manifest, hooks and code are judged all the same; "trial.records" says what lacks.
    tried = list(given or ()) or [Trial(name="", values={}, told=Telling())]
    judged: list[Judged] = []
    proposed: list[Proposal] = []
    if brought is not None and brought.error is not None:
        said = " ".join(str(brought.error).splitlines()[:1])[:_SAID_CHARS_MAX]
        judged.append(Judged(known["trial.records"], "", Verdict.BROKEN, [f"{brought.raised}: {said}"]))
    with no_network(), listening():
        shown: dict[str, str] = {}
        for number, trial in enumerate(tried, start=1):
            with opened(plugin, info, trial) as subject:
                subject.shown, subject.last = shown, number == len(tried)
                judged += _judged(subject)
                proposed += proposals(subject)
    if brought is not None and brought.error is not None:
        judged[1:] = [_without_trial(one) for one in judged[1:] if one.rule.id != "trial.records"]
    return Report(info.name, judged, proposed)


def _without_trial(one: Judged) -> Judged:
    """Leave unjudged what is about a trial, where none could be made."""
    about = one.verdict is Verdict.NOT_JUDGED or one.rule.id.startswith(("trial.", "record.", "settings.trial"))
    return Judged(one.rule, one.trial, Verdict.NOT_JUDGED, ["trial.records"]) if about else one


def trials_of(plugin: ModuleType) -> Sequence[Trial]:
    """Return the trials that a connector brings; none where it has no module ``sandbox`` or no ``trials`` in it."""
    name = f"{plugin.__name__}.sandbox"
    if not hasattr(plugin, "__path__") or importlib.util.find_spec(name) is None:
        return ()
    found = getattr(importlib.import_module(name), "trials", None)
    return () if found is None else list(found())


def _judged(subject: Subject) -> Iterator[Judged]:
    name, exempt = subject.trial.name, subject.trial.exempt
    for id_, rule in rules().items():
        if id_ in exempt:
            yield Judged(rule, name, Verdict.EXEMPT, why=exempt[id_])
            continue
        try:
            # A draft may be wrong with tax and without; it is told once.
            places = list(dict.fromkeys(islice(CHECKS[id_](subject), 2 * FINDINGS_MAX)))[:FINDINGS_MAX]
        except NotJudgedError as error:
            yield Judged(rule, name, Verdict.NOT_JUDGED, [str(error)])
        except NotConcerned:
            yield Judged(rule, name, Verdict.NOT_CONCERNED)
        else:
            if places:
                subject.broken.append(id_)
            yield Judged(rule, name, Verdict.BROKEN if places else Verdict.KEPT, places)
