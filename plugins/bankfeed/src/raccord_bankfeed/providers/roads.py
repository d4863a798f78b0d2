"""Which provider stands behind each way of getting lines over the network."""

from __future__ import annotations

from collections.abc import Mapping

from raccord_bankfeed.providers.contract import ChangesProvider, HoldsAccess, WindowProvider
from raccord_bankfeed.providers.enable_banking import EnableBanking
from raccord_bankfeed.providers.ofx import OfxDirect
from raccord_bankfeed.providers.paypal import PayPal
from raccord_bankfeed.providers.plaid import Plaid
from raccord_bankfeed.providers.simplefin import SimpleFin
from raccord_bankfeed.settings import InputKind

_PLAID, _ENABLE_BANKING = Plaid(), EnableBanking()
PROVIDERS: Mapping[InputKind, WindowProvider | ChangesProvider] = {
    InputKind.SIMPLEFIN: SimpleFin(),
    InputKind.OFX: OfxDirect(),
    InputKind.PAYPAL: PayPal(),
    InputKind.PLAID: _PLAID,
    InputKind.ENABLE_BANKING: _ENABLE_BANKING,
}
HOLDERS: Mapping[InputKind, HoldsAccess] = {InputKind.PLAID: _PLAID, InputKind.ENABLE_BANKING: _ENABLE_BANKING}
"""Those that hold an access to the bank when a connection ends; SimpleFIN's is taken back on its own site."""
