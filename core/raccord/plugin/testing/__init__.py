"""What a connector's own tests need: a file box, contexts, strict readers, and the conformance kit."""

from raccord.plugin.testing.contexts import FakeFetchContext, FakeMapContext, FixedClock, NoHttp
from raccord.plugin.testing.contract import ContractBroken, Reading, map_records, read_stream
from raccord.plugin.testing.contract_twin import ContractTwin, serving
from raccord.plugin.testing.files import FileShelf, ShelvedFile
from raccord.plugin.testing.kit import Report, Verdict, check_connector
from raccord.plugin.testing.rest_twin import RestTwin, rest_trial
from raccord.plugin.testing.served import serve_twin, served_twin
from raccord.plugin.testing.trial import Again, Expected, Telling, Trial
from raccord.plugin.testing.twin_http import TwinAnswer, TwinHttp, TwinRequest

__all__ = [
    "Again",
    "ContractBroken",
    "ContractTwin",
    "Expected",
    "FakeFetchContext",
    "FakeMapContext",
    "FileShelf",
    "FixedClock",
    "NoHttp",
    "Reading",
    "Report",
    "RestTwin",
    "ShelvedFile",
    "Telling",
    "Trial",
    "TwinAnswer",
    "TwinHttp",
    "TwinRequest",
    "Verdict",
    "check_connector",
    "map_records",
    "read_stream",
    "rest_trial",
    "serve_twin",
    "served_twin",
    "serving",
]
