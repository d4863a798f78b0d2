"""What a connector's own tests need: a file box, contexts, and readers that hold a connector to the contract."""

from raccord.plugin.testing.contexts import FakeFetchContext, FakeMapContext, FixedClock, NoHttp
from raccord.plugin.testing.contract import ContractBroken, Reading, map_records, read_stream
from raccord.plugin.testing.files import FileShelf, ShelvedFile

__all__ = [
    "ContractBroken",
    "FakeFetchContext",
    "FakeMapContext",
    "FileShelf",
    "FixedClock",
    "NoHttp",
    "Reading",
    "ShelvedFile",
    "map_records",
    "read_stream",
]
