"""How phones and caller ids are written for Asterisk: dial strings, identities, and the dynamic PJSIP objects.

Pure. Whatever comes from a person is stripped of what could end a dial string or a header.
"""

import ipaddress
import re
from collections.abc import Mapping

from outdial.domain.directory import Agent, Trunk
from outdial.domain.phones import REALM, is_sip_address
from outdial.domain.plan import CallerId, Phone, PhoneKind

OUTSIDE = "outside"
"""The one endpoint through which SIP addresses outside are dialled; configured with the switch."""
PROBE_SECONDS = 60
"""How often a carrier is asked whether it is there."""

_LONGEST_NAME = 60
_UNSAFE_IN_NAME = re.compile(r"[^\w .,\'()+-]")


def trunk_endpoint(account: str, trunk: str) -> str:
    """The name of a trunk's endpoint on the switch."""
    return f"trunk-{account}-{trunk}"


def probe_endpoint(account: str, trunk: str) -> str:
    """The name of the endpoint through which a trunk is asked whether it is there."""
    return f"probe-{account}-{trunk}"


def contact_of(trunk: Trunk) -> str:
    """Where a carrier takes calls."""
    host = f"[{trunk.host}]" if ":" in trunk.host else trunk.host
    return f"sip:{host}:{trunk.port};transport={trunk.transport}"


def address_of(phone: Phone, account: str) -> str:
    """The dial string of a phone. Raises ValueError for an address that no rule let in."""
    match phone.kind:
        case PhoneKind.SIP:
            return f"PJSIP/{phone.address}"
        case PhoneKind.NUMBER:
            number = phone.address.removeprefix("+")
            if not number.isascii() or not number.isdigit() or phone.trunk is None:
                raise ValueError(phone.address)
            return f"PJSIP/{phone.prefix}{number}@{trunk_endpoint(account, phone.trunk)}"
        case PhoneKind.ADDRESS:
            if not is_sip_address(phone.address):
                raise ValueError(phone.address)
            return f"PJSIP/{OUTSIDE}/{phone.address}"


def caller_id_text(shown: CallerId) -> str | None:
    """A caller id as `"name" <number>`; none where there is nothing to show."""
    if shown.number is None:
        return None
    return f'"{_name(shown)}" <{shown.number}>'


def party_variables(shown: CallerId) -> Mapping[str, str]:
    """What makes the created channel present a caller id: its connected line, which is us (CALLERID does nothing)."""
    if shown.number is None:
        return {}
    variables = {"CONNECTEDLINE(num,i)": shown.number, "CONNECTEDLINE(name,i)": _name(shown)}
    if shown.withheld:
        variables["CONNECTEDLINE(num-pres,i)"] = "prohib"
        variables["CONNECTEDLINE(name-pres,i)"] = "prohib"
    return variables


def phone_objects(agent: Agent) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """The auth, aor and endpoint of a registered phone, in the order in which they are pushed."""
    user, ha1 = agent.sip_user, agent.sip_ha1
    if agent.phone.kind is not PhoneKind.SIP or user is None or ha1 is None:
        return ()
    auth = {"auth_type": "md5", "username": user, "realm": REALM, "md5_cred": ha1}
    aor = {
        "max_contacts": "1",
        "remove_existing": "yes",
        "qualify_frequency": "30",
        # The switch forgets where phones are when it dies: nobody may go unheard of for longer than two minutes.
        "minimum_expiration": "15",
        "default_expiration": "120",
        "maximum_expiration": "120",
    }
    return (
        ("auth", user, auth),
        ("aor", user, aor),
        ("endpoint", user, {**_MEDIA, "auth": user, "aors": user, "callerid": f"{_plain(agent.name)} <{agent.id}>"}),
    )


def trunk_objects(trunk: Trunk) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """The objects of a carrier, in the order in which they are pushed."""
    name = trunk_endpoint(trunk.account, trunk.id)
    endpoint = {**_MEDIA, "aors": name, "send_pai": "yes", "trust_id_outbound": "yes"}
    if trunk.from_domain:
        endpoint["from_domain"] = trunk.from_domain
    objects: list[tuple[str, str, dict[str, str]]] = []
    if trunk.username and trunk.password:
        auth = {"auth_type": "userpass", "username": trunk.username, "password": trunk.password}
        objects.append(("auth", name, auth))
        # No from_user: it would put the carrier's user name where the caller id belongs.
        endpoint["outbound_auth"] = name
    # No qualify_frequency: the switch would refuse every call through a carrier that answers no OPTIONS.
    aor = {"contact": contact_of(trunk)}
    return (*objects, ("aor", name, aor), ("endpoint", name, endpoint), *_probe_objects(trunk))


def _probe_objects(trunk: Trunk) -> tuple[tuple[str, str, dict[str, str]], ...]:
    """What asks a carrier whether it is there, beside what calls go through: no call is refused for its answer.

    One that says nothing is sent the same request again for half a minute, as SIP has it over UDP.
    """
    name = probe_endpoint(trunk.account, trunk.id)
    aor = {"contact": contact_of(trunk), "qualify_frequency": str(PROBE_SECONDS)}
    endpoint = {"context": "none", "disallow": "all", "allow": "alaw", "aors": name, "from_user": "outdial"}
    if trunk.from_domain:
        endpoint["from_domain"] = trunk.from_domain
    return ("aor", name, aor), ("endpoint", name, endpoint)


def audio_at(host: str) -> dict[str, str]:
    """What keeps the audio of an endpoint to the address that SIP listens on, unless that is every address.

    Left alone, the switch takes audio on all of them, wherever SIP listens.
    """
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return {}
    return {} if everywhere else {"media_address": host, "bind_rtp_to_media_address": "yes"}


_MEDIA = {
    "context": "none",
    "disallow": "all",
    "allow": "alaw,ulaw,g722",
    "direct_media": "no",
    "rtp_symmetric": "yes",
    "force_rport": "yes",
    "rewrite_contact": "yes",
    "rtp_timeout": "30",
    "rtp_timeout_hold": "3600",
    "timers": "no",
    "allow_transfer": "no",
    "allow_subscribe": "no",
    "follow_early_media_fork": "yes",
}


def _name(shown: CallerId) -> str:
    return _plain(shown.name or shown.number or "")


def _plain(text: str) -> str:
    """Short enough for the switch, which counts bytes: it cuts in the middle of a letter, and then refuses it all."""
    return _UNSAFE_IN_NAME.sub("", text).encode()[:_LONGEST_NAME].decode(errors="ignore")
