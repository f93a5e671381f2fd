"""A switch made by hand for the engine's tests: it does what it is told, remembers it, and fails where a test asks.

The same behaviour is shown on the real Asterisk in tests/live.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from outdial.calls.engine import Engine
from outdial.domain.call import Call
from outdial.domain.commands import Command, HangUp, PauseRecording, Prepare, ResumeRecording, Ring
from outdial.domain.events import Event, LegAnswered, LegEnded, LegRinging, RecordingControlled
from outdial.domain.legs import LegState, Side

Answer = Event | None | Callable[[Call, Any], Event | None]


@dataclass
class ScriptedSwitch:
    """Holds legs, performs commands, and tells the engine what a phone does when a test says so."""

    name: str = "scripted"
    reachable: bool = True
    confirms_hang_ups: bool = True
    """Whether the end of a leg is told after a hang-up, as the real one does."""
    legs: dict[str, dict[Side, LegState]] = field(default_factory=dict)
    performed: list[tuple[str, Command]] = field(default_factory=list)
    dropped: list[tuple[str, Side]] = field(default_factory=list)
    script: dict[type[Any], Answer] = field(default_factory=dict)
    """What a kind of command comes to, in place of success: an event, or a function of call and command."""
    engine: Engine | None = None

    async def perform(self, call: Call, command: Command) -> Event | None:
        self.performed.append((call.id, command))
        answer = self.script.get(type(command))
        outcome = answer(call, command) if callable(answer) else answer
        if outcome is not None:
            return outcome
        match command:
            case Ring():
                self.legs.setdefault(call.id, {})[Side.AGENT] = LegState.ASKED
            case Prepare():
                self.legs.setdefault(call.id, {})[Side.PARTY] = LegState.ASKED
            case HangUp(side):
                return self._hang_up(call.id, side)
            case PauseRecording() | ResumeRecording():
                return RecordingControlled(pause=isinstance(command, PauseRecording))
            case _:
                pass
        return None

    async def leg_state(self, call_id: str, side: Side) -> LegState | None:
        return self.legs.get(call_id, {}).get(side, LegState.GONE) if self.reachable else None

    async def legs_held(self) -> Mapping[str, Mapping[Side, LegState]] | None:
        return {call_id: dict(legs) for call_id, legs in self.legs.items() if legs} if self.reachable else None

    async def drop(self, call_id: str, side: Side) -> None:
        self.dropped.append((call_id, side))
        self.legs.get(call_id, {}).pop(side, None)

    def commands_of(self, call_id: str) -> list[Command]:
        """What was done for one call, in order."""
        return [command for owner, command in self.performed if owner == call_id]

    async def rings(self, call_id: str, side: Side) -> Call | None:
        self.legs[call_id][side] = LegState.RINGING
        return await self._tell(call_id, LegRinging(side))

    async def picks_up(self, call_id: str, side: Side) -> Call | None:
        self.legs[call_id][side] = LegState.UP
        return await self._tell(call_id, LegAnswered(side))

    async def ends(self, call_id: str, side: Side, cause: int | None = 16, sip_code: int | None = None) -> Call | None:
        self.legs.get(call_id, {}).pop(side, None)
        return await self._tell(call_id, LegEnded(side, cause, sip_code))

    def dies(self) -> None:
        """Every channel is lost, and nothing is told."""
        self.legs.clear()

    def _hang_up(self, call_id: str, side: Side) -> Event | None:
        if self.legs.get(call_id, {}).pop(side, None) is None:
            return LegEnded(side)
        if self.confirms_hang_ups and self.engine is not None:
            self.engine.notify(call_id, LegEnded(side, cause=16))
        return None

    async def _tell(self, call_id: str, event: Event) -> Call | None:
        assert self.engine is not None
        return await self.engine.tell(call_id, event)
