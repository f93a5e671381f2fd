"""What was decided when a call was placed, and does not change while it lives.

Who is rung on which phone, with which caller id, for how long, and why.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from outdial.domain.legs import Side


class PhoneKind(StrEnum):
    """How a phone is reached."""

    SIP = "sip"
    """A phone registered with our switch; its address is its user name there."""
    NUMBER = "number"
    """An E.164 number, dialled through a trunk."""
    ADDRESS = "address"
    """A SIP address outside, `sip:user@host:port`."""


@dataclass(frozen=True, slots=True)
class Phone:
    """Something that can be rung."""

    kind: PhoneKind
    address: str
    trunk: str | None = None
    """Id of the trunk that carries it; only numbers have one."""
    prefix: str = "+"
    """What stands before the country code on that trunk's wire."""


@dataclass(frozen=True, slots=True)
class CallerId:
    """What a rung phone is shown: a number in E.164 (or an agent's id), a name, and whether it is withheld."""

    number: str | None = None
    name: str | None = None
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class CallPlan:
    """Everything about a call that is fixed when it is placed. Durations are whole seconds, times milliseconds."""

    agent_id: str
    agent_phone: Phone
    party_phone: Phone
    created_at: int
    dial_by: int
    """Nothing is dialled after this time, whatever was waiting, crashed or replayed."""
    called_agent_id: str | None = None
    agent_sees: CallerId = field(default_factory=CallerId)
    """Shown on the agent's phone: whom the call is for."""
    party_sees: CallerId = field(default_factory=CallerId)
    """Shown to the party, in From and P-Asserted-Identity."""
    agent_ring_seconds: int = 15
    party_ring_seconds: int = 60
    max_seconds: int = 4 * 3600
    """A joined call is ended after this long."""
    wrap_up_seconds: int = 180
    version: int = 0
    """Effective version of the API it was asked for in."""
    asked: dict[str, Any] = field(default_factory=dict)
    """Members of the request to be echoed: `from`, `to`, and `regarding`, `application` when sent."""
    number: str | None = None
    """The number dialled, E.164; none for a call between agents."""
    reference: str | None = None
    application: str | None = None
    groups: tuple[str, ...] = ()
    recording: dict[str, Any] = field(default_factory=dict)
    """The recording decision with its inputs and its rule, as `consent.RecordingDecision.to_dict` gives it."""
    reasons: dict[str, Any] = field(default_factory=dict)
    """Why this agent, this caller id and this trunk were taken."""

    def phone(self, side: Side) -> Phone:
        """The phone that is rung for a side."""
        return self.agent_phone if side is Side.AGENT else self.party_phone
