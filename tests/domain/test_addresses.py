"""Which addresses may be reached: only the public ones, in whatever spelling, unless the operator says otherwise."""

from ipaddress import ip_network

import pytest

from outdial.domain.addresses import networks_of, why_not

HOME = networks_of(["127.0.0.0/8", "10.1.0.0/16", "::1/128", "169.254.0.0/16"])


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00::1"]
)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert why_not(address) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("10.0.0.1", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("169.254.169.254", "link-local"),
        ("100.64.0.1", "a carrier's own"),
        ("100.127.255.255", "a carrier's own"),
        ("192.0.2.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.250", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::127.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "an IPv4 address in disguise"),
        ("::ffff:8.8.8.8", "an IPv4 address in disguise"),
        ("64:ff9b::7f00:1", "an IPv4 address in disguise"),
        ("64:ff9b:1::a00:1", "an IPv4 address in disguise"),
        ("2002:7f00:1::", "an IPv4 address in disguise"),
        ("2001:0:53aa:64c:0:1:80ff:fffe", "reserved"),
        ("2001:db8::1", "reserved"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fd00::1", "private"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
        ("4000::1", "reserved"),
        ("localhost", "no address"),
        ("0177.0.0.1", "no address"),
        ("2130706433", "no address"),
    ],
)
def test_every_other_may_not(address: str, kind: str) -> None:
    assert why_not(address) == kind


def test_an_operator_opens_networks_and_no_others() -> None:
    for address in ("127.0.0.1", "10.1.2.3", "::1", "169.254.169.254", "8.8.8.8"):
        assert why_not(address, HOME) is None
    for address in ("10.2.0.1", "192.168.0.1", "fd00::1", "::ffff:127.0.0.1"):
        assert why_not(address, HOME) is not None
    everything = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    assert why_not("224.0.0.1", everything) == "multicast"
    assert why_not("0.0.0.0", everything) == "unspecified"
