"""Settings, from the environment and a TOML file: the only reader of the environment.

Must not know what becomes of them.
"""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from outdial.setting_kinds import NotUsable, Parse, choice, host, hosts, path, port, text, truth, whole

PREFIX = "OUTDIAL_"
SYSTEM_FILE = Path("/etc/outdial/outdial.toml")
"""Read where no other file is named and this one is there."""
HOME = Path("~/.local/share/outdial")


class SettingsError(Exception):
    """A setting can't be used. One line for people, which names the setting."""


def _setting(default: Any, about: str, parse: Parse, section: str, *, secret: bool = False) -> Any:  # noqa: ANN401
    return field(
        default=default,
        repr=not secret,
        metadata={"about": about, "parse": parse, "section": section, "secret": secret},
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. Every listener is on loopback unless told otherwise."""

    data_dir: Path = _setting(  # noqa: RUF009 -- a path never changes
        HOME,
        "Where the database, the private switch, keys and the operator's secret are kept. One process at a time.",
        path,
        "Data",
    )
    database_url: str | None = _setting(
        None,
        "`postgresql://user:password@host/name` or `sqlite:////absolute/path`; without it, `outdial.db` in the data "
        "directory.",
        text(r"(postgresql|sqlite)://\S+", "a URL that begins with postgresql:// or sqlite:///"),
        "Data",
        secret=True,
    )
    auto_migrate: bool = _setting(
        True,
        "Bring the database up to date at the start. When off, a start on an old database is refused and "
        "`outdial migrate` does it.",
        truth,
        "Data",
    )
    retention_days: int = _setting(90, "How long ended calls and delivered notices are kept.", whole(1, 36500), "Data")
    http_host: str = _setting("127.0.0.1", "Address of the API's listener.", host, "HTTP")
    http_port: int = _setting(8080, "Port of the API's listener; 0 takes any free one.", port, "HTTP")
    public_url: str | None = _setting(
        None,
        "How clients reach the API, for `Location` and links, such as `https://calls.example.com`; without it, as the "
        "request was addressed.",
        text(r"https?://[^\s/?#]+(/[^\s?#]*)?", "a URL that begins with http:// or https://"),
        "HTTP",
    )
    trusted_proxies: tuple[str, ...] = _setting(
        ("127.0.0.1",), "Reverse proxies whose `X-Forwarded-*` headers are believed.", hosts, "HTTP"
    )
    max_waiting_requests: int = _setting(
        5000,
        "How many requests may wait for their answer at a time; more are answered 503.",
        whole(1, 100_000),
        "HTTP",
    )
    stop_grace_seconds: int = _setting(
        10, "How long requests under way may take at a stop. Calls live on on the switch.", whole(0, 3600), "HTTP"
    )
    switch_name: str = _setting(
        "main",
        "Name of the switch, stored with each of its calls. Don't change it while calls live.",
        text(r"[a-z0-9][a-z0-9-]{0,31}", "up to 32 small letters, digits and dashes"),
        "Switch",
    )
    switch_source: str = _setting(
        "auto",
        "`private` installs Asterisk into the data directory, `system` runs the one that is installed, `auto` takes "
        "the system's where it is new enough.",
        choice("auto", "private", "system"),
        "Switch",
    )
    runtime_dir: Path | None = _setting(  # noqa: RUF009 -- a path never changes
        None,
        "Where a private Asterisk is installed, and found again; without it, `asterisk` in the data directory.",
        path,
        "Switch",
    )
    sip_host: str = _setting(
        "127.0.0.1", "Address of the switch's SIP listener, for phones and carriers.", host, "Switch"
    )
    sip_port: int = _setting(5060, "Port of the switch's SIP listener; 0 takes any free one.", port, "Switch")
    sip_tls_port: int | None = _setting(
        None,
        "Port of the switch's listener for SIP over TLS, usually 5061; without it there is none, and trunks and phones "
        "can't be reached over TLS. Audio is not encrypted.",
        whole(1, 65535),
        "Switch",
    )
    sip_tls_certificate: Path | None = _setting(  # noqa: RUF009 -- a path never changes
        None, "The switch's certificate, with those between it and its authority: a PEM file.", path, "Switch"
    )
    sip_tls_key: Path | None = _setting(None, "Its key, without a password: a PEM file.", path, "Switch")  # noqa: RUF009
    sip_tls_authorities: Path = _setting(  # noqa: RUF009
        Path("/etc/ssl/certs/ca-certificates.crt"),
        "Authorities one of which must have signed the certificate of a carrier that is called over TLS: a PEM file.",
        path,
        "Switch",
    )
    public_address: str | None = _setting(
        None, "The address that phones and carriers see, where the machine is behind NAT.", host, "Switch"
    )
    rtp_first_port: int = _setting(10000, "First UDP port for audio.", whole(1024, 65534), "Switch")
    rtp_last_port: int = _setting(19999, "Last UDP port for audio; each call takes four.", whole(1025, 65535), "Switch")
    recording_retention_days: int = _setting(
        0,
        "How long recordings are kept from their end, in accounts that have no retention of their own; 0 is for ever.",
        whole(0, 36500),
        "Recordings",
    )
    s3_bucket: str | None = _setting(
        None,
        "Bucket of an S3-compatible object store, to which recordings are moved; without it they rest in the data "
        "directory. They are sealed before they leave.",
        text(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "the name of a bucket"),
        "Recordings",
    )
    s3_endpoint: str | None = _setting(
        None,
        "URL of the object store; without it, Amazon's of the region.",
        text(r"https?://[^\s/?#]+", "a URL that begins with http:// or https://, without a path"),
        "Recordings",
    )
    s3_region: str = _setting(
        "us-east-1", "Region of the bucket.", text(r"[a-z0-9-]{1,40}", "a region, such as eu-west-2"), "Recordings"
    )
    s3_prefix: str = _setting(
        "outdial", "What the names of objects begin with.", text(r"[A-Za-z0-9._/-]{0,200}", "a prefix"), "Recordings"
    )
    s3_path_style: bool = _setting(
        True, "Whether the bucket's name stands in the path of a URL, or else in its host name.", truth, "Recordings"
    )
    s3_access_key_id: str | None = _setting(
        None, "Access key of the object store.", text(r"[\x21-\x7e]{1,200}", "an access key's id"), "Recordings"
    )
    s3_secret_access_key: str | None = _setting(
        None, "Its secret.", text(r"[\x21-\x7e]{1,500}", "an access key's secret"), "Recordings", secret=True
    )
    log_level: str = _setting(
        "info", "Least level that is logged.", choice("debug", "info", "warning", "error"), "Logs"
    )
    log_format: str = _setting(
        "auto", "`json`, `text`, or `auto`: text on a terminal.", choice("auto", "json", "text"), "Logs"
    )
    admin_url: str | None = _setting(
        None,
        "Where the command line finds the API; without it, as `operator.json` in the data directory says.",
        text(r"https?://[^\s/?#]+(/[^\s?#]*)?", "a URL that begins with http:// or https://"),
        "Command line",
    )
    admin_client_id: str | None = _setting(
        None, "API client that the command line is.", text(r"[\x21-\x7e]{1,200}", "a client id"), "Command line"
    )
    admin_client_secret: str | None = _setting(
        None,
        "Its secret.",
        text(r"[\x21-\x7e]{1,500}", "a client secret"),
        "Command line",
        secret=True,
    )

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir / 'outdial.db'}"


_FIELDS = {entry.name: entry for entry in fields(Settings)}


def load(
    environment: Mapping[str, str] | None = None, file: Path | None = None, given: Mapping[str, object] | None = None
) -> Settings:
    """The settings: what is given on the command line, else the environment, else the file, else the defaults.

    Raises:
        SettingsError: the first one that can't be used.
    """
    environment = os.environ if environment is None else environment
    values = _from_file(file, environment)
    values |= _from_environment(environment)
    values |= {
        name: (f"--{name.replace('_', '-')}", value) for name, value in (given or {}).items() if value is not None
    }
    values.setdefault("data_dir", ("data_dir", str(HOME)))
    parsed: dict[str, Any] = {
        name: _parsed(_FIELDS[name].metadata["parse"], source, value) for name, (source, value) in values.items()
    }
    settings = Settings(**parsed)
    if settings.rtp_last_port - settings.rtp_first_port < 3:
        raise SettingsError("rtp_last_port: must be at least 3 above rtp_first_port")
    if settings.sip_tls_port and not (settings.sip_tls_certificate and settings.sip_tls_key):
        raise SettingsError("sip_tls_port: needs sip_tls_certificate and sip_tls_key")
    if settings.sip_tls_port and settings.sip_tls_port == settings.sip_port:
        raise SettingsError("sip_tls_port: must differ from sip_port")
    if settings.s3_bucket and not (settings.s3_access_key_id and settings.s3_secret_access_key):
        raise SettingsError("s3_bucket: needs s3_access_key_id and s3_secret_access_key")
    return settings


def _parsed(parse: Parse, source: str, value: object) -> object:
    try:
        return parse(value)
    except NotUsable as wanted:
        raise SettingsError(f"{source}: must be {wanted}") from None


Found = dict[str, tuple[str, object]]
"""What was found for a setting: how its place is called in an error, and the value."""


def _from_file(file: Path | None, environment: Mapping[str, str]) -> Found:
    named = file or (Path(environment[PREFIX + "CONFIG"]) if environment.get(PREFIX + "CONFIG") else None)
    if named is None and not SYSTEM_FILE.is_file():
        return {}
    source = named or SYSTEM_FILE
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{source}: can't be read: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{source}: not TOML: {error}") from None
    found: Found = {}
    for name, value in content.items():
        setting = name.removesuffix("_file")
        if isinstance(value, dict):
            raise SettingsError(f"{source}: [{name}]: keys stand at the top level, without tables")
        if name not in _FIELDS and not _is_secret(setting):
            raise SettingsError(f"{source}: {name}: no such setting{_nearest(name, list(_FIELDS))}")
        found[setting] = (f"{source}: {name}", value if name in _FIELDS else _read_secret(f"{source}: {name}", value))
    return found


def _from_environment(environment: Mapping[str, str]) -> Found:
    found: Found = {}
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or variable == PREFIX + "CONFIG":
            continue
        secret = name.removesuffix("_file")
        if name in _FIELDS:
            found[name] = (variable, environment[variable])
        elif _is_secret(secret):
            found.setdefault(secret, (variable, _read_secret(variable, environment[variable])))
        else:
            raise SettingsError(f"{variable}: no such setting{_nearest(variable, [variable_of(n) for n in _FIELDS])}")
    return found


def _is_secret(name: str) -> bool:
    return name in _FIELDS and bool(_FIELDS[name].metadata["secret"])


def _read_secret(source: str, path: object) -> str:
    try:
        return Path(str(path)).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise SettingsError(f"{source}: can't be read: {getattr(error, 'strerror', None) or error}") from None


def _nearest(name: str, names: list[str]) -> str:
    close = difflib.get_close_matches(name, names, 1)
    return f" (did you mean {close[0]}?)" if close else ""


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()
