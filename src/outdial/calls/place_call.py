"""Places a call: reserves an agent, plans the call, stores it, and rings the agent's phone.

Every refusal leaves nothing behind: no reservation, no record, no leg. But where the switch would not ring an agent,
there was a call, if a short one: its record tells why, under an id that nobody was given.
"""

from collections.abc import Callable
from dataclasses import dataclass

from outdial.calls.limits import Limits
from outdial.calls.plan_call import plan_call
from outdial.calls.ports import Calls, CallStore, Clock, Reserved, Wanted
from outdial.domain.call import Call, State, place
from outdial.domain.events import Asker
from outdial.domain.policy import AgentPhoneNotAllowed
from outdial.domain.refusals import AgentNotReached, NoAgentAvailable, SwitchUnreachable
from outdial.domain.request import CallRequest

MOST_ATTEMPTS = 5
"""How many agents of a group are tried when phones can't be rung."""


@dataclass(frozen=True, slots=True)
class Placing:
    """What placing a call needs."""

    store: CallStore
    calls: Calls
    clock: Clock
    limits: Limits
    switch: str
    """Name of the switch that is to carry the calls."""
    new_id: Callable[[], str]


async def place_call(
    placing: Placing, account: str, request: CallRequest, *, version: int, idempotency_id: str | None = None
) -> Call:
    """Place one call of an account (its key); it is stored, its agent reserved, and the agent's phone asked to ring,
    when this returns.

    Where the agent is chosen from groups and a phone can't be rung, the next one is tried.

    Raises:
        Refusal: the first rule broken, in the contract's order.
    """
    if not placing.calls.accepting:
        raise SwitchUnreachable
    tried: frozenset[str] = frozenset()
    attempts = 0
    last: str | None = None
    while attempts < MOST_ATTEMPTS:
        try:
            call = await _attempt(placing, account, request, version, idempotency_id, tried)
        except NoAgentAvailable:
            if tried:
                raise AgentNotReached(last) from None
            raise
        except AgentPhoneNotAllowed as refusal:
            if refusal.agent_id in (request.agent_id, request.called_agent_id):
                raise
            # Whoever can't be rung at all holds up nobody else of the group; nor is anybody rung for them.
            tried |= {refusal.agent_id}
            continue
        if not _never_rang(call):
            return call
        tried, last = tried | {call.plan.agent_id}, call.id
        attempts = MOST_ATTEMPTS if request.agent_id is not None else attempts + 1
    raise AgentNotReached(last)


async def _attempt(
    placing: Placing,
    account: str,
    request: CallRequest,
    version: int,
    idempotency_id: str | None,
    tried: frozenset[str],
) -> Call:
    call_id, now = placing.new_id(), placing.clock.now()

    def build(reserved: Reserved) -> Call:
        plan = plan_call(reserved, request, version, now)
        used = [phone.trunk for phone in (plan.agent_phone, plan.party_phone)]
        trunks = [trunk for each in used for trunk in reserved.trunks if trunk.id == each]
        placing.limits.take(reserved.account, trunks, call_id)
        return place(call_id, reserved.account.key, placing.switch, plan)[0]

    wanted = Wanted(call_id, account, request.agent_id, request.groups, request.called_agent_id, tried)
    try:
        call = await placing.store.place(wanted, build, now, idempotency_id)
    except BaseException:
        placing.limits.release(call_id)
        raise
    return await placing.calls.start(call)


def _never_rang(call: Call) -> bool:
    """Whether the call is over before anybody could have heard of it: the switch would not ring the agent."""
    ended = call.state in (State.ENDING, State.ENDED) and call.hung_up_by is Asker.SYSTEM
    # A leg that the switch took and that failed at once is told of as any other that fails, however fast it did.
    return ended and call.agent.sip_code is None and call.agent.cause is None
