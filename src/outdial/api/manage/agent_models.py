"""What agents look like on the wire."""

from typing import Annotated, Any, Self

from pydantic import Field

from outdial.api.manage.kinds import (
    AgentId,
    Body,
    Name,
    Number,
    Password,
    PhoneAddress,
    PhoneKindWord,
    PresenceWord,
    Reply,
    optional,
)
from outdial.domain.agents import state_of
from outdial.domain.directory import Agent
from outdial.domain.moments import told_or_none
from outdial.domain.phones import Registrar
from outdial.domain.plan import PhoneKind
from outdial.domain.setup import WantedPhone


class PhoneBody(Body):
    """A phone. `sip` registers with us, by a name and a password of its own; `number` is rung through a trunk;
    `address` is a SIP address elsewhere."""

    kind: PhoneKindWord
    address: PhoneAddress | None = None
    password: Annotated[Password | None, Field(description="For `sip`; left out, we make one.")] = None

    def wanted(self) -> WantedPhone:
        """In the domain's words."""
        return WantedPhone(PhoneKind(self.kind), self.address, self.password)


class AgentChange(Body):
    """What may be changed of an agent; what is left out stays. The phone is replaced as a whole."""

    name: Name = optional()
    phone: PhoneBody = optional()
    caller_id: Number | None = None

    def changes(self) -> dict[str, Any]:
        """What was sent but for the phone, by the names of the record's members."""
        return self.model_dump(exclude_unset=True, exclude={"id", "phone", "presence"})


class NewAgent(AgentChange):
    """An agent to be added. Without a phone, they have one that registers with us."""

    id: AgentId
    name: Name
    presence: PresenceWord = "Ready"


class PresenceBody(Body):
    """What the agent says of themselves."""

    presence: PresenceWord


class PasswordBody(Body):
    """A password for an agent's phone."""

    password: Annotated[Password | None, Field(description="Left out, we make one.")] = None


class PhoneReply(Reply):
    """A phone."""

    kind: PhoneKindWord
    address: str = Field(description="For `sip`, the name it registers under.")
    online: bool | None = Field(description="Whether it is registered; null where that is unknown or means nothing.")


class RegistrarReply(Reply):
    """Where a phone registers, by the name in its `address`."""

    host: str | None = Field(description="Null where the switch listens on every address of its machine.")
    port: int
    transports: list[str] = Field(description="Those that the port is for.")
    tls_port: int | None = Field(description="The port for SIP over TLS; null where there is none.")
    local: bool = Field(description="Whether only phones on the switch's own machine can reach it.")

    @classmethod
    def of(cls, registrar: Registrar) -> Self:
        """In the words of the wire."""
        return cls(
            host=registrar.host,
            port=registrar.port,
            transports=["udp", "tcp"],
            tls_port=registrar.tls_port,
            local=registrar.is_local,
        )


class StateReply(Reply):
    """What an agent is doing, by number and by word."""

    number: int
    word: str


class AgentReply(Reply):
    """An agent."""

    id: str
    name: str
    phone: PhoneReply
    registrar: RegistrarReply | None = Field(description="For a phone of the kind `sip`; null for others.")
    caller_id: str | None
    presence: PresenceWord
    state: StateReply
    call_id: str | None = Field(description="The call they are in.")
    wrap_up_until: str | None
    groups: list[str]

    @classmethod
    def of(cls, agent: Agent, now: int, registrar: Registrar, **more: Any) -> Self:  # noqa: ANN401 -- of a subclass
        """An agent as they are told at a moment."""
        state = state_of(agent, now)
        return cls(
            id=agent.id,
            name=agent.name,
            phone=PhoneReply.model_validate(
                {"kind": agent.phone.kind.value, "address": agent.phone.address, "online": agent.phone_online}
            ),
            registrar=RegistrarReply.of(registrar) if agent.phone.kind is PhoneKind.SIP else None,
            caller_id=agent.caller_id,
            presence=agent.presence.value,
            state=StateReply(number=int(state), word=state.word),
            call_id=agent.call_id,
            wrap_up_until=told_or_none(agent.wrap_up_until),
            groups=list(agent.groups),
            **more,
        )


class AgentWithPassword(AgentReply):
    """An agent, and the phone's password where it is new."""

    phone_password: str | None = Field(description="Not shown again; null where there is no new one.")


class AgentPage(Reply):
    """A page of agents."""

    items: list[AgentReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class PhonePassword(Reply):
    """What a phone registers with."""

    user: str
    realm: str
    password: str = Field(description="Not shown again.")
