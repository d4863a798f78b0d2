"""Letting a person in at Pleo by OAuth 2 with PKCE: off to Pleo's page, back with a code, and tokens kept fresh."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from raccord.plugin import Asked, Reauthorise, SignIn, SignInContext, SourceRefused, Text
from raccord.plugin.contexts import SourceContext
from raccord_pleo.access import OAuthClient, Tokens, bearer
from raccord_pleo.settings import PleoSettings, Way

EARLY = timedelta(minutes=1)
"""So much before its end a token is taken for ended: a call takes a while."""
BACK = "back"
"""The answer that holds the whole address to which Pleo sent the person back."""


def authorise(context: SignInContext, answers: Mapping[str, str]) -> SignIn | None:
    """Take a step: send the person to Pleo, or take them back and keep what they were given."""
    settings = context.settings
    if not isinstance(settings, PleoSettings) or settings.way is not Way.OAUTH:
        return None
    pending, back = settings.pending.get_secret_value(), answers.get(BACK, "").strip()
    if back:
        return _taken_back(context, settings, pending, back)
    if answers and not pending and settings.access_token.get_secret_value():
        # The person was taken back in another window meanwhile.
        return SignIn()
    return _sent_off(context, settings)


def _sent_off(context: SignInContext, settings: PleoSettings) -> SignIn:
    if not settings.client_id or not settings.client_secret.get_secret_value():
        raise SourceRefused(
            Text(
                "Donnez l’identifiant et le secret de client que Pleo vous a remis.",
                "Give the client id and the client secret that Pleo handed you.",
            )
        )
    if not context.callback:
        raise SourceRefused(
            Text(
                "Raccord ne connaît pas l’adresse de ses pages : réglez RACCORD_WEB_URL.",
                "Raccord does not know the address of its pages: set RACCORD_WEB_URL.",
            )
        )
    state, verifier = context.new_state(), secrets.token_urlsafe(48)
    return SignIn(
        keep={"pending": f"{state} {verifier}"},
        asks=(
            Asked(
                BACK,
                Text(
                    "Si Pleo ne vous ramène pas ici : l’adresse entière où il vous a envoyé",
                    "If Pleo does not bring you back here: the whole address where it sent you",
                ),
            ),
        ),
        told=Text(
            f"Autorisez Raccord sur la page de Pleo. Adresse de retour inscrite chez Pleo : {context.callback}",
            f"Authorise Raccord on Pleo’s page. Address of return registered at Pleo: {context.callback}",
        ),
        page=_client(settings, context.callback).authorise_url(state, verifier),
    )


def _taken_back(context: SignInContext, settings: PleoSettings, pending: str, back: str) -> SignIn:
    said = {name: values[-1] for name, values in parse_qs(urlsplit(back).query).items()}
    state, _, verifier = pending.partition(" ")
    if not pending or not hmac.compare_digest(state.encode(), said.get("state", "").encode()):
        raise SourceRefused(
            Text(
                "Ce retour n’est pas celui de la dernière demande d’autorisation : recommencez.",
                "This is not the way back of the last request for authorisation: begin again.",
            )
        )
    if "code" not in said:
        raise SourceRefused(
            Text(
                f"Pleo n’a pas donné l’autorisation ({said.get('error', '?')[:60]}) : rien n’est changé.",
                f"Pleo did not give the authorisation ({said.get('error', '?')[:60]}): nothing is changed.",
            )
        )
    tokens = _client(settings, context.callback).redeem(context.http, said["code"], verifier)
    return SignIn(keep={**_kept(tokens, context.now()), "pending": ""})


def renewed(context: SourceContext, settings: PleoSettings) -> Mapping[str, str]:
    """Return the header with a new access token; raises ``Reauthorise`` where the authorisation was taken back."""

    def ask(kept: Mapping[str, str]) -> Mapping[str, str]:
        tokens = _client(settings, "").renew(context.http, kept["refresh_token"])
        return _kept(tokens, context.now())

    stale = settings.access_token.get_secret_value()
    return bearer(context.renew(stale, ask)["access_token"])


def renewed_once(context: SignInContext, settings: PleoSettings) -> Mapping[str, str]:
    """Return the header with an access token for a connection that ended, whose tokens nobody keeps any more."""
    refresh = settings.refresh_token.get_secret_value()
    return bearer(_client(settings, "").renew(context.http, refresh).access)


def not_authorised() -> Reauthorise:
    return Reauthorise(
        Text(
            "Personne n’a encore autorisé Raccord chez Pleo : connectez le compte Pleo.",
            "Nobody has authorised Raccord at Pleo yet: connect the Pleo account.",
        )
    )


def _client(settings: PleoSettings, callback: str) -> OAuthClient:
    return OAuthClient(settings.client_id, settings.client_secret.get_secret_value(), callback, settings.auth)


def _kept(tokens: Tokens, now: datetime) -> dict[str, str]:
    ends = now + timedelta(seconds=tokens.expires_in) - EARLY
    return {"access_token": tokens.access, "refresh_token": tokens.refresh, "access_ends": ends.isoformat()}
