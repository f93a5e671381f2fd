"""Takes calls over after a restart, ours or the switch's: what the store says is held against what the switch says.

Nothing is dialled here. A leg the switch no longer knows has ended; a channel no live call knows is hung up.
"""

import asyncio
from collections.abc import Mapping

from outdial.calls.engine import Engine
from outdial.calls.ports import CallStore, Telephony
from outdial.domain.call import Call, State
from outdial.domain.commands import Command, Join
from outdial.domain.consent import decision_of
from outdial.domain.events import LegEnded
from outdial.domain.legs import LegState, Side
from outdial.domain.recording_steps import repeated

SWEEP_SECONDS = 60
"""How often calls and switch are compared although nothing seems wrong."""
SWITCH_LOST = "the switch stopped"
"""The detail of a leg that went with its switch."""


class Recovery:
    """Compares the calls of one engine with its switch: after every connection, and in a sweep."""

    def __init__(self, engine: Engine, telephony: Telephony, store: CallStore) -> None:
        self._engine = engine
        self._telephony = telephony
        self._store = store
        self._turn = asyncio.Lock()

    async def load(self) -> int:
        """Take over every call of this switch that has not ended; how many there were."""
        calls = await self._store.live_calls(self._telephony.name)
        for call in calls:
            self._engine.adopt(call)
        return len(calls)

    async def compare(self) -> None:
        """Tell every call what the switch says of its legs, and end the channels that no call knows."""
        async with self._turn:
            held = await self._telephony.legs_held()
            if held is None:
                return
            for call in tuple(self._engine.live.values()):
                for side in _differing(call, held.get(call.id, {})):
                    await self._engine.compare_leg(call.id, side)
            for call_id, legs in held.items():
                if not self._engine.knows(call_id):
                    for side in legs:
                        await self._telephony.drop(call_id, side)

    async def sweep(self) -> None:
        """Compare from time to time, although nothing seems wrong, until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self._telephony.reachable:
                await self.compare()

    async def lost(self) -> None:
        """The switch is gone, and every leg with it: no call waits until it is back to learn so."""
        for call in tuple(self._engine.live.values()):
            for side in call.legs_alive:
                await self._engine.tell(call.id, LegEnded(side, detail=SWITCH_LOST))

    async def rejoin(self) -> None:
        """After a takeover: end the comfort that may still sound for agents who were joined meanwhile, and see to it
        that what is recorded is what the call says."""
        for call in tuple(self._engine.live.values()):
            if call.state is State.JOINED:
                await self._engine.repeat(call.id, _owed)


def _owed(call: Call) -> tuple[Command, ...]:
    """What a call that was taken over is to have done once more, in the state it has come to meanwhile."""
    if call.state is not State.JOINED:
        return ()
    return (Join(), *repeated(call.recording, decision_of(call.plan.recording)))


def _differing(call: Call, held: Mapping[Side, LegState]) -> list[Side]:
    """The legs of which call and switch do not say the same. The list may be old: each is asked about again."""
    return [side for side in call.legs_alive if held.get(side, LegState.GONE) is not call.leg(side).state]
