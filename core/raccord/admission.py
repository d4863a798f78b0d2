"""The rules a plugin must keep to be let in; each broken rule is said with :class:`RefusedError`.

Nothing here guards against what a plugin's own code raises: the catalog runs every step inside its guard.
"""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import get_args

import pluggy
from pluggy import HookImpl
from pydantic import SecretBytes, SecretStr

from raccord.plugin.hooks import NAMESPACE, Hooks
from raccord.plugin.info import API_VERSION, ConnectorInfo, RoleInfo, Stage
from raccord.plugin.texts import Text
from raccord.quarantine import RefusedError, Rule
from raccord.shapes import misfit
from raccord.signatures import hook_arguments, hook_names, misannotation

EXTENSION_HOOKS = frozenset({"resolve_account", "on_conflict"})
"""What a plugin without a manifest may answer: a company's own rules on top of any connector."""

RESERVED_NAMES = frozenset({"core", "raccord"})

HOST_CHARACTERS_MAX = 253

_NAME = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_HOST_OF_SETTING = re.compile(r"\{([a-z][a-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook of a plugin: its function and the arguments it takes, in its own order."""

    name: str
    function: Callable[..., object]
    arguments: tuple[str, ...]


def check_name(name: str) -> None:
    """Refuse an entry point's name that is no short slug or is reserved."""
    if not _is_slug(name) or name in RESERVED_NAMES:
        raise RefusedError(Rule.NAME_NOT_ALLOWED, name=name)


def examine_hooks(name: str, plugin: object) -> Mapping[str, Hook]:
    """Register the plugin in a manager that is thrown away, and return its hooks by name."""
    try:
        hash(plugin)
    except TypeError:
        raise RefusedError(Rule.NOT_HASHABLE, kind=type(plugin).__name__) from None
    manager = pluggy.PluginManager(NAMESPACE)
    manager.add_hookspecs(Hooks)
    for hook, function, options in _marked(manager, plugin):
        _check_plain(hook, function, wrapper=bool(options.get("wrapper") or options.get("hookwrapper")))
        if hook not in hook_names() and not options.get("optionalhook"):
            raise _unknown(hook)
        if hook in hook_names():
            _check_arguments(hook, function)
    try:
        manager.register(plugin, name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise RefusedError(Rule.ADMISSION_FAILED, cause=str(error).splitlines()[-1]) from error
    callers = manager.get_hookcallers(plugin) or []
    hooks = {caller.name: caller.get_hookimpls() for caller in callers if caller.name in hook_names()}
    return MappingProxyType({hook: _only(hook, implementations) for hook, implementations in hooks.items()})


def examine_info(name: str, hooks: Mapping[str, Hook], info: object) -> ConnectorInfo:
    """Return the manifest when it is complete and agrees with itself and with the entry point."""
    # A manifest of another version may have other fields, so the version is asked for first.
    version = getattr(info, "api_version", API_VERSION)
    if version != API_VERSION or type(version) is not int:
        raise RefusedError(Rule.API_VERSION, found=version, wanted=API_VERSION)
    if text := misfit(info, ConnectorInfo):
        raise RefusedError(Rule.DESCRIBE_WRONG, cause=text)
    if not isinstance(info, ConnectorInfo):
        raise RefusedError(Rule.DESCRIBE_WRONG, cause=type(info).__name__)
    if info.name != name:
        raise RefusedError(Rule.NAME_DIFFERS, found=info.name, wanted=name)
    if "fetch_records" not in hooks:
        raise RefusedError(Rule.HOOK_MISSING, hook="fetch_records")
    _check_streams_and_roles(info)
    _check_settings(info)
    _check_hosts(info)
    _check_gates(info)
    return info


def is_extension(hooks: Mapping[str, Hook]) -> bool:
    """Tell whether a plugin without ``describe`` answers only what an extension may; refuse the others."""
    if "describe" in hooks:
        return False
    if not hooks or not hooks.keys() <= EXTENSION_HOOKS:
        raise RefusedError(Rule.HOOK_MISSING, hook="describe")
    return True


def _marked(
    manager: pluggy.PluginManager, plugin: object
) -> Iterable[tuple[str, Callable[..., object], Mapping[str, object]]]:
    for attribute in dir(plugin):
        options = manager.parse_hookimpl_opts(plugin, attribute)
        if options is not None:
            yield options.get("specname") or attribute, getattr(plugin, attribute), dict(options)


def _check_plain(hook: str, function: Callable[..., object], *, wrapper: bool) -> None:
    kinds = (
        (wrapper, Text("un enrobage", "a wrapper")),
        (inspect.iscoroutinefunction(function), Text("une coroutine", "a coroutine")),
        (
            inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function),
            Text("un générateur", "a generator"),
        ),
    )
    for matches, kind in kinds:
        if matches:
            raise RefusedError(Rule.HOOK_NOT_PLAIN, hook=hook, kind=kind)


def _unknown(hook: str) -> RefusedError:
    nearest = difflib.get_close_matches(hook, sorted(hook_names()), n=1, cutoff=0)
    return RefusedError(Rule.HOOK_UNKNOWN, hook=hook, guess=nearest[0])


def _check_arguments(hook: str, function: Callable[..., object]) -> None:
    parameters = inspect.signature(function).parameters.values()
    known = hook_arguments(hook)
    plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    wrong = [str(one) for one in parameters if one.kind not in plain or one.name not in known]
    if wrong:
        raise RefusedError(Rule.HOOK_ARGUMENTS, hook=hook, wrong=", ".join(wrong), known=", ".join(known) or "–")
    defaults = [one.name for one in parameters if one.default is not inspect.Parameter.empty]
    if defaults:
        raise RefusedError(Rule.HOOK_DEFAULTS, hook=hook, wrong=", ".join(defaults))
    if found := misannotation(hook, function):
        part, annotated, wanted = found
        raise RefusedError(Rule.HOOK_TYPES, hook=hook, part=part, found=annotated, wanted=wanted)


def _only(hook: str, implementations: list[HookImpl]) -> Hook:
    if len(implementations) > 1:
        raise RefusedError(Rule.HOOK_TWICE, hook=hook)
    return Hook(hook, implementations[0].function, tuple(implementations[0].argnames))


def _is_slug(name: str) -> bool:
    return 2 <= len(name) <= 40 and _NAME.fullmatch(name) is not None


def _wrong(field: str, fr: str, en: str) -> RefusedError:
    return RefusedError(Rule.INFO_WRONG, field=field, cause=Text(fr, en))


def _check_streams_and_roles(info: ConnectorInfo) -> None:
    if not info.streams:
        raise _wrong("streams", "il en faut au moins un", "there must be at least one")
    if not info.modes:
        raise _wrong("modes", "il en faut au moins un", "there must be at least one")
    roles = {role.name: role for role in info.roles}
    for field, names in (
        ("streams", [stream.name for stream in info.streams]),
        ("roles", [*map(_role_name, info.roles)]),
    ):
        for name in names:
            if not _is_slug(name):
                raise _wrong(field, f"« {name} » n'est pas un nom court", f"“{name}” is not a short name")
            if names.count(name) > 1:
                raise _wrong(field, f"« {name} » s'y trouve deux fois", f"“{name}” stands there twice")
    for role in info.roles:
        _follow_same_as(role, roles)
    for term in info.terms:
        if term.role and term.role not in roles:
            raise _wrong(
                f"terms.{term.word}", f"le rôle « {term.role} » n'existe pas", f"there is no role “{term.role}”"
            )


def _role_name(role: RoleInfo) -> str:
    return role.name


def _follow_same_as(role: RoleInfo, roles: Mapping[str, RoleInfo]) -> None:
    field, seen = f"roles.{role.name}.same_as", {role.name}
    while role.same_as:
        name = role.same_as
        if name not in roles:
            raise _wrong(field, f"le rôle « {name} » n'existe pas", f"there is no role “{name}”")
        if name in seen:
            raise _wrong(field, f"« {name} » tourne en rond", f"“{name}” leads round in a circle")
        seen.add(name)
        role = roles[name]


def _check_settings(info: ConnectorInfo) -> None:
    fields = info.settings.model_fields
    for name, field in fields.items():
        extra = field.json_schema_extra
        french = extra.get("fr") if isinstance(extra, dict) else None
        if not (field.title or "").strip():
            raise _wrong(f"settings.{name}", "son titre anglais (title) manque", "its English title is missing")
        if not isinstance(french, str) or not french.strip():
            raise _wrong(
                f"settings.{name}",
                'son titre français (json_schema_extra["fr"]) manque',
                'its French title (json_schema_extra["fr"]) is missing',
            )
    name = info.identity_setting
    if name and name not in fields:
        raise _wrong("identity_setting", f"le réglage « {name} » n'existe pas", f"there is no setting “{name}”")


def _check_gates(info: ConnectorInfo) -> None:
    """Refuse gates that nobody could pass: their stage comes before what they ask for, or it does not exist."""
    stages, names = list(Stage), [gate.name for gate in info.gates]
    order = [stages.index(gate.before) for gate in info.gates]
    if order != sorted(order):
        raise _wrong("gates", "ils ne suivent pas l'ordre des étapes", "they are not in the order of the stages")
    roles = {role.name for role in info.roles}
    for gate in info.gates:
        field, early = f"gates.{gate.name}", gate.before in (Stage.COMPANY, Stage.SOURCE)
        if not _is_slug(gate.name) or names.count(gate.name) > 1:
            raise _wrong(field, "ce n'est pas un nom court et unique", "that is no short name of its own")
        if not gate.modes:
            raise _wrong(field, "il lui faut un mode", "it needs a mode")
        for kind, wanted, known in (
            ("roles", gate.roles, roles),
            ("settings", gate.settings, info.settings.model_fields),
        ):
            for name in wanted:
                if name not in known:
                    raise _wrong(f"{field}.{kind}", f"« {name} » n'existe pas", f"there is no “{name}”")
        if (gate.settings or gate.first_day) and not early:
            raise _wrong(field, "cela se demande avant la source", "that is asked for before the source")
        if gate.roles and (early or gate.before is Stage.ACCOUNTS):
            raise _wrong(field, "les comptes ne sont pas encore choisis", "the accounts are not chosen yet")
        if any(_is_secret(info, name) for name in gate.settings):
            raise _wrong(field, "un secret n'est pas un préalable", "a secret is no gate")


def _is_secret(info: ConnectorInfo, name: str) -> bool:
    kind = info.settings.model_fields[name].annotation
    return any(each in (SecretStr, SecretBytes) for each in (kind, *get_args(kind)))


def _check_hosts(info: ConnectorInfo) -> None:
    for host in info.hosts:
        setting = _HOST_OF_SETTING.fullmatch(host)
        if setting is not None and setting[1] not in info.settings.model_fields:
            raise _wrong("hosts", f"le réglage « {setting[1]} » n'existe pas", f"there is no setting “{setting[1]}”")
        if setting is None and (_HOST.fullmatch(host) is None or len(host) > HOST_CHARACTERS_MAX):
            raise _wrong("hosts", f"« {host} » n'est pas un nom d'hôte", f"“{host}” is not a host name")
