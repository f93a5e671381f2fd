"""What calls look like to administrators: found by what is known of them, and told with all that was decided."""

from typing import Any, Self

from pydantic import Field

from outdial.api.manage.kinds import ConsentWord, LegsWord, Reply
from outdial.api.recording_bodies import decision_body
from outdial.domain.call import Call
from outdial.domain.legs import Leg
from outdial.domain.moments import told, told_or_none
from outdial.domain.plan import CallerId, Phone


class ResultReply(Reply):
    """How a call ended."""

    code: str
    party: str
    reason: str
    detail: str | None = Field(description="A sentence for people, where there is more to say.")

    @classmethod
    def of(cls, call: Call) -> Self | None:
        """How a call ended; none while nobody knows."""
        result = call.result
        if result is None:
            return None
        return cls(code=result.code, party=result.party, reason=result.reason, detail=result.detail)


class CallReply(Reply):
    """A call."""

    id: str
    state: str
    live: bool
    agent_id: str
    called_agent_id: str | None
    number: str | None = Field(description="The number dialled, in E.164; null for a call between agents.")
    groups: list[str]
    reference: str | None
    application: str | None
    created_at: str
    joined_at: str | None
    ended_at: str | None
    result: ResultReply | None
    hung_up_by: str | None

    @classmethod
    def of(cls, call: Call, **more: Any) -> Self:  # noqa: ANN401 -- members of a subclass
        """A call as it is told."""
        plan = call.plan
        return cls(
            id=call.id,
            state=call.state.value,
            live=call.live,
            agent_id=plan.agent_id,
            called_agent_id=plan.called_agent_id,
            number=plan.number,
            groups=list(plan.groups),
            reference=plan.reference,
            application=plan.application,
            created_at=told(plan.created_at),
            joined_at=told_or_none(call.joined_at),
            ended_at=told_or_none(call.ended_at),
            result=ResultReply.of(call),
            hung_up_by=call.hung_up_by,
            **more,
        )


class LegReply(Reply):
    """One side's leg."""

    phone: str = Field(description="What was rung: kind and address.")
    trunk: str | None
    shown: str | None = Field(description="The caller id it was shown.")
    state: str
    asked_at: str | None
    ringing_at: str | None
    answered_at: str | None
    ended_at: str | None
    cause: int | None = Field(description="Q.850 cause of its end.")
    sip_code: int | None = Field(description="Final SIP status of its INVITE.")

    @classmethod
    def of(cls, leg: Leg, phone: Phone, shown: CallerId) -> Self:
        """A leg as it is told."""
        return cls(
            phone=f"{phone.kind.value} {phone.address}",
            trunk=phone.trunk,
            shown=shown.number,
            state=leg.state.value,
            asked_at=told_or_none(leg.asked_at),
            ringing_at=told_or_none(leg.ringing_at),
            answered_at=told_or_none(leg.answered_at),
            ended_at=told_or_none(leg.ended_at),
            cause=leg.cause,
            sip_code=leg.sip_code,
        )


class DecisionInputs(Reply):
    """What a recording's decision was made of; null is what played no part."""

    scenario: str | None = Field(description="Who called whom.")
    from_: ConsentWord | None = Field(alias="from", description="The consent given for the agent's side.")
    to: ConsentWord | None = Field(description="The consent given for the other side.")
    account: LegsWord | None = Field(description="What the account has recorded where no consent is given.")
    account_when_unknown: LegsWord | None = Field(description="What the account allows where the consent is Unknown.")
    overrides: str | None = Field(description="The groups and caller ids whose own settings stood in their place.")


class RecordingDecision(Reply):
    """What may be recorded of a call, and why; made when it was placed."""

    legs: LegsWord = Field(description="From the beginning.")
    legs_after_consent: LegsWord = Field(description="Once the other side's consent is captured.")
    rule: str
    inputs: DecisionInputs
    announcement: str | None = Field(description="What asks for that consent; null where nothing does.")
    auto_resume_seconds: int = Field(description="After so long a paused recording goes on by itself; 0 for never.")
    record_or_drop: bool = Field(description="Whether the call is ended if its recording fails.")


class CallDetail(CallReply):
    """A call with both legs and all that was decided about it."""

    agent_leg: LegReply
    party_leg: LegReply
    version: int = Field(description="Effective version of the API it was asked for in.")
    switch: str
    recording: RecordingDecision
    reasons: dict[str, Any] = Field(description="Why this agent, this caller id and this trunk.")

    @classmethod
    def told(cls, call: Call) -> Self:
        """A call with everything."""
        plan = call.plan
        return cls.of(
            call,
            agent_leg=LegReply.of(call.agent, plan.agent_phone, plan.agent_sees),
            party_leg=LegReply.of(call.party, plan.party_phone, plan.party_sees),
            version=plan.version,
            switch=call.switch,
            recording=RecordingDecision.model_validate(decision_body(plan.recording)),
            reasons=plan.reasons,
        )


class CallPage(Reply):
    """A page of calls, newest first."""

    items: list[CallReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")
