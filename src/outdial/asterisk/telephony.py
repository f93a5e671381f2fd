"""The telephony port on Asterisk: what each command of a call means in ARI, and what its failures mean to a call.

Must not decide anything about a call; failures go back as events.
"""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from outdial.asterisk.ari import Ari, AriError, AriRefused, AriUnreachable
from outdial.asterisk.endpoints import address_of, caller_id_text, party_variables
from outdial.asterisk.translate import channel_id, leg_of, leg_state
from outdial.domain.call import Call
from outdial.domain.causes import name_of
from outdial.domain.commands import (
    Announce,
    Comfort,
    Command,
    Dial,
    Dismantle,
    HangUp,
    Join,
    Prepare,
    Ring,
    StopAnnouncement,
)
from outdial.domain.events import CommandFailed, Event, LegEnded, LegRefused
from outdial.domain.legs import LegState, Side
from outdial.domain.plan import Phone, PhoneKind

APP = "outdial"
"""Name of the Stasis application that holds our channels."""
BACKSTOP_SECONDS = 5
"""How much longer than the call's own deadline the switch lets a phone ring."""
SoundOf = Callable[[str, str], Path | None]
"""Where an account's announcement of a name lies; none where there is no such one."""
_NO_WAY_THERE = "Allocation failed"
"""The switch's words for a leg to an endpoint that it does not know, or that it knows no contact of."""
ENTER_SECONDS = 5
"""How long a created channel may take to enter the application; it takes a millisecond."""


def no_sound(account: str, name: str) -> Path | None:
    """A switch without announcements."""
    return None


