"""The switch's configuration, as text by file name. Pure: writes nothing, starts nothing.

Every listener is where the settings say; ARI is on loopback always, because it can do anything.
"""

from dataclasses import dataclass, field
from pathlib import Path

from outdial.asterisk.endpoints import OUTSIDE, audio_at
from outdial.asterisk.tls import MEANINGFUL, Tls
from outdial.domain.phones import REALM, Registrar

MODULES = (
    "res_timing_timerfd",
    "res_sorcery_config",
    "res_sorcery_memory",
    "res_sorcery_astdb",
    "res_pjproject",
    "res_pjsip",
    "res_pjsip_pubsub",
    "res_pjsip_session",
    "res_pjsip_sdp_rtp",
    "res_pjsip_caller_id",
    "res_pjsip_header_funcs",
    "res_pjsip_nat",
    "res_pjsip_rfc3326",
    "res_pjsip_registrar",
    "res_pjsip_dtmf_info",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_endpoint_identifier_user",
    "res_pjsip_endpoint_identifier_ip",
    "res_rtp_asterisk",
    "chan_pjsip",
    "codec_ulaw",
    "codec_alaw",
    "codec_g722",
    # Recordings are 8 kHz whatever the call's codec is.
    "codec_resample",
    "format_wav",
    "func_callerid",
    "func_channel",
    "res_http_websocket",
    "res_websocket_client",
    "res_stasis",
    "res_stasis_answer",
    "res_stasis_playback",
    "res_stasis_recording",
    "res_stasis_snoop",
    "res_stasis_device_state",
    "app_mixmonitor",
    "app_stasis",
    "res_ari",
    "res_ari_model",
    "res_ari_playbacks",
    "res_ari_applications",
    "res_ari_asterisk",
    "res_ari_bridges",
    "res_ari_channels",
    "res_ari_endpoints",
    "res_ari_events",
    "bridge_simple",
    "bridge_native_rtp",
    "bridge_softmix",
    "bridge_holding",
)
"""Loaded by name: about 50 of 351, so that nothing runs that no call needs."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where a switch was installed, and the one folder it may write to."""

    modules: Path
    data: Path
    own: Path


@dataclass(frozen=True, slots=True)
class SwitchSettings:
    """Everything about a switch that differs from one to the next."""

    sip_host: str
    sip_port: int
    rtp_first_port: int
    rtp_last_port: int
    http_port: int
    """Port of ARI on loopback."""
    events_port: int
    """Port on loopback at which we await the switch's events."""
    manager_port: int
    """Port of AMI on loopback, which alone can start a recording."""
    app: str
    ari_password: str = field(repr=False)
    events_password: str = field(repr=False)
    manager_password: str = field(repr=False)
    public_address: str | None = None
    tls: Tls | None = None

    def __post_init__(self) -> None:
        secrets = (self.ari_password, self.events_password, self.manager_password)
        paths = (self.tls.certificate, self.tls.key, self.tls.authorities) if self.tls else ()
        texts = (self.sip_host, self.app, self.public_address or "", *secrets, *paths)
        if any(set(text) & MEANINGFUL for text in texts):
            raise ValueError("a setting of the switch holds a character its configuration gives a meaning to")


def phones_app(app: str) -> str:
    """The application that hears of phones. Not the calls' own: who subscribes to phones is told of their channels
    too, so that one application for both would hear everything about its calls twice."""
    return f"{app}-phones"


ARI_USER = "outdial"
_RINGING = "400+450/400,0/200,400+450/400,0/2000"
"""What an agent hears while the other side rings: hertz and milliseconds."""
OWN_FOLDERS = ("etc", "lib", "run", "log", "spool/monitor", "spool/recording", "spool/tmp")


def files(folders: Folders, switch: SwitchSettings) -> dict[str, str]:
    """Every file of its configuration, by name below `own/etc`."""
    return {
        "asterisk.conf": _asterisk(folders),
        "modules.conf": _section("modules", ["autoload = no", *(f"load = {name}.so" for name in MODULES)]),
        "logger.conf": _section("general", ["dateformat = %F %T.%3q"])
        + _section("logfiles", ["messages => notice,warning,error"]),
        "cdr.conf": _section("general", ["enable = no"]),
        "cel.conf": _section("general", ["enable = no"]),
        "http.conf": _section("general", ["enabled = yes", "bindaddr = 127.0.0.1", f"bindport = {switch.http_port}"]),
        "ari.conf": _ari(switch),
        "manager.conf": _manager(switch),
        "websocket_client.conf": _websocket_client(switch),
        "rtp.conf": _section(
            "general", [f"rtpstart = {switch.rtp_first_port}", f"rtpend = {switch.rtp_last_port}", "icesupport = no"]
        ),
        "sorcery.conf": _section(
            "res_pjsip", [line for kind in ("endpoint", "auth", "aor") for line in _wizards(kind)]
        ),
        "pjsip.conf": _pjsip(switch),
        # Without a tone to ring with, an agent hears nothing at all until the other side answers.
        "indications.conf": _section("general", ["country = gb"])
        + _section("gb", ["description = British", f"ring = {_RINGING}"]),
        "stasis.conf": "",
        "extensions.conf": "",
        "pjproject.conf": "",
        "features.conf": "",
    }


