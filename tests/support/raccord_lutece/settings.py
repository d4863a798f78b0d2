"""What a person says once; the checks of pydantic, labels in both languages."""

from typing import Annotated

from pydantic import SecretStr

from raccord.plugin import ConnectorSettings, label

HOME = "https://api.lutece.example"


class Settings(ConnectorSettings):
    address: Annotated[str, label("Adresse de l'API", "Address of the API", pattern="^https?://[^/]+$")] = HOME
    account: Annotated[str, label("Numéro de compte", "Account number", min_length=1)]
    api_token: Annotated[SecretStr, label("Jeton de l'API", "Token of the API")]
