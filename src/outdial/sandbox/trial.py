"""Places one example call, waits until both sides talk, hangs up, and measures what each side heard."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import aiohttp

from outdial.domain.call import Call, State
from outdial.domain.commands import Command
from outdial.domain.events import Event
from outdial.sandbox import behaviours, seed
from outdial.sandbox.examples import Example
from outdial.sandbox.far_end import FarEnd
from outdial.sandbox.journal import Heard
from outdial.sandbox.tones import heard_ms

TALK_SECONDS = 1.5
"""How long a call is left joined."""
ENOUGH_MS = 600
"""How much of the other side's tone each side must have heard of that."""
PATIENCE_SECONDS = 30
"""How long anything may take before the trial is given up."""
WRITTEN_SECONDS = 3
"""How long a recording may take to reach the disk after the call has ended."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One example call, how far it has come, and what was measured. Times are milliseconds."""

    example: Example
    status: int | None = None
    answered_in_ms: int | None = None
    """How long the API took to say 201, the agent's phone having been asked to ring."""
    call: Call | None = None
    agent_heard_ms: int | None = None
    party_heard_ms: int | None = None
    recorded: tuple[str, ...] | None = None
    """The legs that were being recorded when the call was hung up, as the API told it; none where it was not asked."""
    failure: str | None = None
    done: bool = False

    @property
    def passed(self) -> bool:
        """Whether the audio of each side was received at the other."""
        return self.done and self.failure is None

    def to_dict(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "shows": self.example.shows,
            "passed": self.passed,
            "failure": self.failure,
            "status": self.status,
            "call": self.call.id if self.call else None,
            "answered_in_ms": self.answered_in_ms,
            "agent_heard_ms": self.agent_heard_ms,
            "party_heard_ms": self.party_heard_ms,
            "recorded": None if self.recorded is None else list(self.recorded),
        }


class Watcher:
    """An observer of the engine that lets somebody wait for what becomes of a call."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}
        self._wake = asyncio.Event()
        self.listener: Callable[[Call], None] = lambda _: None

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """A call has changed."""
        self._calls[after.id] = after
        self.listener(after)
        self._wake.set()

    def event(self, call_id: str, event: Event) -> None:
        """Only what became of a call matters here."""

    def command(self, call_id: str, command: Command) -> None:
        """Only what became of a call matters here."""

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """Only what became of a call matters here."""

    async def until(self, call_id: str, *states: State) -> Call:
        """Wait until a call is in one of these states, or has ended."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                call = self._calls.get(call_id)
                if call is not None and call.state in (*states, State.ENDED):
                    return call
                self._wake.clear()
                await self._wake.wait()


@dataclass(frozen=True, slots=True)
class Stage:
    """Where trials are held."""

    http: aiohttp.ClientSession
    url: str
    token: str = field(repr=False)
    watcher: Watcher
    far_end: FarEnd
    show: Callable[[Trial], None]


async def hold_trial(stage: Stage, example: Example) -> Trial:
    """Place the call and see it through. What goes wrong is told in the trial's `failure`."""
    trial = Trial(example)
    stage.show(trial)
    try:
        trial = await _see_through(stage, trial)
    except TimeoutError:
        trial = replace(trial, failure=f"nothing more happened for {PATIENCE_SECONDS} s")
    except aiohttp.ClientError as error:
        trial = replace(trial, failure=f"the API could not be reached: {error}")
    trial = replace(trial, done=True)
    stage.show(trial)
    return trial


async def _see_through(stage: Stage, trial: Trial) -> Trial:
    began = len(stage.far_end.calls())
    status, body, took = await _post(stage, trial.example)
    trial = replace(trial, status=status, answered_in_ms=took)
    if status != 201:
        return replace(trial, failure=f"{status} {body.get('message', body)}")
    call_id = str(body["id"])

    def follow(call: Call) -> None:
        nonlocal trial
        if call.id == call_id:
            trial = replace(trial, call=call)
            stage.show(trial)

    stage.watcher.listener = follow
    call = await stage.watcher.until(call_id, State.JOINED)
    if call.state is State.JOINED:
        await asyncio.sleep(TALK_SECONDS)
        trial = replace(trial, recorded=await _recorded(stage, call_id))
        await _delete(stage, call_id)
        call = await stage.watcher.until(call_id, State.ENDED)
    trial = replace(trial, call=call)
    if call.joined_at is None:
        return replace(trial, failure=f"the two sides were never joined: {call.result}")
    return await _measured(stage.far_end, trial, call, began)


async def _post(stage: Stage, example: Example) -> tuple[int, dict[str, Any], int]:
    headers = {"Authorization": f"Bearer {stage.token}", "Content-Type": example.content_type}
    started = time.monotonic_ns()
    async with stage.http.post(f"{stage.url}/v0/{seed.ACCOUNT}/calls/", json=example.body, headers=headers) as reply:
        took = (time.monotonic_ns() - started) // 1_000_000
        return reply.status, await reply.json(), took


async def _recorded(stage: Stage, call_id: str) -> tuple[str, ...]:
    """The legs of a call that are being recorded, as the API tells it."""
    headers = {"Authorization": f"Bearer {stage.token}"}
    async with stage.http.get(f"{stage.url}/v6/{seed.ACCOUNT}/calls/{call_id}", headers=headers) as reply:
        reply.raise_for_status()
        return tuple((await reply.json())["recording"]["now"]["legs"])


async def _delete(stage: Stage, call_id: str) -> None:
    headers = {"Authorization": f"Bearer {stage.token}"}
    async with stage.http.delete(f"{stage.url}/v0/{seed.ACCOUNT}/calls/{call_id}", headers=headers) as reply:
        await reply.read()


async def _measured(far_end: FarEnd, trial: Trial, call: Call, began: int) -> Trial:
    """The trial with what each side heard of the other's tone."""
    party = call.plan.party_phone.address
    said = behaviours.CALLED_AGENT_TONE if call.plan.called_agent_id else behaviours.PARTY_TONE
    give_up = time.monotonic() + WRITTEN_SECONDS
    while True:
        legs = {each.called: each for each in far_end.calls()[began:]}
        at_agent = _heard(far_end, legs.get(seed.sip_user(call.plan.agent_id)), said)
        at_party = _heard(far_end, legs.get(party), behaviours.AGENT_TONE)
        trial = replace(trial, agent_heard_ms=at_agent, party_heard_ms=at_party)
        failure = _what_is_missing(at_agent, at_party)
        if failure is None or time.monotonic() > give_up:
            return replace(trial, failure=failure)
        await asyncio.sleep(0.1)


def _heard(far_end: FarEnd, leg: Heard | None, tone: int) -> int:
    return 0 if leg is None else heard_ms(far_end.sound_of(leg), tone)


def _what_is_missing(at_agent: int, at_party: int) -> str | None:
    if at_agent < ENOUGH_MS:
        return f"the agent heard only {at_agent} ms of the other side"
    if at_party < ENOUGH_MS:
        return f"the other side heard only {at_party} ms of the agent"
    return None
