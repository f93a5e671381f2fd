"""What accounts look like on the wire."""

from typing import Annotated, Any

from pydantic import Field

from outdial.api.manage.kinds import (
    AccountKey,
    Body,
    CallSeconds,
    Concurrent,
    Country,
    Name,
    Network,
    Number,
    Rate,
    Reply,
    RingSeconds,
    WrapUpSeconds,
    optional,
)
from outdial.api.manage.recording_settings import RecordingChange, RecordingReply, recording_reply
from outdial.domain.directory import Account

OPERATORS_OWN = {
    "home_country": "homeCountry",
    "outbound_enabled": "outboundEnabled",
    "any_caller_id": "anyCallerId",
    "allowed_countries": "allowedCountries",
    "premium_allowed": "premiumAllowed",
    "max_call_seconds": "maxCallSeconds",
    "calls_per_second": "callsPerSecond",
    "max_concurrent_calls": "maxConcurrentCalls",
    "private_networks": "privateNetworks",
}
"""Settings that only an operator changes: they guard against toll fraud and false caller ids, and share capacity."""


class AccountChange(Body):
    """Settings of an account; what is left out stays."""

    name: Name = optional()
    home_country: Country = optional()
    outbound_enabled: bool = optional()
    any_caller_id: bool = optional()
    default_caller_id: Number | None = None
    allowed_countries: Annotated[list[Country], Field(max_length=300)] = optional()
    premium_allowed: bool = optional()
    agent_ring_seconds: RingSeconds = optional()
    party_ring_seconds: RingSeconds = optional()
    max_call_seconds: CallSeconds = optional()
    wrap_up_seconds: WrapUpSeconds = optional()
    calls_per_second: Rate = optional()
    max_concurrent_calls: Concurrent = optional()
    recording: RecordingChange = optional()
    private_networks: Annotated[list[Network], Field(max_length=20)] = optional()

    def changes(self) -> dict[str, Any]:
        """What was sent, by the names of the record's members."""
        sent = self.model_dump(exclude_unset=True, exclude={"key"})
        if "allowed_countries" in sent:
            sent["allowed_countries"] = tuple(dict.fromkeys(sent["allowed_countries"]))
        if "private_networks" in sent:
            sent["private_networks"] = tuple(dict.fromkeys(sent["private_networks"]))
        return sent


class NewAccount(AccountChange):
    """An account to be added; settings that are left out have their defaults."""

    key: AccountKey
    name: Name
    home_country: Country


class AccountReply(Reply):
    """An account."""

    key: str
    name: str
    home_country: str = Field(description="National numbers are understood in it.")
    outbound_enabled: bool
    any_caller_id: bool = Field(description="Whether calls may present numbers that are not the account's.")
    default_caller_id: str | None
    allowed_countries: list[str] = Field(description="Countries that may be called; none means the home country only.")
    premium_allowed: bool
    agent_ring_seconds: int
    party_ring_seconds: int
    max_call_seconds: int
    wrap_up_seconds: int
    calls_per_second: float
    max_concurrent_calls: int
    recording: RecordingReply
    private_networks: list[str] = Field(description="Networks that are not public and that its webhooks may reach.")


class AccountCreated(AccountReply):
    """An account that has just been added, with its API token."""

    api_token: str = Field(description="Not shown again.")


class AccountPage(Reply):
    """A page of accounts."""

    items: list[AccountReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class ApiToken(Reply):
    """A new API token."""

    api_token: str = Field(description="Not shown again.")


def account_reply(account: Account) -> AccountReply:
    """An account as it is told."""
    own = {name: getattr(account, name) for name in AccountReply.model_fields if name != "recording"}
    own["allowed_countries"] = list(account.allowed_countries)
    own["private_networks"] = list(account.private_networks)
    return AccountReply.model_validate({**own, "recording": recording_reply(account.recording)})