def _section(name: str, lines: list[str]) -> str:
    return "\n".join([f"[{name}]", *lines, "", ""])


def _asterisk(folders: Folders) -> str:
    own = folders.own
    paths = {
        "astetcdir": own / "etc",
        "astmoddir": folders.modules,
        "astdatadir": folders.data,
        "astvarlibdir": own / "lib",
        "astdbdir": own / "lib",
        "astkeydir": own / "lib",
        "astrundir": own / "run",
        "astspooldir": own / "spool",
        "astlogdir": own / "log",
    }
    # A call takes some ten files, and the usual soft limit is 1,024.
    options = ["nofork = yes", "systemname = outdial", "maxfiles = 65536"]
    return _section("directories", [f"{name} => {path}" for name, path in paths.items()]) + _section("options", options)


def _ari(switch: SwitchSettings) -> str:
    user = ["type = user", "read_only = no", "password_format = plain", f"password = {switch.ari_password}"]
    socket = [
        "type = outbound_websocket",
        "websocket_client_id = outdial-events",
        f"apps = {switch.app},{phones_app(switch.app)}",
        f"local_ari_user = {ARI_USER}",
    ]
    return (
        _section("general", ["enabled = yes", "pretty = no"])
        + _section(ARI_USER, user)
        + _section("outdial-events", socket)
    )


def _manager(switch: SwitchSettings) -> str:
    """AMI for recordings alone: no event is sent, and only what MixMonitor's actions need is allowed."""
    general = ["enabled = yes", "webenabled = no", "bindaddr = 127.0.0.1", f"port = {switch.manager_port}"]
    user = [
        f"secret = {switch.manager_password}",
        "deny = 0.0.0.0/0.0.0.0",
        "permit = 127.0.0.1/255.255.255.255",
        "write = system,call",
    ]
    return _section("general", [*general, "displayconnects = no"]) + _section(ARI_USER, user)


def _websocket_client(switch: SwitchSettings) -> str:
    lines = [
        "type = websocket_client",
        f"uri = ws://127.0.0.1:{switch.events_port}",
        "protocols = ari",
        f"username = {ARI_USER}",
        f"password = {switch.events_password}",
        # Persistent: events wait in the switch while we restart, and are replayed in order.
        "connection_type = persistent",
        "connection_timeout = 500",
        "reconnect_interval = 500",
        "tls_enabled = no",
    ]
    return _section("outdial-events", lines)


def _wizards(kind: str) -> list[str]:
    return [f"{kind} = config,pjsip.conf,criteria=type={kind}", f"{kind} = memory"]


def transports(switch: SwitchSettings) -> tuple[str, ...]:
    """Names of the switch's PJSIP transports, which are the protocols that they speak."""
    return ("udp", "tcp", "tls") if switch.tls else ("udp", "tcp")


def registrar_of(switch: SwitchSettings) -> Registrar:
    """Where phones register with it."""
    return Registrar(
        switch.sip_host, switch.sip_port, switch.tls.port if switch.tls else None, switch.public_address or None
    )


def sip_address(host: str, port: int) -> str:
    """An address with its port, as it stands in a SIP address and in the configuration."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _tls(host: str, tls: Tls) -> list[str]:
    return [
        f"bind = {sip_address(host, tls.port)}",
        "protocol = tls",
        f"cert_file = {tls.certificate}",
        f"priv_key_file = {tls.key}",
        f"ca_list_file = {tls.authorities}",
        "method = tlsv1_2",
        # A carrier must be who we think it is; phones prove themselves by their password.
        "verify_server = yes",
        "verify_client = no",
    ]


def _pjsip(switch: SwitchSettings) -> str:
    seen = [f"external_{use}_address = {switch.public_address}" for use in ("signaling", "media")]
    transport = ["type = transport", *(seen if switch.public_address else [])]
    bind = f"bind = {sip_address(switch.sip_host, switch.sip_port)}"
    # Who is new is asked within two seconds whether he is there; left alone, within as much as a minute.
    asked = "max_initial_qualify_time = 2"
    known = ["type = global", "user_agent = Outdial", f"default_realm = {REALM}", asked]
    outside = [
        "type = endpoint",
        "context = none",
        "disallow = all",
        "allow = alaw,ulaw,g722",
        "direct_media = no",
        "rtp_timeout = 30",
        "timers = no",
        "send_pai = yes",
        "trust_id_outbound = yes",
        *(f"{name} = {value}" for name, value in audio_at(switch.sip_host).items()),
    ]
    return (
        _section("global", known)
        + _section("udp", [*transport, bind, "protocol = udp"])
        + _section("tcp", [*transport, bind, "protocol = tcp"])
        + (_section("tls", [*transport, *_tls(switch.sip_host, switch.tls)]) if switch.tls else "")
        + _section(OUTSIDE, outside)
    )
