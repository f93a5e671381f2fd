"""Drives calls: takes what happens, lets the domain decide, stores the outcome, then carries out the commands.

One step is one commit, then commands; one lock a call, never a global one. Knows no switch and no database.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from outdial.calls.observers import Observer, Observers
from outdial.calls.ports import CallStore, Clock, Telephony
from outdial.domain.call import Call, State, advance, comes_too_late
from outdial.domain.commands import Comfort, Command, Dial, Prepare, Record, Ring
from outdial.domain.events import (
    CommandFailed,
    DeadlinePassed,
    Event,
    Faulted,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegRinging,
    RecordingBegun,
)
from outdial.domain.ledger import Record as LedgerRecord
from outdial.domain.legs import LegState, Side
from outdial.domain.notices import Notice, notices
from outdial.domain.recording_records import recording_records

T = TypeVar("T")
SAVE_RETRY_MS = 1_000
"""How long after a failed commit a call is stored again."""
TOGETHER_MS = 100
"""How often that is stored which nothing waits for: that a phone rings. At one moment for all calls, in one commit."""
TOO_LATE = "its time had passed before it could be done"
"""The detail of a call whose phone was not reached for, as the store or the switch had kept it waiting."""
NOT_STORED = "the store failed"
"""Why nobody is dialled, and nothing recorded, of which a restart would know nothing."""
LOST = "the switch no longer holds this leg"
"""The detail of a leg found gone by asking, whose end nobody told."""


class _Line:
    """One live call in this process: its value, its lock, its timer, and what is owed that no commit has taken yet."""

    __slots__ = ("call", "lock", "owed", "rang", "records", "timer", "unsaved")

    def __init__(self, call: Call) -> None:
        self.call = call
        self.lock = asyncio.Lock()
        self.owed: list[Notice] = []
        self.records: list[LedgerRecord] = []
        self.unsaved = False
        self.rang = False
        """Whether it has come nearer to an answer since it was stored."""
        self.timer: asyncio.TimerHandle | None = None


class Engine:
    """Every live call of one switch. Nothing happens to a call but here."""

    def __init__(
        self, telephony: Telephony, store: CallStore, clock: Clock, observers: Sequence[Observer] = ()
    ) -> None:
        self._telephony = telephony
        self._store = store
        self._clock = clock
        self._observers = Observers(observers)
        self._lines: dict[str, _Line] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self._open = True
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._under_way = 0

    async def run(self) -> None:
        """Own the engine's tasks and timers until cancelled. Must be running before anything is told to it."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            for line in self._lines.values():
                self._arm(line)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None
                for line in self._lines.values():
                    _disarm(line)

    @property
    def accepting(self) -> bool:
        """Whether a call placed now could ring anybody."""
        return self._open and self._tasks is not None and self._telephony.reachable

    @property
    def live(self) -> Mapping[str, Call]:
        """The calls this process drives, by id, as they are now."""
        return MappingProxyType({call_id: line.call for call_id, line in self._lines.items()})

    def stop_accepting(self) -> None:
        """Take no new calls; those that live go on."""
        self._open = False

    async def drained(self) -> None:
        """Wait until no step is under way and everything is stored, so that the process can stop between two steps."""
        for line in tuple(self._lines.values()):
            await self._store_what_rang(line)
        await self._quiet.wait()

    def knows(self, call_id: str) -> bool:
        """Whether this process drives a call."""
        return call_id in self._lines

    async def start(self, call: Call) -> Call:
        """Take a call that has just been stored and ring its agent; the call as it is once the switch has answered."""
        line = self._take(call)
        async with line.lock:
            await self._work(line, commands=(Ring(call.plan.agent_ring_seconds),))
        return line.call

    def adopt(self, call: Call) -> None:
        """Take over a call that another process had, as the store knows it. Comparing it with the switch is next."""
        self._arm(self._take(call))

    def notify(self, call_id: str, event: Event) -> None:
        """Let something happen to a call, without waiting. Events of one call are handled in the order they come."""
        if call_id in self._lines and self._tasks is not None:
            self._tasks.create_task(self.tell(call_id, event))

    async def tell(self, call_id: str, event: Event) -> Call | None:
        """Let something happen to a live call; none where there is no such live call here."""
        line = self._lines.get(call_id)
        if line is None:
            return None
        async with line.lock:
            await self._work(line, event)
        return line.call

    async def compare_leg(self, call_id: str, side: Side) -> None:
        """Ask the switch about one leg and let the call know what it says.

        Under the call's lock, so that a leg just being asked for is never taken for a lost one.
        """
        line = self._lines.get(call_id)
        if line is None:
            return
        async with line.lock:
            event = _event_of(side, await self._telephony.leg_state(call_id, side))
            if event is not None:
                await self._work(line, event)

    async def repeat(self, call_id: str, owed: Callable[[Call], tuple[Command, ...]]) -> None:
        """Carry out harmless commands once more, for a call that was taken over: whatever it owes at this moment."""
        line = self._lines.get(call_id)
        if line is not None:
            async with line.lock:
                await self._work(line, commands=owed(line.call))

    def _take(self, call: Call) -> _Line:
        line = self._lines[call.id] = _Line(call)
        self._observers.changed(None, call, self._clock.now())
        return line

    async def _work(self, line: _Line, *events: Event, commands: tuple[Command, ...] = ()) -> None:
        """Carry out commands, then take events one by one, with whatever follows from each at once."""
        self._enter()
        try:
            waiting = deque(events)
            waiting.extend(await self._perform(line, commands))
            while waiting:
                commands, outcomes = await self._step(line, waiting.popleft())
                waiting.extend(outcomes)
                if line.unsaved and any(isinstance(command, Dial) for command in commands):
                    # Nobody is dialled for whom there is no record to recover from.
                    waiting.append(Faulted(NOT_STORED))
                    continue
                if line.unsaved:
                    commands, outcomes = _not_recorded(commands)
                    waiting.extend(outcomes)
                waiting.extend(await self._perform(line, commands))
        finally:
            self._arm(line)
            self._leave()

    async def _step(self, line: _Line, event: Event) -> tuple[tuple[Command, ...], list[Event]]:
        """Advance, store, tell the observers; what is to be done now, and what came of what was done already."""
        before, now = line.call, self._clock.now()
        self._observers.event(before.id, event)
        try:
            after, commands = advance(before, event, now)
        except Exception as error:  # noqa: BLE001 -- whatever it is, nobody may be left on a live line
            self._failed(line, f"advance on {type(event).__name__}", error)
            after, commands = advance(before, Faulted(f"{type(error).__name__} on {type(event).__name__}"), now)
        if after is before and not line.unsaved:
            return commands, []
        if after is not before:
            line.call = after
            line.owed.extend(self._made(line, notices, before, now))
            line.records.extend(self._made(line, recording_records, before, now))
            self._observers.changed(before, after, now)
        if isinstance(event, LegRinging | LegProgressed) and not commands and not line.unsaved:
            # Stored with what comes next, or soon.
            line.rang = True
            return (), []
        early = tuple(command for command in commands if isinstance(command, Comfort | Prepare))
        if not early:
            await self._save(line)
            return commands, []
        # They reach nobody new, and the agent hears nothing meanwhile: they need not wait for the disk.
        performed = asyncio.gather(*(self._perform(line, (command,)) for command in early))
        _, came = await asyncio.gather(self._save(line), performed)
        failed = [command for command, outcomes in zip(early, came, strict=True) if outcomes]
        # Nobody is dialled on a leg that can't be made.
        later = () if Prepare() in failed else tuple(command for command in commands if command not in early)
        return later, [outcome for outcomes in came for outcome in outcomes]

    async def _save(self, line: _Line) -> None:
        owed, line.owed = line.owed, []
        records, line.records = line.records, []
        try:
            await self._store.save(line.call, owed, records)
        except Exception as error:  # noqa: BLE001 -- a live call outlasts any trouble of the store
            line.owed, line.records = owed, records
            # Told once, however long it lasts.
            if not line.unsaved:
                self._failed(line, "store", error)
            line.unsaved = True
        else:
            line.unsaved = line.rang = False
            if line.call.state is State.ENDED:
                self._lines.pop(line.call.id, None)

    async def _perform(self, line: _Line, commands: tuple[Command, ...]) -> list[Event]:
        """Carry out commands in order; what the switch made of them, as events."""
        outcomes: list[Event] = []
        for command in commands:
            if comes_too_late(line.call, command, self._clock.now()):
                outcomes.append(CommandFailed(type(command).__name__, TOO_LATE))
                continue
            self._observers.command(line.call.id, command)
            try:
                outcome = await self._telephony.perform(line.call, command)
            except Exception as error:  # noqa: BLE001 -- a fault of the adapter is one more way for a command to fail
                name = type(command).__name__
                self._failed(line, name, error)
                outcome = CommandFailed(name, type(error).__name__)
            if outcome is not None:
                outcomes.append(outcome)
        return outcomes

    def _arm(self, line: _Line) -> None:
        """Set the call's one timer to its deadline, or to the next attempt to store it."""
        _disarm(line)
        if self._tasks is None or line.call.id not in self._lines:
            return
        now = self._clock.now()
        loop = asyncio.get_running_loop()
        if line.rang and not line.unsaved:
            soon = (TOGETHER_MS - now % TOGETHER_MS) / 1000
            line.timer = loop.call_later(soon, self._soon, line)
            return
        due = now + SAVE_RETRY_MS if line.unsaved else line.call.deadline
        if due is not None:
            delay = max(0, due - now) / 1000
            line.timer = loop.call_later(delay, self.notify, line.call.id, DeadlinePassed())

    def _soon(self, line: _Line) -> None:
        if self._tasks is not None:
            self._tasks.create_task(self._store_what_rang(line))

    async def _store_what_rang(self, line: _Line) -> None:
        """Store what nothing has waited for, unless it has been meanwhile."""
        async with line.lock:
            self._enter()
            try:
                if line.rang:
                    await self._save(line)
            finally:
                self._arm(line)
                self._leave()

    def _made(self, line: _Line, make: Callable[[Call, Call, int], Sequence[T]], before: Call, now: int) -> Sequence[T]:
        """What is to be told of a change; nothing where that can't be made, for the call matters more."""
        try:
            return make(before, line.call, now)
        except Exception as error:  # noqa: BLE001 -- a fault of ours, which may end neither this call nor the others
            self._failed(line, make.__name__, error)
            return ()

    def _failed(self, line: _Line, doing: str, error: Exception) -> None:
        self._observers.failed(line.call.id, doing, error)

    def _enter(self) -> None:
        self._under_way += 1
        self._quiet.clear()

    def _leave(self) -> None:
        self._under_way -= 1
        if not self._under_way:
            self._quiet.set()


def _not_recorded(commands: tuple[Command, ...]) -> tuple[tuple[Command, ...], list[Event]]:
    """The commands but those that begin to record, which have failed: after a restart nothing would stop what nothing
    knows of, nor keep it. The call tries again in a while."""
    held = [command for command in commands if isinstance(command, Record)]
    outcomes: list[Event] = [RecordingBegun((), command.sides, NOT_STORED) for command in held]
    return tuple(command for command in commands if command not in held), outcomes


def _disarm(line: _Line) -> None:
    if line.timer is not None:
        line.timer.cancel()
        line.timer = None


_EVENT_OF: Mapping[LegState, type[LegRinging | LegProgressed | LegAnswered]] = {
    LegState.RINGING: LegRinging,
    LegState.EARLY_MEDIA: LegProgressed,
    LegState.UP: LegAnswered,
}


def _event_of(side: Side, said: LegState | None) -> Event | None:
    """What a call is to be told of a leg the switch was asked about; an old story is ignored by `advance`."""
    if said is LegState.GONE:
        return LegEnded(side, detail=LOST)
    kind = _EVENT_OF.get(said) if said else None
    return kind(side) if kind else None
