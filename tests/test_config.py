"""Settings: where they come from, which of them wins, and that every error is one line naming the setting."""

import os
from dataclasses import fields
from pathlib import Path

import pytest

from outdial import config
from outdial.config import Settings, SettingsError, load
from outdial.config_page import describe

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def no_system_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(config, "SYSTEM_FILE", tmp_path / "none.toml")


def toml(folder: Path, text: str) -> Path:
    path = folder / "outdial.toml"
    path.write_text(text)
    return path


def refused(environment: dict[str, str] | None = None, file: Path | None = None, **given: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load(environment or {}, file, given)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_nothing_has_to_be_set() -> None:
    settings = load({})
    assert settings.http_port == 8080
    assert settings.data_dir == Path("~/.local/share/outdial").expanduser()


def test_every_listener_is_on_loopback_by_default() -> None:
    settings = load({})
    assert (settings.http_host, settings.sip_host) == ("127.0.0.1", "127.0.0.1")


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(tmp_path: Path) -> None:
    file = toml(tmp_path, 'http_port = 1\nsip_port = 1\nlog_level = "debug"')
    settings = load({"OUTDIAL_HTTP_PORT": "2", "OUTDIAL_SIP_PORT": "2"}, file, {"http_port": 3})
    assert (settings.http_port, settings.sip_port, settings.log_level) == (3, 2, "debug")


def test_the_file_can_be_named_by_the_environment(tmp_path: Path) -> None:
    file = toml(tmp_path, "http_port = 7")
    assert load({"OUTDIAL_CONFIG": str(file)}).http_port == 7


def test_the_system_s_file_is_read_where_no_other_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "SYSTEM_FILE", toml(tmp_path, "http_port = 9"))
    assert load({}).http_port == 9


def test_an_option_that_was_not_given_changes_nothing() -> None:
    assert load({}, None, {"http_port": None}).http_port == 8080


def test_the_database_is_a_file_in_the_data_directory_unless_a_url_is_given() -> None:
    assert load({"OUTDIAL_DATA_DIR": "/srv/o"}).database == "sqlite:////srv/o/outdial.db"
    assert load({"OUTDIAL_DATABASE_URL": "postgresql://h/n"}).database == "postgresql://h/n"


@pytest.mark.parametrize(
    ("variable", "value", "line"),
    [
        ("OUTDIAL_HTTP_PORT", "70000", "OUTDIAL_HTTP_PORT: must be a whole number from 0 to 65535"),
        ("OUTDIAL_HTTP_PORT", "eighty", "OUTDIAL_HTTP_PORT: must be a whole number from 0 to 65535"),
        ("OUTDIAL_AUTO_MIGRATE", "perhaps", "OUTDIAL_AUTO_MIGRATE: must be true or false"),
        ("OUTDIAL_LOG_LEVEL", "loud", "OUTDIAL_LOG_LEVEL: must be one of debug, info, warning, error"),
        (
            "OUTDIAL_PUBLIC_URL",
            "calls.example",
            "OUTDIAL_PUBLIC_URL: must be a URL that begins with http:// or https://",
        ),
        ("OUTDIAL_SIP_HOST", "a b", "OUTDIAL_SIP_HOST: must be an address or host name"),
        (
            "OUTDIAL_TRUSTED_PROXIES",
            "a b",
            "OUTDIAL_TRUSTED_PROXIES: must be addresses or networks, with commas between",
        ),
        ("OUTDIAL_DATA_DIR", "", "OUTDIAL_DATA_DIR: must be a path"),
        ("OUTDIAL_HTTP_PROT", "1", "OUTDIAL_HTTP_PROT: no such setting (did you mean OUTDIAL_HTTP_PORT?)"),
        ("OUTDIAL_RTP_LAST_PORT", "10001", "rtp_last_port: must be at least 3 above rtp_first_port"),
        ("OUTDIAL_SIP_TLS_PORT", "5061", "sip_tls_port: needs sip_tls_certificate and sip_tls_key"),
        ("OUTDIAL_SIP_TLS_PORT", "0", "OUTDIAL_SIP_TLS_PORT: must be a whole number from 1 to 65535"),
        (
            "OUTDIAL_DATABASE_URL_FILE",
            "/no/such",
            "OUTDIAL_DATABASE_URL_FILE: can't be read: No such file or directory",
        ),
    ],
)
def test_a_bad_variable_is_one_line_that_names_it(variable: str, value: str, line: str) -> None:
    assert refused({variable: value}) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('http_port = "x"', "http_port: must be a whole number from 0 to 65535"),
        ("http_port = true", "http_port: must be a whole number from 0 to 65535"),
        ("http_prot = 1", "http_prot: no such setting (did you mean http_port?)"),
        ("[listener]\nport = 1", "[listener]: keys stand at the top level, without tables"),
        ("[http_port]\nhttp_port = 1", "[http_port]: keys stand at the top level, without tables"),
        ("sip_port_file = 1", "sip_port_file: no such setting (did you mean sip_port?)"),
    ],
)
def test_a_bad_key_of_the_file_is_one_line_that_names_file_and_key(tmp_path: Path, text: str, line: str) -> None:
    file = toml(tmp_path, text)
    assert refused(file=file) == f"{file}: {line}"


def test_a_file_that_is_not_toml_is_one_line(tmp_path: Path) -> None:
    file = toml(tmp_path, "http_port =")
    assert refused(file=file).startswith(f"{file}: not TOML: ")


def test_a_file_that_is_named_but_not_there_is_one_line(tmp_path: Path) -> None:
    assert refused(file=tmp_path / "no.toml") == f"{tmp_path}/no.toml: can't be read: No such file or directory"


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://u:p@h/n\n")
    assert load({"OUTDIAL_DATABASE_URL_FILE": str(secret)}).database == "postgresql://u:p@h/n"
    assert load({}, toml(tmp_path, f'database_url_file = "{secret}"')).database == "postgresql://u:p@h/n"


def test_no_secret_is_in_an_error_or_in_what_settings_print(tmp_path: Path) -> None:
    assert "hunter2" not in refused({"OUTDIAL_DATABASE_URL": "mysql://u:hunter2@h/n"})
    assert "hunter2" not in repr(load({"OUTDIAL_DATABASE_URL": "postgresql://u:hunter2@h/n"}))
    assert "hunter2" not in repr(load({"OUTDIAL_ADMIN_CLIENT_SECRET": "hunter2"}))


def test_every_setting_says_what_it_is_for() -> None:
    assert all(entry.metadata["about"].endswith((".", ")")) for entry in fields(Settings))


def test_the_page_about_configuration_is_current() -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    assert page == describe(), "run: python -m outdial.config_page > docs/configuration.md"


def test_the_example_file_is_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load({}, ROOT / "packaging/outdial.toml") == load({"OUTDIAL_DATA_DIR": "/var/lib/outdial"})


def test_nothing_but_config_reads_the_environment() -> None:
    for path in sorted((ROOT / "src/outdial").rglob("*.py")):
        if path.name != "config.py":
            text = path.read_text()
            assert "environ" not in text.replace("environment", ""), path
            assert "getenv" not in text, path
    assert os.environ
