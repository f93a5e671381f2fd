"""What an administrator may set up, as far as form alone does not say it: numbers, countries, phones, hosts.

Must not know where it comes from. Each refusal names the member at fault and says what it must be.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from outdial.domain.addresses import networks_of
from outdial.domain.directory import Account, Agent
from outdial.domain.numbers import country_exists, parse_number
from outdial.domain.phones import ha1, is_host, is_sip_address, needs_tls, sip_user
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.policy import check_destination
from outdial.domain.refusals import BadRequest

_A_NUMBER = "a telephone number that can be dialled, such as +442079460123"
_A_COUNTRY = "a country that has telephone numbers, by its two letters, such as GB"


class InvalidMember(BadRequest):
    """A member's value can't be used; the message says what it must be."""

    def __init__(self, member: str, wanted: str) -> None:
        super().__init__(f"{member} must be {wanted}", member=member)


@dataclass(frozen=True, slots=True)
class WantedPhone:
    """A phone as an administrator asks for it."""

    kind: PhoneKind
    address: str | None = None
    """A number as written, or a SIP address. A phone that registers with us is given its own."""
    password: str | None = field(default=None, repr=False)


def number_of(text: str, country: str, member: str) -> str:
    """A number as written, as E.164.

    Raises:
        InvalidMember: it can't be dialled.
    """
    try:
        return parse_number(text, country)
    except BadRequest:
        raise InvalidMember(member, _A_NUMBER) from None


def check_country(code: str, member: str) -> None:
    """Raises InvalidMember for a country that the numbering plan does not know."""
    if not country_exists(code):
        raise InvalidMember(member, _A_COUNTRY)


def check_countries(codes: Iterable[str], member: str) -> None:
    """Raises InvalidMember for the first country that the numbering plan does not know; it is named by its place."""
    for place, code in enumerate(codes):
        check_country(code, f"{member}[{place}]")


def check_networks(networks: Iterable[str], member: str) -> None:
    """Raises InvalidMember for the first that is no network, or has bits beyond its mask; it is named by its place."""
    for place, network in enumerate(networks):
        try:
            networks_of([network])
        except ValueError:
            raise InvalidMember(f"{member}[{place}]", "a network, such as 10.1.0.0/16") from None


def check_host(text: str, member: str) -> None:
    """Raises InvalidMember for what is neither a host name nor an address."""
    if not is_host(text):
        raise InvalidMember(member, "a host name or an IP address")


def check_transport(transport: str, speaks_tls: bool, member: str) -> None:
    """Raises InvalidMember for TLS where the switch does not speak it: every call would fail."""
    if transport == "tls" and not speaks_tls:
        raise InvalidMember(member, "udp or tcp: the switch does not speak TLS, as sip_tls_port is not set")


def check_phone_transport(phone: Phone, speaks_tls: bool) -> None:
    """Raises InvalidMember for a phone elsewhere that can only be reached over TLS where the switch does not speak
    it."""
    if phone.kind is PhoneKind.ADDRESS and needs_tls(phone.address) and not speaks_tls:
        wanted = "an address without TLS: the switch does not speak it, as sip_tls_port is not set"
        raise InvalidMember("phone.address", wanted)


def own_caller_id(text: str, account: Account, own: Iterable[str], member: str) -> str:
    """A caller id for an agent or for the whole account, as E.164: one that the account may present.

    Raises:
        InvalidMember: no number, or not one of the account's where it may not present any.
    """
    number = number_of(text, account.home_country, member)
    if not account.any_caller_id and number not in own:
        raise InvalidMember(member, "one of the account's caller ids")
    return number


def with_phone(agent: Agent, account: Account, wanted: WantedPhone) -> Agent:
    """An agent with another phone. A phone that registers keeps what is kept of its password, unless there is a new
    one.

    Raises:
        InvalidMember: the address does not suit the kind of phone, or is a number that the account may not call.
    """
    if wanted.kind is PhoneKind.SIP:
        return _with_registered_phone(agent, wanted)
    if wanted.password is not None:
        raise InvalidMember("phone.password", "left out: only a phone of kind sip registers with us")
    return replace(agent, phone=_phone_elsewhere(wanted, account), sip_user=None, sip_ha1=None)


def _with_registered_phone(agent: Agent, wanted: WantedPhone) -> Agent:
    user = sip_user(agent.account, agent.id)
    if wanted.address not in (None, user):
        raise InvalidMember("phone.address", f"left out for a phone of kind sip: it registers as {user}")
    kept = agent.sip_ha1 if wanted.password is None else ha1(user, wanted.password)
    return replace(agent, phone=Phone(PhoneKind.SIP, user), sip_user=user, sip_ha1=kept)


def _phone_elsewhere(wanted: WantedPhone, account: Account) -> Phone:
    address = wanted.address or ""
    if wanted.kind is PhoneKind.NUMBER:
        number = number_of(address, account.home_country, "phone.address")
        try:
            check_destination(account, number)
        except BadRequest:
            raise InvalidMember("phone.address", "a number that the account may call") from None
        return Phone(PhoneKind.NUMBER, number)
    if not is_sip_address(address):
        raise InvalidMember("phone.address", "a SIP address such as sip:name@host:5060")
    return Phone(PhoneKind.ADDRESS, address)
