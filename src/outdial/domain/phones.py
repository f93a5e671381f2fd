"""How phones and hosts are named: the user a phone registers as and where, what its password is kept as, addresses
let in.

One place, because the directory, the switch and the sandbox must agree to the letter.
"""

import hashlib
import ipaddress
import re
from dataclasses import dataclass

REALM = "outdial"
"""Digest realm of every registered phone."""

SIP_ADDRESS = r"sips?:[A-Za-z0-9.!~*'()%+_-]{1,64}@[A-Za-z0-9.\[\]:-]{1,128}(;transport=(udp|tcp|tls))?"
"""A SIP address outside that may be rung. It has nothing in it that could end a dial string or a header."""

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- told apart, not listened on
"""What is listened on where every address of the machine is."""

_SIP_ADDRESS = re.compile(SIP_ADDRESS)
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOOKS_LIKE_IPV4 = re.compile(r"[0-9.]+")


@dataclass(frozen=True, slots=True)
class Registrar:
    """Where phones register."""

    listens_on: str
    """The address that the switch listens on."""
    port: int
    """Over UDP and TCP."""
    tls_port: int | None = None
    seen_as: str | None = None
    """The address that phones see, where it is another."""

    @property
    def is_local(self) -> bool:
        """Whether only phones on the machine itself can reach it."""
        return self.listens_on == "localhost" or (_is_ip(self.listens_on) and _ip(self.listens_on).is_loopback)

    @property
    def host(self) -> str | None:
        """What is typed into a phone; none where it is any address of the machine."""
        if self.seen_as is not None and not self.is_local:
            return self.seen_as
        return None if self.listens_on in EVERYWHERE else self.listens_on


def sip_user(account: str, agent_id: str) -> str:
    """Under which name an agent's phone registers: unique over the installation, for account keys have no dash."""
    return f"{account.lower()}-{agent_id}"


def ha1(user: str, password: str) -> str:
    """What is kept of a phone's password: all that digest authentication needs of it."""
    # Digest access authentication is defined on MD5; the phone proves the password, we keep only this.
    return hashlib.md5(f"{user}:{REALM}:{password}".encode(), usedforsecurity=False).hexdigest()


def is_sip_address(text: str) -> bool:
    """Whether a SIP address may be rung."""
    return _SIP_ADDRESS.fullmatch(text) is not None


def needs_tls(address: str) -> bool:
    """Whether a SIP address can be reached over TLS alone."""
    return address.startswith("sips:") or address.endswith(";transport=tls")


def is_host(text: str) -> bool:
    """Whether this is a host name or an IP address (IPv6 without brackets)."""
    if ":" in text or _LOOKS_LIKE_IPV4.fullmatch(text):
        return _is_ip(text)
    return _HOST_NAME.fullmatch(text) is not None


def _is_ip(text: str) -> bool:
    try:
        address = _ip(text)
    except ValueError:
        return False
    return "%" not in text and not address.is_multicast and not address.is_unspecified


def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)
