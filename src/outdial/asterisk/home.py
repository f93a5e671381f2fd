"""The one folder of a switch: its configuration files, and the ports and passwords it was given.

They are kept, so that a switch that outlived us can be spoken to again. Must not know the process.
"""

import errno
import json
import os
import secrets
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from outdial.asterisk.configuration import OWN_FOLDERS, Folders, SwitchSettings, files
from outdial.asterisk.ports import BOTH, HeldPort, hold, hold_any, obstacle
from outdial.asterisk.runtime import Runtime
from outdial.asterisk.tls import Tls, check_files

SETTINGS = "settings.json"
_OWN_PORTS = ("http_port", "events_port", "manager_port")
"""What the switch and we speak over, on loopback."""


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


@dataclass(frozen=True, slots=True)
class Furnished:
    """A switch that can be started."""

    settings: SwitchSettings
    held: Mapping[str, HeldPort]
    """Its ports that no setting names, by their names in the settings, held until it and we listen on them."""

    def release(self) -> None:
        """Hold none of its ports any longer."""
        for port in self.held.values():
            port.release()


def furnish(folder: Path, runtime: Runtime, wanted: Wanted) -> Furnished:
    """Write everything a switch needs before it starts; passwords and ports are kept where they still fit.

    Raises:
        NoFreePort: every port tried is taken.
        PortTaken: a SIP port that is wanted is.
        TlsUnusable: it could not prove who it is.
        OSError: the folder can't be written.
    """
    for name in OWN_FOLDERS:
        (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    known = known_settings(folder)
    if wanted.tls is not None:
        check_files(wanted.tls)
    # The switch would come up without its ports all the same, and could neither call nor be called.
    trouble = sip_trouble(wanted.sip_host, wanted.sip_port, wanted.tls)
    if trouble is not None:
        raise PortTaken(trouble)
    held = _hold_ports(known, wanted)
    made = Furnished(_settings(known, wanted, held), held)
    try:
        _write(folder / SETTINGS, json.dumps(asdict(made.settings), indent=1))
        for name, text in files(Folders(runtime.modules, runtime.data, folder), made.settings).items():
            _write(folder / "etc" / name, text)
    except OSError:
        made.release()
        raise
    return made


def _hold_ports(known: SwitchSettings | None, wanted: Wanted) -> dict[str, HeldPort]:
    taken = {wanted.sip_port, *([wanted.tls.port] if wanted.tls else [])}
    hosts = dict.fromkeys(_OWN_PORTS, "127.0.0.1") | ({} if wanted.sip_port else {"sip_port": wanted.sip_host})
    held: dict[str, HeldPort] = {}
    for name, host in hosts.items():
        held[name] = _hold(host, getattr(known, name, 0), taken)
        taken.add(held[name].number)
    return held


def _settings(known: SwitchSettings | None, wanted: Wanted, held: Mapping[str, HeldPort]) -> SwitchSettings:
    return SwitchSettings(
        **(_members(wanted) | {name: port.number for name, port in held.items()}),
        ari_password=known.ari_password if known else secrets.token_hex(24),
        events_password=known.events_password if known else secrets.token_hex(24),
        manager_password=known.manager_password if known else secrets.token_hex(24),
    )


def _hold(host: str, before: int, taken: set[int]) -> HeldPort:
    """The port that it had before, where it is free, or any other."""
    if before not in (0, *taken) and obstacle(host, before) is None:
        with suppress(OSError):
            return hold(host, before)
    return hold_any(host, taken)


def sip_trouble(host: str, port: int, tls: Tls | None = None) -> str | None:
    """Why a switch that is started now could not listen for SIP there, in one line; none where it could."""
    wanted: list[tuple[str, int, tuple[socket.SocketKind, ...]]] = [("sip_port", port, BOTH)]
    if tls is not None:
        wanted.append(("sip_tls_port", tls.port, (socket.SOCK_STREAM,)))
    for setting, number, kinds in wanted:
        found = obstacle(host, number, kinds)
        if found is None:
            continue
        kind, error = found
        if error.errno not in (errno.EADDRINUSE, errno.EACCES):
            return f"sip_host {host}: {error.strerror or error}"
        over = "TCP" if kind is socket.SOCK_STREAM else "UDP"
        return f"{setting} {number}: {error.strerror} (on {host}, over {over})"
    return None


def _write(path: Path, text: str) -> None:
    """Only its owner may read it: there are passwords in it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
