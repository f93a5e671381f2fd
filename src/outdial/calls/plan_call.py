"""Decides everything that is fixed when a call is placed: phones, caller ids, trunk, times, recording, and why.

Pure: runs inside the transaction that reserves the agent, and refuses by raising.
"""

from typing import Any

from outdial.calls.ports import Reserved
from outdial.domain.consent import AccountRecording, decide, scenario_of
from outdial.domain.directory import Account, Agent, Trunk
from outdial.domain.numbers import parse_number
from outdial.domain.plan import CallerId, CallPlan, Phone, PhoneKind
from outdial.domain.policy import AgentPhoneNotAllowed, check_destination, choose_caller_id, choose_trunk
from outdial.domain.refusals import BadRequest
from outdial.domain.request import CallRequest

DIAL_BY_GRACE_MS = 5_000
"""How long after its ring time an agent's answer may still be heard of; later, nothing is dialled."""


def plan_call(reserved: Reserved, request: CallRequest, version: int, now: int) -> CallPlan:
    """Everything that is fixed when a call is placed.

    Raises:
        Refusal: number, caller id, policy and placing, in this order.
    """
    account, agent = reserved.account, reserved.agent
    number = None if request.number is None else parse_number(request.number, account.home_country)
    party_sees, why_caller_id = choose_caller_id(account, agent, reserved.caller_ids, request.presented_clid)
    if number is not None:
        check_destination(account, number)
    party_phone = _party_phone(reserved, number)
    return CallPlan(
        agent_id=agent.id,
        agent_phone=_agent_phone(agent, reserved),
        party_phone=party_phone,
        created_at=now,
        dial_by=now + account.agent_ring_seconds * 1000 + DIAL_BY_GRACE_MS,
        called_agent_id=reserved.called.id if reserved.called else None,
        agent_sees=_shown_to_agent(number, reserved.called),
        party_sees=party_sees if reserved.called is None else CallerId(agent.id, agent.name),
        agent_ring_seconds=account.agent_ring_seconds,
        party_ring_seconds=account.party_ring_seconds,
        max_seconds=account.max_call_seconds,
        wrap_up_seconds=account.wrap_up_seconds,
        version=version,
        asked=_echo(request, agent),
        number=number,
        reference=request.reference,
        application=request.application,
        groups=request.groups,
        recording=_recording(request, account, party_sees.number),
        reasons=_reasons(request, agent, why_caller_id, party_phone.trunk),
    )


def _party_phone(reserved: Reserved, number: str | None) -> Phone:
    if number is None:
        assert reserved.called is not None  # noqa: S101 -- the request names a number or an agent
        return _agent_phone(reserved.called, reserved)
    return _through(choose_trunk(reserved.trunks), number)


def _agent_phone(agent: Agent, reserved: Reserved) -> Phone:
    """An agent's phone that is a number is dialled through a trunk like any other, and as any other only where the
    account may call it."""
    if agent.phone.kind is not PhoneKind.NUMBER:
        return agent.phone
    try:
        check_destination(reserved.account, agent.phone.address)
    except BadRequest:
        raise AgentPhoneNotAllowed(agent.id, member="to.agentId" if agent is reserved.called else "from") from None
    return _through(choose_trunk(reserved.trunks), agent.phone.address)


def _through(trunk: Trunk, number: str) -> Phone:
    return Phone(PhoneKind.NUMBER, number, trunk.id, trunk.number_prefix)


def _recording(request: CallRequest, account: Account, shown: str | None) -> dict[str, Any]:
    scenario = scenario_of(request.agent_id, request.called_agent_id)
    settings = AccountRecording.from_dict(account.recording)
    consents = request.from_consent, request.to_consent
    # Between agents the caller is shown by an id, not by a number.
    caller_id = shown if request.called_agent_id is None else None
    return decide(scenario, *consents, settings, groups=request.groups, caller_id=caller_id).to_dict()


def _shown_to_agent(number: str | None, called: Agent | None) -> CallerId:
    return CallerId(number) if called is None else CallerId(called.id, called.name)


def _echo(request: CallRequest, agent: Agent) -> dict[str, object]:
    """The request's members as sent; `from.agentId` names the agent who was chosen."""
    return {**request.echo, "from": {**request.echo["from"], "agentId": request.agent_id or agent.id}}


def _reasons(request: CallRequest, agent: Agent, why_caller_id: str, trunk: str | None) -> dict[str, str]:
    if request.agent_id is not None:
        why_agent = "named in the request"
    else:
        why_agent = f"longest idle of the available agents of {', '.join(request.groups)}"
    reasons = {"agent": why_agent, "callerId": why_caller_id}
    if trunk is not None:
        reasons["trunk"] = f"{trunk}, the first enabled by priority"
    return reasons
