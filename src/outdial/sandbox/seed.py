"""What a sandbox begins with: one account, its agents, groups, trunk and API client.

Must not know where they are kept.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from outdial.calls.directory import Directory, Phones
from outdial.domain import phones as naming
from outdial.domain.consent import AccountRecording, Legs
from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.plan import Phone, PhoneKind
from outdial.sandbox import behaviours
from outdial.sandbox.behaviours import Behaviour
from outdial.sandbox.configuration import Address, Registration

ACCOUNT = "a1b2c3d4e5"
TRUNK = "carrier"
CLIENT = "sandbox"
SCOPES = ("calls:create", "calls:read", "calls:control", "agents:read", "admin")
NUMBER_PHONE_AGENT = "3004"
NUMBER_PHONE = f"{behaviours.DRAMA_PREFIX}0304"
UNREGISTERED_AGENT = "3003"
CALLER_ID = f"{behaviours.DRAMA_PREFIX}0100"

MANY = tuple(str(number) for number in range(2001, 2021))
SIP_AGENTS: Mapping[str, Behaviour] = {
    "1234": behaviours.ANSWERS,
    "4567": behaviours.ANSWERS_OTHERWISE,
    **dict.fromkeys(MANY, behaviours.ANSWERS),
    "3001": behaviours.RINGS,
    "3002": behaviours.REJECTS,
}
GROUPS: Mapping[str, tuple[str, ...]] = {
    "030": ("1234", *MANY[:6]),
    "200": ("4567", *MANY[6:13]),
    "400": MANY[13:],
}


@dataclass(frozen=True, slots=True)
class Secrets:
    """Everything secret in a sandbox, made anew each time it starts; only hashes of it are kept."""

    api_token: str = field(repr=False)
    client_secret: str = field(repr=False)
    phone_passwords: Mapping[str, str] = field(repr=False)
    """By agent."""

    @classmethod
    def new(cls) -> "Secrets":
        """Fresh ones."""
        agents = (*SIP_AGENTS, UNREGISTERED_AGENT)
        return cls(
            secrets.token_urlsafe(24), secrets.token_urlsafe(24), {each: secrets.token_hex(12) for each in agents}
        )


def sip_user(agent: str) -> str:
    """Under which name an agent's phone registers."""
    return naming.sip_user(ACCOUNT, agent)


def registrations(made: Secrets) -> list[Registration]:
    """The phones that the far end registers."""
    return [Registration(sip_user(agent), made.phone_passwords[agent]) for agent in SIP_AGENTS]


def special_extensions() -> dict[str, Behaviour]:
    """Whoever is called at the far end and behaves otherwise than its number says."""
    phones = {sip_user(agent): behaviour for agent, behaviour in SIP_AGENTS.items()}
    return {**phones, NUMBER_PHONE: behaviours.ANSWERS}


def account(made: Secrets, hash_secret: Callable[[str], str]) -> Account:
    """The account of the source page's examples."""
    return Account(
        key=ACCOUNT,
        name="Sandbox",
        home_country="GB",
        any_caller_id=True,
        private_networks=("127.0.0.0/8",),
        default_caller_id=CALLER_ID,
        agent_ring_seconds=15,
        party_ring_seconds=15,
        wrap_up_seconds=0,
        calls_per_second=100,
        # Numbers that agree and refuse are asked, and there is something to hear of every call.
        recording=AccountRecording(Legs.BOTH, announcement="default").to_dict(),
        api_token_hash=hash_secret(made.api_token),
    )


def agents(made: Secrets) -> list[Agent]:
    """Everybody of the sandbox's table."""
    registered = [_sip_agent(agent, made.phone_passwords[agent]) for agent in (*SIP_AGENTS, UNREGISTERED_AGENT)]
    number = Phone(PhoneKind.NUMBER, NUMBER_PHONE)
    return [*registered, Agent(ACCOUNT, NUMBER_PHONE_AGENT, f"Agent {NUMBER_PHONE_AGENT}", number)]


def _sip_agent(agent: str, password: str) -> Agent:
    user = sip_user(agent)
    ha1 = naming.ha1(user, password)
    return Agent(ACCOUNT, agent, f"Agent {agent}", Phone(PhoneKind.SIP, user), sip_user=user, sip_ha1=ha1)


def trunk(carrier: Address) -> Trunk:
    """The carrier: the far end itself."""
    return Trunk(ACCOUNT, TRUNK, carrier.host, carrier.port, calls_per_second=100)


async def plant(
    directory: Directory,
    phones: Phones,
    made: Secrets,
    hash_secret: Callable[[str], str],
    carrier: Address,
    now: int,
) -> None:
    """Put everything into the directory and on the switch; what a former sandbox left there is brought up to date."""
    wanted = account(made, hash_secret)
    if await directory.account(ACCOUNT) is None:
        await directory.add_account(wanted)
    else:
        await directory.change_account(wanted)
    await _plant_agents(directory, phones, made)
    await _plant_trunk(directory, phones, trunk(carrier))
    if CALLER_ID not in [each.number for each in await directory.caller_ids(ACCOUNT)]:
        await directory.add_caller_id(CallerIdNumber(ACCOUNT, CALLER_ID, "Sandbox"))
    client = ApiClient(CLIENT, ACCOUNT, "Sandbox", SCOPES, hash_secret(made.client_secret), now)
    if await directory.client(CLIENT) is None:
        await directory.add_client(client)
    else:
        await directory.change_client(client)


async def _plant_agents(directory: Directory, phones: Phones, made: Secrets) -> None:
    for agent in agents(made):
        if await directory.agent(ACCOUNT, agent.id) is None:
            await directory.add_agent(agent)
        else:
            await directory.change_agent(agent)
        await phones.provision_agent(agent)
    for group, members in GROUPS.items():
        if await directory.group(ACCOUNT, group) is None:
            await directory.add_group(Group(ACCOUNT, group, f"Group {group}"))
        for member in members:
            await directory.add_member(ACCOUNT, group, member)


async def _plant_trunk(directory: Directory, phones: Phones, carrier: Trunk) -> None:
    if await directory.trunk(ACCOUNT, carrier.id) is None:
        await directory.add_trunk(carrier)
    else:
        await directory.change_trunk(carrier)
    await phones.provision_trunk(carrier)
