"""What trunks look like on the wire. A password goes in and never comes out."""

from typing import Annotated, Any

from pydantic import Field

from outdial.api.manage.kinds import (
    Body,
    CarrierPassword,
    Concurrent,
    Host,
    Id,
    NumberPrefix,
    Port,
    Priority,
    Rate,
    Reply,
    SipName,
    Transport,
    optional,
)
from outdial.domain.directory import Trunk
from outdial.domain.moments import told_or_none
from outdial.domain.reach import Answers, Reach


class TrunkChange(Body):
    """What may be changed of a trunk; what is left out stays."""

    host: Host = optional()
    port: Port = optional()
    transport: Transport = optional()
    username: SipName | None = None
    password: Annotated[CarrierPassword | None, Field(description="Never shown.")] = None
    from_domain: Host | None = None
    number_prefix: NumberPrefix = optional()
    calls_per_second: Rate = optional()
    max_concurrent_calls: Concurrent = optional()
    priority: Priority = optional()
    enabled: bool = optional()

    def changes(self) -> dict[str, Any]:
        """What was sent, by the names of the record's members. Without a username there is no password."""
        sent = self.model_dump(exclude_unset=True, exclude={"id"})
        if sent.get("username", "") is None:
            sent.setdefault("password", None)
        return sent


class NewTrunk(TrunkChange):
    """A trunk to be added; what is left out has its default."""

    id: Id
    host: Host


class ReachReply(Reply):
    """Whether a carrier answers when the switch asks it, by OPTIONS once a minute. Calls go out all the same."""

    state: Answers = Field(description="`unknown` until it was asked, and while the trunk is switched off.")
    since: str | None
    round_trip_ms: float | None = Field(description="How long its first answer took since then, in milliseconds.")
    why: str | None = Field(description="What is in the way, where that could be found out.")


class TrunkReply(Reply):
    """A carrier that calls go out through."""

    id: str
    host: str
    port: int
    transport: Transport
    username: str | None
    has_password: bool
    from_domain: str | None
    number_prefix: str = Field(description="What stands before the country code on the wire.")
    calls_per_second: float
    max_concurrent_calls: int
    priority: int = Field(description="Trunks are tried lowest first.")
    enabled: bool
    reach: ReachReply


class TrunkPage(Reply):
    """A page of trunks."""

    items: list[TrunkReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


def trunk_reply(trunk: Trunk, reach: Reach) -> TrunkReply:
    """A trunk as it is told."""
    own = {name: getattr(trunk, name) for name in TrunkReply.model_fields if name not in ("has_password", "reach")}
    answers = ReachReply(
        state=reach.state, since=told_or_none(reach.since), round_trip_ms=reach.round_trip_ms, why=reach.why
    )
    return TrunkReply(**own, has_password=trunk.password is not None, reach=answers)
