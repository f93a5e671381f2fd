"""Which addresses of the network a tenant may have us send requests to. Pure: knows addresses, not names.

Only what is public by positive rule is allowed; everything else needs the operator's word for its network.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

_NOT_PUBLIC = {
    ip_network(network): word
    for network, word in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "a carrier's own",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "reserved",
        "192.0.2.0/24": "reserved",
        "192.88.99.0/24": "a 6to4 relay",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "reserved",
        "198.51.100.0/24": "reserved",
        "203.0.113.0/24": "reserved",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
        "::/128": "unspecified",
        "::1/128": "loopback",
        "::ffff:0:0/96": "an IPv4 address in disguise",
        "64:ff9b::/96": "an IPv4 address in disguise",
        "64:ff9b:1::/48": "an IPv4 address in disguise",
        "2001::/23": "reserved",
        "2001:db8::/32": "reserved",
        "2002::/16": "an IPv4 address in disguise",
        "3fff::/20": "reserved",
        "fc00::/7": "private",
        "fe80::/10": "link-local",
        "ff00::/8": "multicast",
    }.items()
}
_PUBLIC_6 = IPv6Network("2000::/3")
"""All that has been given out so far; what lies outside and has no name above is reserved."""
_NEVER = ("multicast", "unspecified")
"""Opened by no network that an operator allows."""


def networks_of(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks as they were set. Raises ValueError for what is none."""
    return tuple(ip_network(text) for text in texts)


def why_not(address: str, allowed: Sequence[Network] = ()) -> str | None:
    """What kind of address it is that nothing may be sent to; none where it is public, or in an allowed network."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return "no address"
    kind = _kind(parsed)
    if kind is None or (kind not in _NEVER and any(parsed in network for network in allowed)):
        return None
    return kind


def _kind(address: IPv4Address | IPv6Address) -> str | None:
    for network, word in _NOT_PUBLIC.items():
        if address in network:
            return word
    return "reserved" if address.version == 6 and address not in _PUBLIC_6 else None
