"""Recordings of what a connector exchanges with its source: they tell no secret, and replay offline."""

from raccord.plugin.testing.recording.hiding import Disguise
from raccord.plugin.testing.recording.replaying import NotRecordedError, ReplayHttp, trial_of
from raccord.plugin.testing.recording.shapes import RecordingError, RecordingFile, read_recording
from raccord.plugin.testing.recording.taking import (
    Source,
    Taken,
    TakingHttp,
    hidden_exchanges,
    learn_exchanges,
    make_recording,
)

__all__ = [
    "Disguise",
    "NotRecordedError",
    "RecordingError",
    "RecordingFile",
    "ReplayHttp",
    "Source",
    "Taken",
    "TakingHttp",
    "hidden_exchanges",
    "learn_exchanges",
    "make_recording",
    "read_recording",
    "trial_of",
]
