"""What an administrator sets up: accounts, agents, groups, trunks, caller ids and API clients.

Records only. Secrets appear here as hashes; the one exception is a trunk's password, which a carrier must be told.
"""

from dataclasses import dataclass, field
from typing import Any

from outdial.domain.plan import Phone
from outdial.domain.presence import Presence


@dataclass(frozen=True, slots=True)
class Account:
    """A tenant and its settings. `key` is kept in lower case; durations are whole seconds."""

    key: str
    name: str
    home_country: str
    """ISO 3166 alpha-2: national numbers are understood in it."""
    outbound_enabled: bool = True
    any_caller_id: bool = False
    default_caller_id: str | None = None
    allowed_countries: tuple[str, ...] = ()
    """Countries that may be called; empty means the home country only."""
    premium_allowed: bool = False
    agent_ring_seconds: int = 15
    party_ring_seconds: int = 60
    max_call_seconds: int = 4 * 3600
    wrap_up_seconds: int = 180
    calls_per_second: float = 10.0
    max_concurrent_calls: int = 100
    recording: dict[str, Any] = field(default_factory=dict)
    """Recording settings as `consent.AccountRecording.to_dict` gives them; empty means off."""
    api_token_hash: str | None = field(default=None, repr=False)
    private_networks: tuple[str, ...] = ()
    """Networks that are not public, and that an operator lets this account's webhooks reach: `10.1.0.0/16`."""


@dataclass(frozen=True, slots=True)
class Agent:
    """A person who calls. `id` is 1 to 11 digits, kept as written."""

    account: str
    id: str
    name: str
    phone: Phone
    sip_user: str | None = None
    sip_ha1: str | None = field(default=None, repr=False)
    """MD5 of user:realm:password, all that digest needs; the password itself is not kept."""
    caller_id: str | None = None
    presence: Presence = Presence.READY
    call_id: str | None = None
    wrap_up_until: int | None = None
    phone_online: bool | None = None
    """Whether the phone is registered; none where that is unknown or means nothing."""
    idle_since: int = 0
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Agents one of whom may be chosen."""

    account: str
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Trunk:
    """A carrier. Tried in order of `priority`, lowest first."""

    account: str
    id: str
    host: str
    port: int = 5060
    transport: str = "udp"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    from_domain: str | None = None
    number_prefix: str = "+"
    """What stands before the country code on the wire: `+`, nothing, or a carrier's own prefix."""
    calls_per_second: float = 10.0
    max_concurrent_calls: int = 100
    priority: int = 0
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class CallerIdNumber:
    """A number that an account may present, in E.164."""

    account: str
    number: str
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A program that may ask for tokens. `account` is none for an operator of the whole installation."""

    id: str
    account: str | None
    name: str
    scopes: tuple[str, ...]
    secret_hash: str = field(repr=False)
    created_at: int = 0
    revoked_at: int | None = None
