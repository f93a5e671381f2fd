"""The one folder of a switch: its configuration files, and the ports and passwords it was given.

They are kept, so that a switch that outlived us can be spoken to again. Must not know the process.
"""

import errno
import json
import os
import random
import secrets
import socket
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from outdial.asterisk.configuration import OWN_FOLDERS, Folders, SwitchSettings, files
from outdial.asterisk.runtime import Runtime
from outdial.asterisk.tls import Tls, check_files

SETTINGS = "settings.json"
_PORTS = range(20_000, 30_000)
"""Below the range that the kernel takes ports for outgoing connections from: they stay free while we are away."""
_ATTEMPTS = 200
_BOTH = (socket.SOCK_DGRAM, socket.SOCK_STREAM)


class NoFreePort(Exception):
    """No port is free on an address. One line for people."""


class PortTaken(Exception):
    """The switch can't listen where it was told to. One line for people, which names the setting."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an administrator sets of a switch. A port of 0 is any free one."""

    app: str
    sip_host: str
    sip_port: int
    rtp_first_port: int
    rtp_last_port: int
    public_address: str | None
    tls: Tls | None = None


def known_settings(folder: Path) -> SwitchSettings | None:
    """The settings that the switch in a folder was last started with; none where it never was."""
    try:
        found = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        tls = found.pop("tls", None)
        return SwitchSettings(**found, tls=Tls(**tls) if tls else None)
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def matches(known: SwitchSettings, wanted: Wanted) -> bool:
    """Whether a switch with these settings is the one wanted."""
    return wanted.sip_port in (0, known.sip_port) and all(
        getattr(known, name) == value for name, value in _members(wanted).items() if name != "sip_port"
    )


def _members(wanted: Wanted) -> dict[str, Any]:
    return {each.name: getattr(wanted, each.name) for each in fields(wanted)}


def furnish(folder: Path, runtime: Runtime, wanted: Wanted) -> SwitchSettings:
    """Write everything a switch needs before it starts; passwords and ports are kept where they still fit.

    Raises:
        NoFreePort: every port tried is taken.
        PortTaken: a SIP port that is wanted is.
        TlsUnusable: it could not prove who it is.
        OSError: the folder can't be written.
    """
    for name in OWN_FOLDERS:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = _settings(known_settings(folder), wanted)
    _write(folder / SETTINGS, json.dumps(asdict(settings), indent=1))
    for name, text in files(Folders(runtime.modules, runtime.data, folder), settings).items():
        _write(folder / "etc" / name, text)
    return settings


def _settings(known: SwitchSettings | None, wanted: Wanted) -> SwitchSettings:
    taken = {wanted.sip_port, *([wanted.tls.port] if wanted.tls else [])}
    ports = []
    for port in (known.http_port, known.events_port, known.manager_port) if known else (0, 0, 0):
        ports.append(port if port and _is_free("127.0.0.1", port) else free_port("127.0.0.1", taken))
        taken.add(ports[-1])
    sip_port = wanted.sip_port
    if wanted.tls is not None:
        check_files(wanted.tls)
    # The switch would come up without its ports all the same, and could neither call nor be called.
    trouble = sip_trouble(wanted.sip_host, sip_port, wanted.tls)
    if trouble is not None:
        raise PortTaken(trouble)
    if sip_port == 0:
        before = known.sip_port if known else 0
        sip_port = before if before and _is_free(wanted.sip_host, before) else free_port(wanted.sip_host, taken)
    return SwitchSettings(
        **{**_members(wanted), "sip_port": sip_port},
        http_port=ports[0],
        events_port=ports[1],
        manager_port=ports[2],
        ari_password=known.ari_password if known else secrets.token_hex(24),
        events_password=known.events_password if known else secrets.token_hex(24),
        manager_password=known.manager_password if known else secrets.token_hex(24),
    )


def free_port(host: str, taken: set[int]) -> int:
    """A port that is free for TCP and for UDP on an address, and not among those taken.

    Raises:
        NoFreePort: every port tried is taken.
    """
    for _ in range(_ATTEMPTS):
        port = random.choice(_PORTS)  # noqa: S311 -- only to keep out of each other's way
        if port not in taken and _is_free(host, port):
            return port
    raise NoFreePort(f"no free port was found on {host} from {_PORTS.start} to {_PORTS.stop - 1}")


def sip_trouble(host: str, port: int, tls: Tls | None = None) -> str | None:
    """Why a switch that is started now could not listen for SIP there, in one line; none where it could."""
    wanted: list[tuple[str, int, tuple[socket.SocketKind, ...]]] = [("sip_port", port, _BOTH)]
    if tls is not None:
        wanted.append(("sip_tls_port", tls.port, (socket.SOCK_STREAM,)))
    for setting, number, kinds in wanted:
        found = _obstacle(host, number, kinds)
        if found is None:
            continue
        kind, error = found
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            return f"sip_host {host}: {error.strerror or error}"
        over = "TCP" if kind is socket.SOCK_STREAM else "UDP"
        return f"{setting} {number}: {error.strerror} (on {host}, over {over})"
    return None


def _is_free(host: str, port: int) -> bool:
    """Whether a port is free for TCP and for UDP."""
    return _obstacle(host, port) is None


def _obstacle(
    host: str, port: int, kinds: tuple[socket.SocketKind, ...] = _BOTH
) -> tuple[socket.SocketKind, OSError] | None:
    """What stands in the way of listening on a port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for kind in kinds:
        with socket.socket(family, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                return kind, error
    return None


def _write(path: Path, text: str) -> None:
    """Only its owner may read it: there are passwords in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
