"""Settings as somebody saw them, told by a digest of each: what was changed since is found by its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel

from raccord.errors import RaccordError
from raccord.plugin.texts import Text
from raccord.store.canonical import canonical
from raccord.store.sensitive import split_secrets

_DIGITS = 12


class SettingsChangedError(RaccordError):
    """Raised where settings were changed since they were seen by whoever changes them."""


class BegunOtherwiseError(SettingsChangedError):
    """Raised where a set-up is begun that somebody began with other settings; ``kept`` are those, without secrets."""

    names: Sequence[str] = ()
    kept: Mapping[str, object] = MappingProxyType({})


def seen_of(settings: BaseModel, names: Collection[str] | None = None) -> str:
    """Return what tells these settings, or those of them that are named, from any others; secrets are left out."""
    return seen_of_kept(split_secrets(settings)[0], names)


def seen_of_kept(plain: Mapping[str, object], names: Collection[str] | None = None) -> str:
    """Return what tells settings as they are kept, without their secrets, from any others."""
    return ";".join(f"{name}={_digest(value)}" for name, value in plain.items() if names is None or name in names)


def changed_since(seen: str, settings: BaseModel) -> list[str]:
    """Return the names of settings that are not as they were seen; nothing where it is not told what was."""
    return _changed(seen, split_secrets(settings)[0])


def require_seen_kept(seen: str, plain: Mapping[str, object]) -> None:
    """Refuse a change that was made on settings that are not kept any more."""
    if names := _changed(seen, plain):
        raise settings_changed(names)


def require_seen(seen: str, settings: BaseModel) -> None:
    """Refuse a change that was made on settings that do not stand any more."""
    require_seen_kept(seen, split_secrets(settings)[0])


def settings_changed(names: Sequence[str]) -> SettingsChangedError:
    """Return the refusal of a change that was made on others than stand of the settings named."""
    said = ", ".join(name[:60] for name in names[:10])
    return SettingsChangedError(
        "connection.settings_changed",
        Text(
            f"Ces réglages ont changé depuis que vous les avez lus ({said}) : rien n'est enregistré.",
            f"These settings were changed since you read them ({said}): nothing is saved.",
        ),
        Text("Relisez-les, puis enregistrez de nouveau.", "Read them again, then save again."),
    )


def require_as_begun(kept: Mapping[str, object], plain: Mapping[str, object]) -> None:
    """Refuse to begin a set-up again with other settings than it was begun with; those not said in ``plain`` stay."""
    names = _changed(seen_of_kept(plain), kept)
    if not names:
        return
    said = ", ".join(name[:60] for name in names[:10])
    refusal = BegunOtherwiseError(
        "connection.begun_otherwise",
        Text(
            f"La mise en place de ce compte est commencée, avec d'autres réglages ({said}) : rien n'est enregistré.",
            f"The set-up of this account was begun already with other settings ({said}): nothing is saved.",
        ),
        Text(
            "Continuez-la à la page « Connexions », ou lisez ses réglages, puis enregistrez de nouveau.",
            "Go on with it on the page Connections, or read its settings, then save again.",
        ),
    )
    refusal.names, refusal.kept = names, kept
    raise refusal


def _changed(seen: str, plain: Mapping[str, object]) -> list[str]:
    told = (each.partition("=") for each in seen.split(";") if each)
    return [name for name, _, digest in told if _digest(plain.get(name)) != digest]


def _digest(value: Any) -> str:
    # The parts of a set come in any order.
    told = sorted(map(str, value)) if isinstance(value, list) else value
    return sha256(canonical(told).encode()).hexdigest()[:_DIGITS]
