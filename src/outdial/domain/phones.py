"""How phones and hosts are named: the user a phone registers as, what its password is kept as, addresses let in.

One place, because the directory, the switch and the sandbox must agree to the letter.
"""

import hashlib
import ipaddress
import re

REALM = "outdial"
"""Digest realm of every registered phone."""

SIP_ADDRESS = r"sips?:[A-Za-z0-9.!~*'()%+_-]{1,64}@[A-Za-z0-9.\[\]:-]{1,128}(;transport=(udp|tcp|tls))?"
"""A SIP address outside that may be rung. It has nothing in it that could end a dial string or a header."""

_SIP_ADDRESS = re.compile(SIP_ADDRESS)
_HOST_NAME = re.compile(
    r"(?=.{1,253}\Z)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOOKS_LIKE_IPV4 = re.compile(r"[0-9.]+")


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
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text and not address.is_multicast and not address.is_unspecified
