"""The configuration of the far end's own Asterisk, as text by file name. Pure: writes nothing, starts nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from outdial.sandbox.dialplan import CONTEXT

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
    "res_pjsip_rfc3326",
    "res_pjsip_endpoint_identifier_ip",
    "res_pjsip_authenticator_digest",
    "res_pjsip_outbound_authenticator_digest",
    "res_pjsip_outbound_registration",
    "res_rtp_asterisk",
    "chan_pjsip",
    "codec_ulaw",
    "codec_alaw",
    "codec_gsm",
    "format_gsm",
    "format_pcm",
    "format_wav",
    "app_mixmonitor",
    "app_playback",
    "app_playtones",
    "app_senddtmf",
    "app_stack",
    "func_channel",
    "func_env",
    "func_logic",
    "func_strings",
    "func_uri",
    "pbx_config",
)


@dataclass(frozen=True, slots=True)
class Binary:
    """An Asterisk that can be run: the words before its options, and the folders it came with."""

    command: tuple[str, ...]
    modules: Path
    data: Path


@dataclass(frozen=True, slots=True)
class Address:
    """Where SIP is spoken, over UDP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Registration:
    """A phone the far end registers with our switch."""

    sip_user: str
    password: str = field(repr=False)


REGISTERED_SECONDS = 20
"""How long a registration is asked for: after a restart of our switch the phones are back within this time."""


def asterisk_conf(binary: Binary, folder: Path) -> str:
    """Every folder it may read or write; nothing of a system installation."""
    folders = {
        "astetcdir": folder / "etc",
        "astmoddir": binary.modules,
        "astdatadir": binary.data,
        "astvarlibdir": folder / "lib",
        "astdbdir": folder / "lib",
        "astkeydir": folder / "lib",
        "astrundir": folder / "run",
        "astspooldir": folder / "spool",
        "astlogdir": folder / "log",
    }
    lines = [f"{name} => {path}" for name, path in folders.items()]
    return "\n".join(["[directories]", *lines, "", "[options]", "nofork = yes", "systemname = far-end", ""])


def modules_conf() -> str:
    """Only what it needs."""
    return "\n".join(["[modules]", "autoload = no", *(f"load = {name}.so" for name in MODULES), ""])


def pjsip_conf(own: Address, switch: Address, registrations: Sequence[Registration]) -> str:
    """One endpoint for everything that comes from our switch, and one registration for each phone."""
    head = f"""[global]
type = global
user_agent = Outdial far end

[system]
type = system
; A registration that meets no switch is given up after 6.4 s rather than 32, so that the next one is tried.
timer_t1 = 100
timer_b = 6400

[loopback]
type = transport
protocol = udp
bind = {own}

[switch]
type = endpoint
context = {CONTEXT}
transport = loopback
aors = switch
disallow = all
allow = alaw,ulaw
direct_media = no
trust_id_inbound = yes
media_address = {own.host}
bind_rtp_to_media_address = yes
; A switch that was killed sends no BYE: without this its calls would stay here.
rtp_timeout = 30

[switch]
type = aor
contact = sip:{switch}

[switch]
type = identify
endpoint = switch
match = {switch.host}
"""
    return "\n".join([head, *(_registration(each, switch) for each in registrations)])


def _registration(phone: Registration, switch: Address) -> str:
    user = phone.sip_user
    return f"""[{user}]
type = auth
auth_type = digest
username = {user}
password = {phone.password}

[{user}]
type = registration
transport = loopback
outbound_auth = {user}
server_uri = sip:{switch}
client_uri = sip:{user}@{switch}
contact_user = {user}
expiration = {REGISTERED_SECONDS}
; Never give up: our switch may be away for a while, or may not know the phone yet. There is no hurrying them from
; outside: the command that registers at once takes the old registration back first.
retry_interval = 1
; At once, not spread over ten seconds as a large number of phones had better do.
max_random_initial_delay = 0
forbidden_retry_interval = 1
fatal_retry_interval = 1
max_retries = 1000000
auth_rejection_permanent = no
"""


RTP_CONF = """[general]
rtpstart = 30000
rtpend = 39999
strictrtp = no
"""
"""Asterisk picks ports in this range at random and tries another where one is taken."""

CDR_CONF = """[general]
enable = no
"""

LOGGER_CONF = """[general]
dateformat = %F %T.%3q

[logfiles]
messages => notice,warning,error
"""
