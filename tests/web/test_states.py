"""The six words for how a connection or a company stands, the same wherever it is said (journeys)."""

from __future__ import annotations

import pytest

from raccord.plugin.texts import Language
from raccord.store.models import CompanyState, ConnectionState
from raccord.sync.life import BLOCKED, COMPANY_STATES, STATES
from raccord_web.words.states import BLOCKED as SHOWN_BLOCKED
from raccord_web.words.states import OFF, QUICKBOOKS_AGAIN
from raccord_web.words.wording import wording

SIX: dict[Language, list[str]] = {
    "fr": ["À configurer", "Connecté", "En pause", "À réautoriser", "Déconnecté", "Bloqué"],
    "en": ["To set up", "Connected", "Paused", "To reauthorise", "Disconnected", "Blocked"],
}
IN_ORDER = [
    ConnectionState.DRAFT,
    ConnectionState.CONNECTED,
    ConnectionState.PAUSED,
    ConnectionState.REAUTHORISE,
    ConnectionState.DISCONNECTED,
]


@pytest.mark.parametrize("language", SIX)
def test_pages_and_commands_have_the_same_six_words(language: Language) -> None:
    t = wording(language)
    pages = {state: t(shown.text) for state, shown in OFF.items()}
    pages[ConnectionState.CONNECTED] = t("connections.connected")
    blocked = {kind: t(shown.text) for kind, shown in SHOWN_BLOCKED.items()}
    assert [*(pages[each] for each in IN_ORDER), COMPANY_STATES[CompanyState.BLOCKED].get(language)] == SIX[language]
    assert t(QUICKBOOKS_AGAIN.text) == SIX[language][3], "whoever has to be asked for it"
    assert {state: said.get(language) for state, said in STATES.items()} == pages
    assert {kind: said.get(language) for kind, said in BLOCKED.items()} == blocked
    kinds = {"fr": ("abonnement", "droits", "quota"), "en": ("subscription", "rights", "quota")}[language]
    assert list(blocked.values()) == [f"{SIX[language][5]} ({kind})" for kind in kinds]
    assert pages[ConnectionState.FAULTY].startswith(f"{SIX[language][2]} (")
    assert {state: said.get(language) for state, said in COMPANY_STATES.items()} == {
        CompanyState.CONNECTED: SIX[language][1],
        CompanyState.REAUTHORISE: SIX[language][3],
        CompanyState.BLOCKED: SIX[language][5],
        CompanyState.DISCONNECTED: SIX[language][4],
    }
