"""What a connector can be run on: its twin, its samples, a recording."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import ModuleType

from raccord.errors import RaccordError
from raccord.plugin.info import ConnectorInfo
from raccord.plugin.testing.kit.run import trials_of
from raccord.plugin.testing.recording import RecordingError, RecordingFile, read_recording, trial_of
from raccord.plugin.testing.trial import Telling, Trial
from raccord.plugin.texts import Text

RECORDING_ENDING = ".recording.json"
_SAMPLE_BYTES_MAX = 8 * 1024 * 1024
_NO_SAMPLES = (".md", ".py", ".pyc")


class SourceKind(StrEnum):
    TWIN = "twin"
    SAMPLES = "samples"
    RECORDING = "recording"


class NoSourceError(RaccordError):
    """Raised when a connector brings no such source, or a recording is not of it."""


def trials_for(plugin: ModuleType, kind: SourceKind, name: str = "") -> Sequence[Trial]:
    """Return the twin's trials, or what can be made of the samples; of that name where one is given."""
    found = list(_samples(plugin) if kind is SourceKind.SAMPLES else trials_of(plugin))
    chosen = [each for each in found if name in ("", each.name)]
    if chosen:
        return chosen
    if found:
        names = ", ".join(each.name for each in found)
        raise NoSourceError(
            "bench.no_trial",
            Text(f"Ce connecteur n'apporte pas d'essai « {name} ».", f"This connector brings no trial “{name}”."),
            Text(f"Il y a : {names}.", f"There are: {names}."),
        )
    if kind is SourceKind.SAMPLES:
        raise NoSourceError(
            "bench.no_samples",
            Text("Ce connecteur n'apporte pas d'échantillon.", "This connector brings no samples."),
            Text(
                f"Mettez des fichiers, ou un enregistrement (*{RECORDING_ENDING}), dans son dossier « samples ».",
                f"Put files, or a recording (*{RECORDING_ENDING}), into its folder “samples”.",
            ),
        )
    raise NoSourceError(
        "bench.no_trial",
        Text("Ce connecteur n'apporte pas d'essai.", "This connector brings no trial."),
        Text("Ajoutez « trials() » à son module sandbox.", "Add “trials()” to its module sandbox."),
    )


def recorded_trial(info: ConnectorInfo, content: bytes, name: str) -> Trial:
    """Return a recording of this connector as a source; raises ``RecordingError`` and ``NoSourceError``."""
    recording = _recording(content, name)
    if recording.connector != info.name:
        raise NoSourceError(
            "bench.other_connector",
            Text(
                f"{name} est un enregistrement du connecteur « {recording.connector} ».",
                f"{name} is a recording of the connector “{recording.connector}”.",
            ),
            Text("Choisissez ce connecteur, ou un autre enregistrement.", "Choose that connector, or another file."),
        )
    return _trial(recording, name)


def _samples(plugin: ModuleType) -> Iterator[Trial]:
    """Yield the samples: the files of each folder as one source, with a trial's settings, and each recording."""
    if not hasattr(plugin, "__path__"):
        return
    folders: dict[str, list[tuple[str, bytes]]] = {}
    for path, content in sorted(_files(files(plugin).joinpath("samples"), "")):
        folder, _, name = path.rpartition("/")
        if name.endswith(RECORDING_ENDING):
            yield _trial(_recording(content, name), name)
        else:
            folders.setdefault(folder, []).append((name, content))
    of_files = next((each for each in trials_of(plugin) if each.told.files), None)
    if of_files is None:
        # Beside a connector that reads no files they are what its twin is made of.
        return
    for folder, loose in folders.items():
        yield Trial(name=folder or "samples", values=of_files.values, told=Telling(files=loose, sealed=True))


def _recording(content: bytes, name: str) -> RecordingFile:
    try:
        return read_recording(content, name)
    except RecordingError as error:
        raise NoSourceError(error.code, error.text, error.fix) from None


def _trial(recording: RecordingFile, name: str) -> Trial:
    try:
        return trial_of(recording, name.removesuffix(RECORDING_ENDING))
    except RecordingError as error:
        raise NoSourceError(error.code, error.text, error.fix) from None


def _files(folder: Traversable, path: str) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    for each in folder.iterdir():
        if each.name.startswith((".", "_")) or each.name.upper().startswith("LICEN"):
            continue
        if each.is_dir():
            yield from _files(each, f"{path}{each.name}/")
        elif not each.name.endswith(_NO_SAMPLES):
            content = each.read_bytes()
            if len(content) <= _SAMPLE_BYTES_MAX:
                yield f"{path}{each.name}", content
