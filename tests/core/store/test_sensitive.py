from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from pydantic import BaseModel, Field, Secret, SecretBytes, SecretStr, field_serializer

from raccord.store.canonical import canonical
from raccord.store.errors import StoreError
from raccord.store.sensitive import join_secrets, split_secrets


class Sftp(BaseModel):
    host: str
    password: SecretStr
    key: SecretBytes | None = None


class Settings(BaseModel):
    label: str = Field(alias="Label")
    rate: Decimal
    since: date
    token: SecretStr | None = None
    empty: SecretStr = SecretStr("")
    sftp: Sftp | None = None
    servers: list[Sftp] = []
    by_name: dict[str, SecretStr] = {}
    pair: tuple[str, SecretStr] | None = None


def full() -> Settings:
    sftp = Sftp(host="h", password=SecretStr("canary-é"), key=SecretBytes(b"canary-key"))
    return Settings(
        Label="x",
        rate=Decimal("1.10"),
        since=date(2025, 1, 1),
        token=SecretStr("canary-token"),
        sftp=sftp,
        servers=[sftp, Sftp(host="i", password=SecretStr("canary-2"))],
        by_name={"a/b~c": SecretStr("canary-3"), "0": SecretStr("canary-4")},
        pair=("p", SecretStr("canary-5")),
    )


def test_settings_taken_apart_and_put_together_are_the_same() -> None:
    plain, secret = split_secrets(full())
    assert join_secrets(Settings, plain, secret) == full()
    assert plain["sftp"] == {"host": "h"}
    assert plain["rate"] == "1.10"


def test_no_secret_is_in_the_plain_part_and_nothing_but_secrets_in_the_other() -> None:
    plain, secret = split_secrets(full())
    assert "canary" not in canonical(plain)
    assert set(secret) == {
        "token", "empty", "sftp/password", "sftp/key", "servers/0/password", "servers/0/key", "servers/1/password",
        "by_name/a~1b~0c", "by_name/0", "pair/1",
    }  # fmt: skip
    assert "h" not in secret.values()


def test_settings_without_secrets_have_an_empty_secret_part() -> None:
    class Plain(BaseModel):
        folder: str

    plain, secret = split_secrets(Plain(folder="/in"))
    assert (plain, secret) == ({"folder": "/in"}, {})
    assert join_secrets(Plain, plain, secret) == Plain(folder="/in")


def test_a_serializer_that_reveals_its_secret_does_not_bring_it_into_the_plain_part() -> None:
    class Careless(BaseModel):
        token: SecretStr

        @field_serializer("token")
        def _reveal(self, value: SecretStr) -> str:
            return value.get_secret_value()

    plain, secret = split_secrets(Careless(token=SecretStr("canary")))
    assert (plain, secret) == ({}, {"token": "canary"})


@pytest.mark.parametrize(
    ("kind", "value"), [(Secret[int], Secret[int](1)), (frozenset[SecretStr], frozenset([SecretStr("canary")]))]
)
def test_a_secret_that_could_not_be_put_back_is_refused(kind: type, value: object) -> None:
    from pydantic import create_model

    model = create_model("Odd", odd=(kind, ...))
    with pytest.raises(TypeError, match="odd"):
        split_secrets(model(odd=value))


def test_settings_that_no_longer_suit_the_model_are_refused_without_quoting_them() -> None:
    class Stricter(BaseModel):
        token: SecretStr = Field(min_length=100)
        folder: int

    with pytest.raises(StoreError) as caught:
        join_secrets(Stricter, {"folder": "canary-folder"}, {"token": "canary-token"})
    error = caught.value
    assert error.code == "settings.unusable"
    assert "token" in error.text.fr
    assert "folder" in error.text.en
    assert "canary" not in str(error) + repr(error)
    assert error.__context__ is None


@pytest.mark.parametrize("path", ["gone/password", "servers/5/password", "label/x"])
def test_a_secret_whose_place_is_gone_is_refused(path: str) -> None:
    with pytest.raises(StoreError, match=path):
        join_secrets(Settings, {"label": "x", "rate": "1", "since": "2025-01-01", "servers": []}, {path: "canary"})
