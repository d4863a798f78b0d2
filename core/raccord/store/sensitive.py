"""A connector's settings taken apart: what may lie in a table, and what belongs in the vault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pydantic
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from raccord.plugin.texts import Text
from raccord.store.errors import StoreError

M = TypeVar("M", bound=BaseModel)

Path = tuple[str | int, ...]


def split_secrets(model: BaseModel) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the settings as JSON values without their secrets, and the secrets by path (``sftp/password``).

    Secrets are fields of type ``SecretStr`` or ``SecretBytes``, at any depth of models, lists and mappings; a secret
    in another container raises ``TypeError``.
    """
    plain: dict[str, Any] = model.model_dump(mode="json")
    secret: dict[str, str] = {}
    for path, value in _secrets(model, ()):
        _remove(plain, path)
        secret["/".join(_escaped(part) for part in path)] = value
    return plain, secret


def join_secrets(model_type: type[M], plain: Mapping[str, Any], secret: Mapping[str, object]) -> M:
    """Put together what ``split_secrets`` took apart.

    Raises ``StoreError`` (``settings.unusable``) where the model has changed and no longer takes them; it names the
    fields and quotes no value.
    """
    whole = _copied(dict(plain))
    wrong = [written for written, value in secret.items() if not _insert(whole, written, value)]
    if not wrong:
        try:
            return model_type.model_validate(whole, by_alias=True, by_name=True)
        except ValidationError as error:
            wrong = ["/".join(str(part) for part in found["loc"]) for found in error.errors(include_input=False)]
    # Raised here, outside the handler, so that pydantic's own error, which quotes values, is not part of it.
    raise StoreError(
        "settings.unusable",
        Text(
            fr=f"Les réglages enregistrés ne conviennent plus à ce connecteur : {', '.join(wrong)}.",
            en=f"The saved settings no longer suit this connector: {', '.join(wrong)}.",
        ),
        Text(
            fr="Ouvrez les réglages de la connexion et saisissez-les de nouveau.",
            en="Open the connection's settings and enter them again.",
        ),
    )


def _secrets(value: object, path: Path) -> list[tuple[Path, str]]:
    """Return every secret below ``value`` with its path."""
    match value:
        case SecretStr():
            return [(path, value.get_secret_value())]
        case SecretBytes():
            return [(path, value.get_secret_value().decode("utf-8"))]
        case pydantic.Secret():
            raise TypeError(f"the secret at {path} must be SecretStr or SecretBytes")
        case BaseModel():
            return [
                found for name in type(value).model_fields for found in _secrets(getattr(value, name), (*path, name))
            ]
        case Mapping():
            return [found for key, inner in value.items() for found in _secrets(inner, (*path, str(key)))]
        case list() | tuple():
            return [found for place, inner in enumerate(value) for found in _secrets(inner, (*path, place))]
        case set() | frozenset() if any(_secrets(inner, path) for inner in value):
            raise TypeError(f"the secret at {path} has no place in a set; use a list")
        case _:
            return []


def _remove(whole: dict[str, Any], path: Path) -> None:
    *way, last = path
    at: Any = whole
    for part in way:
        at = at[part]
    if isinstance(last, int):
        at[last] = None
    else:
        del at[last]


def _insert(whole: Any, written: str, value: object) -> bool:
    """Put a secret back in its place; tell whether there is one."""
    *way, last = written.split("/")
    at = whole
    try:
        for part in way:
            at = at[_place(at, part)]
        at[_place(at, last)] = value
    except (KeyError, IndexError, TypeError):
        return False
    return True


def _place(at: object, part: str) -> str | int:
    return int(part) if isinstance(at, Sequence) and part.isdecimal() else _plain(part)


def _copied(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _copied(inner) for key, inner in value.items()}
        case list():
            return [_copied(inner) for inner in value]
        case _:
            return value


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _plain(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
