from __future__ import annotations

import stat
from pathlib import Path

import pytest

from raccord.settings import SettingsError, load


def env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(tmp_path), **more}


def test_without_any_setting_everything_lies_in_a_private_folder_of_the_user(tmp_path: Path) -> None:
    settings = load(env(tmp_path))
    folder = tmp_path / ".local/share/raccord"
    assert settings.data_dir == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert settings.database_url.get_secret_value() == f"sqlite:///{folder}/app.db"
    assert settings.engine_url.get_secret_value() == f"sqlite:///{folder}/engine.db"
    assert settings.key_file == folder / "vault.key"
    assert settings.web_url == "http://127.0.0.1:8321"


def test_the_shared_data_folder_of_the_desktop_standard_is_respected(tmp_path: Path) -> None:
    assert load(env(tmp_path, XDG_DATA_HOME=str(tmp_path / "x"))).data_dir == tmp_path / "x/raccord"
    assert load(env(tmp_path, XDG_DATA_HOME="relative")).data_dir == tmp_path / ".local/share/raccord"


def test_the_environment_comes_before_the_file_and_the_file_before_the_usual(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "raccord.toml").write_text(
        'language = "en"\n[web]\nport = 9000\nhost = "::1"\n[quickbooks]\nclient_id = "from file"\n'
    )
    settings = load(env(tmp_path, RACCORD_DATA_DIR=str(folder), RACCORD_WEB_PORT="9001", RACCORD_LANGUAGE=""))
    assert (settings.web_port, settings.language) == (9001, "en")
    assert settings.web_url == "http://[::1]:9001"
    assert settings.quickbooks_client_id == "from file"


def test_with_postgresql_the_engine_shares_the_database(tmp_path: Path) -> None:
    url = "postgresql://u:p@h/raccord"
    settings = load(env(tmp_path, RACCORD_DATABASE_URL=url))
    assert settings.engine_url.get_secret_value() == url


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RACCORD_WEB_PORT", "seventy"),
        ("RACCORD_WEB_PORT", "70000"),
        ("RACCORD_LANGUAGE", "de"),
        ("RACCORD_QUICKBOOKS_ENVIRONMENT", "prod"),
    ],
)
def test_a_wrong_value_is_refused_in_both_languages_with_its_name_and_place(
    tmp_path: Path, variable: str, value: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(env(tmp_path, **{variable: value}))
    error = caught.value
    assert error.code == "settings.wrong_value"
    name = variable.removeprefix("RACCORD_").lower()
    assert "il faut" in error.text.fr
    assert f"“{name}”, read from the environment" in error.text.en
    assert f"« {name} », lu dans l'environnement" in error.text.fr
    assert variable in error.fix.en
    assert variable in error.fix.fr


def test_a_misspelt_name_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RACCORD_DATABASE_URL"):
        load(env(tmp_path, RACCORD_DATABSE_URL="postgresql://h/x"))
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "raccord.toml").write_text("[web]\nprot = 1\n")
    with pytest.raises(SettingsError, match="Did you mean “web_port”"):
        load(env(tmp_path), data_dir=folder)


def test_a_variable_of_another_program_with_our_prefix_is_left_alone(tmp_path: Path) -> None:
    load(env(tmp_path, RACCORD_TEST_SOMETHING="x"))


def test_a_file_that_is_not_toml_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "raccord.toml").write_text("language =")
    with pytest.raises(SettingsError, match=r"raccord\.toml cannot be read: Invalid value") as caught:
        load(env(tmp_path), data_dir=tmp_path)
    assert caught.value.code == "settings.file_unreadable"


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError) as caught:
        load(env(tmp_path), data_dir=tmp_path / "file" / "data")
    assert caught.value.code == "settings.data_dir"


def test_secrets_show_neither_in_the_settings_nor_in_errors_about_them(tmp_path: Path) -> None:
    secrets = {
        "RACCORD_DATABASE_URL": "postgresql://u:canary1@h/x",
        "RACCORD_KEY": "canary2",
        "RACCORD_QUICKBOOKS_CLIENT_SECRET": "canary3",
    }
    settings = load(env(tmp_path, **secrets))
    assert "canary" not in repr(settings) + str(settings) + settings.model_dump_json()
    with pytest.raises(SettingsError) as caught:
        load(env(tmp_path, **secrets, RACCORD_WEB_PORT="no"))
    assert "canary" not in repr(caught.value) + str(caught.value)
