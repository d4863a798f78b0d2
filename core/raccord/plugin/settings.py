"""The settings of a connection: a strict model, each field with its label in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from raccord.plugin.contexts import ConnectionView


class ConnectorSettings(BaseModel):
    """What a person says once; nothing else may be said, and nothing changes during a run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def of(cls, context: ConnectionView) -> Self:
        """Return the settings of a hook's connection as what they are: this model."""
        settings = context.settings
        if not isinstance(settings, cls):
            raise TypeError(f"these are {type(settings).__name__}, not {cls.__name__}")
        return settings


def label(
    fr: str,
    en: str,
    *,
    hint: tuple[str, str] | None = None,
    options: Mapping[str, tuple[str, str]] | None = None,
    when: Mapping[str, Sequence[str]] | None = None,
    fold: tuple[str, str] | None = None,
    **rules: Any,
) -> Any:
    """Return what a field of the settings is called, for ``Annotated[str, label("Compte", "Account")]``.

    ``hint`` stands below the field of a form, ``options`` calls each value of a choice something, both in French and in
    English; of a set these are ticked (a set of plain numbers or texts offers what ``options`` names, one of days is
    written one a line). ``when`` says beside which values of other settings it is needed. ``fold`` is the heading under
    which a form keeps what few people touch: closed while all that is in it is as usual. ``rules`` are pydantic's
    (``ge``, ``max_length``, ``pattern`` …): a form says them in the browser, and the server in a sentence.
    """
    extra: dict[str, Any] = {"fr": fr}
    if hint is not None:
        extra["fr_hint"] = hint[0]
    if options is not None:
        extra["options"] = {value: list(called) for value, called in options.items()}
    if when is not None:
        extra["when"] = {name: list(among) for name, among in when.items()}
    if fold is not None:
        extra["fold"] = list(fold)
    return Field(title=en, description=None if hint is None else hint[1], json_schema_extra=extra, **rules)


ServerFolder = Annotated[
    str,
    label(
        "Dossier",
        "Folder",
        when={"input_kind": ["folder"]},
    ),
]
"""The setting of a source of files whose ``input_kind`` may be ``folder``: ``folder: ServerFolder = ""``."""