class AsteriskTelephony:
    """Commands of calls as ARI requests on one switch."""

    def __init__(self, name: str, ari: Ari, is_reachable: Callable[[], bool], sound_of: SoundOf = no_sound) -> None:
        self._name = name
        self._ari = ari
        self._is_reachable = is_reachable
        self._sound_of = sound_of
        self._entering: dict[str, asyncio.Event] = {}

    def heard(self, event: Mapping[str, Any]) -> None:
        """Take note of what the switch tells, before anything that follows from it: a channel has entered, or ended."""
        if event.get("type") in ("StasisStart", "ChannelDestroyed"):
            entering = self._entering.get(event["channel"]["id"])
            if entering is not None:
                entering.set()

    @property
    def name(self) -> str:
        """The switch's name, as calls and the store know it."""
        return self._name

    @property
    def reachable(self) -> bool:
        """Whether the switch is up and its events reach us."""
        return self._is_reachable()

    async def perform(self, call: Call, command: Command) -> Event | None:
        """Carry out one command; what goes wrong comes back as an event."""
        try:
            return await self._perform(call, command)
        except AriError as error:
            return CommandFailed(type(command).__name__, str(error))

    async def leg_state(self, call_id: str, side: Side) -> LegState | None:
        """What the switch says of one leg now."""
        try:
            channel = await self._ari.channel(channel_id(call_id, side))
        except AriError:
            return None
        return LegState.GONE if channel is None else leg_state(channel)

    async def legs_held(self) -> Mapping[str, Mapping[Side, LegState]] | None:
        """Every leg of ours the switch holds."""
        try:
            channels = await self._ari.channels()
        except AriError:
            return None
        held: dict[str, dict[Side, LegState]] = {}
        for channel in channels:
            leg = leg_of(str(channel.get("id", "")))
            if leg is not None:
                call_id, side = leg
                held.setdefault(call_id, {})[side] = leg_state(channel)
        return MappingProxyType(held)

    async def drop(self, call_id: str, side: Side) -> None:
        """End a channel that belongs to no live call, and the bridge it may have been in."""
        try:
            await self._ari.hang_up(channel_id(call_id, side))
            await self._ari.destroy_bridge(call_id)
        except AriError:
            return

    async def _perform(self, call: Call, command: Command) -> Event | None:
        match command:
            case Ring(seconds):
                return await self._ring(call, seconds)
            case Comfort():
                await self._ari.ring(channel_id(call.id, Side.AGENT))
            case Prepare():
                return await self._prepare(call)
            case Dial(seconds):
                await self._dial(call, seconds)
            case Join():
                await self._ari.stop_ring(channel_id(call.id, Side.AGENT))
            case Announce(name):
                return await self._announce(call, name)
            case StopAnnouncement():
                await self._stop_announcement(call)
            case HangUp(side):
                return await self._hang_up(call, side)
            case Dismantle():
                await self._dismantle(call)
        return None

    async def _ring(self, call: Call, seconds: int) -> Event | None:
        plan, channel = call.plan, channel_id(call.id, Side.AGENT)
        try:
            await self._ari.originate(
                channel,
                address_of(plan.agent_phone, call.account),
                APP,
                timeout_seconds=seconds + BACKSTOP_SECONDS,
                caller_id=caller_id_text(plan.agent_sees),
                variables={},
            )
        except AriRefused as error:
            return await self._refused(channel, Side.AGENT, plan.agent_phone, error)
        except AriUnreachable as error:
            return LegRefused(Side.AGENT, str(error))
        return None

    async def _prepare(self, call: Call) -> Event | None:
        channel = channel_id(call.id, Side.PARTY)
        entered = self._entering[channel] = asyncio.Event()
        try:
            refused = await self._create(call, channel)
            if refused is not None:
                return refused
            # A created channel enters the application a moment after the reply, and takes no command before that:
            # without waiting, one call in ten failed under load ("Channel not in Stasis application").
            await asyncio.wait_for(entered.wait(), ENTER_SECONDS)
        except TimeoutError:
            return CommandFailed(Prepare.__name__, "the channel did not enter the application")
        finally:
            del self._entering[channel]
        return None

    async def _dial(self, call: Call, seconds: int) -> None:
        party = channel_id(call.id, Side.PARTY)
        await self._ari.add_to_bridge(call.id, channel_id(call.id, Side.AGENT), party)
        await self._ari.dial(party, timeout_seconds=seconds + BACKSTOP_SECONDS)

    async def _create(self, call: Call, channel: str) -> Event | None:
        """Make the party's channel and the bridge for both."""
        address, variables = address_of(call.plan.party_phone, call.account), party_variables(call.plan.party_sees)
        created, bridged = await asyncio.gather(
            self._ari.create_channel(channel, address, APP, variables=variables),
            self._ari.create_bridge(call.id),
            return_exceptions=True,
        )
        if isinstance(created, AriRefused):
            refused = await self._refused(channel, Side.PARTY, call.plan.party_phone, created)
            if refused is not None:
                return refused
            # A process that was killed before it could store that the agent has answered made it, a while ago.
            self._entering[channel].set()
        elif created is not None:
            raise created
        if bridged is not None and not _is_there(bridged):
            raise bridged
        return None

    async def _refused(self, channel: str, side: Side, phone: Phone, error: AriRefused) -> Event | None:
        """The switch said no, unless the channel is there after all: its 409 proves neither, so ask."""
        if await self._ari.channel(channel) is not None:
            return None
        return LegRefused(side, _why(phone) if _NO_WAY_THERE in str(error) else str(error))

    async def _hang_up(self, call: Call, side: Side) -> Event | None:
        try:
            await self._ari.hang_up(channel_id(call.id, side))
        except AriRefused as error:
            if error.status != 404:
                raise
            return LegEnded(side)
        return None

    async def _announce(self, call: Call, name: str) -> Event | None:
        sound = self._sound_of(call.account, name)
        if sound is None:
            return CommandFailed(Announce.__name__, f"there is no announcement of the name {name}")
        playback, path = f"{call.id}-announcement", str(sound.with_suffix(""))
        await self._ari.play(channel_id(call.id, Side.PARTY), playback, path)
        return None

    async def _stop_announcement(self, call: Call) -> None:
        try:
            await self._ari.stop_playing(f"{call.id}-announcement")
        except AriRefused as error:
            if error.status != 404:
                raise

    async def _dismantle(self, call: Call) -> None:
        try:
            await self._ari.destroy_bridge(call.id)
        except AriRefused as error:
            if error.status != 404:
                raise


def _why(phone: Phone) -> str:
    """What it means for a phone that the switch knows no way to it."""
    match phone.kind:
        case PhoneKind.SIP:
            return f"{name_of(phone)} is not registered, or no longer answers"
        case PhoneKind.NUMBER:
            return f"{name_of(phone)} is not known to the switch"
        case PhoneKind.ADDRESS:
            return f"{name_of(phone)} can't be called"


def _is_there(error: BaseException) -> bool:
    """Whether something could not be made because there is one of its name."""
    return isinstance(error, AriRefused) and error.status == 409
