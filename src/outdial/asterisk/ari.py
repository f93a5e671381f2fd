"""Asterisk's REST interface, as far as calls and phones need it: about twenty typed methods over a small pool.

Must not know the domain. Commands go over HTTP keep-alive, because a WebSocket serves them one at a time.

AriError
├── AriRefused       the switch answered, and said no; `status` is its HTTP status
├── AriUncertain     sent, but no answer came: it may have been done
└── AriUnreachable   never sent: it was not done
"""

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

from pydantic_core import from_json, to_json

from outdial.asterisk.connections import Connections, NotAnswered, NotSent

POOL_SIZE = 24
"""Connections at a time; Asterisk's own limit is 100 sessions."""
ANSWER_SECONDS = 5
"""How long a command may go unanswered."""


class AriError(Exception):
    """A command did not go through."""


class AriRefused(AriError):
    """The switch said no."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        super().__init__(f"{status} {text}")


class AriUncertain(AriError):
    """Nobody knows whether it was done."""


class AriUnreachable(AriError):
    """It was not done: the switch can't be reached."""


class Ari:
    """Commands to one switch. Use it as an async context manager."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self._base = urlsplit(url).path.rstrip("/") + "/ari/"
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        headers = {"Authorization": f"Basic {credentials}"}
        self._connections = Connections(url, headers, most=POOL_SIZE, seconds=ANSWER_SECONDS)

    async def __aenter__(self) -> Self:
        await self._connections.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connections.__aexit__(kind, error, trace)

    async def originate(
        self,
        channel_id: str,
        endpoint: str,
        app: str,
        *,
        timeout_seconds: int,
        caller_id: str | None,
        variables: Mapping[str, str],
    ) -> None:
        """Ring a phone; its channel enters the application once it is answered."""
        query = {"endpoint": endpoint, "app": app, "timeout": str(timeout_seconds)}
        if caller_id is not None:
            query["callerId"] = caller_id
        await self._call("POST", _path("channels", channel_id), query, {"variables": dict(variables)})

    async def create_channel(self, channel_id: str, endpoint: str, app: str, *, variables: Mapping[str, str]) -> None:
        """Make a channel in the application without ringing anybody yet."""
        query = {"endpoint": endpoint, "app": app, "channelId": channel_id}
        await self._call("POST", "channels/create", query, {"variables": dict(variables)})

    async def dial(self, channel_id: str, *, timeout_seconds: int) -> None:
        """Ring the phone of a channel that was created."""
        await self._call("POST", _path("channels", channel_id, "dial"), {"timeout": str(timeout_seconds)})

    async def ring(self, channel_id: str) -> None:
        """Let a channel hear ringing."""
        await self._call("POST", _path("channels", channel_id, "ring"))

    async def stop_ring(self, channel_id: str) -> None:
        """Let a channel hear no more ringing."""
        await self._call("DELETE", _path("channels", channel_id, "ring"))

    async def hang_up(self, channel_id: str, *, reason: str | None = None) -> None:
        """End a channel, at whatever moment."""
        await self._call("DELETE", _path("channels", channel_id), {"reason": reason} if reason else None)

    async def play(self, channel_id: str, playback_id: str, sound: str) -> None:
        """Let a channel hear a sound file (its path without the ending), over whatever it hears in its bridge."""
        await self._call("POST", _path("channels", channel_id, "play", playback_id), {"media": f"sound:{sound}"})

    async def stop_playing(self, playback_id: str) -> None:
        """Let it hear no more of it. Refused with 404 where it has ended."""
        await self._call("DELETE", _path("playbacks", playback_id))

    async def channel(self, channel_id: str) -> dict[str, Any] | None:
        """What the switch says of a channel; none where it has no such one."""
        try:
            found: dict[str, Any] = await self._call("GET", _path("channels", channel_id))
        except AriRefused as error:
            if error.status == 404:
                return None
            raise
        return found

    async def channels(self) -> list[dict[str, Any]]:
        """Every channel on the switch."""
        found: list[dict[str, Any]] = await self._call("GET", "channels")
        return found

    async def create_bridge(self, bridge_id: str) -> None:
        """Make a mixing bridge."""
        await self._call("POST", _path("bridges", bridge_id), {"type": "mixing"})

    async def add_to_bridge(self, bridge_id: str, *channel_ids: str) -> None:
        """Let channels hear each other. Identities are not exchanged, or each would be shown the other's number."""
        query = {"channel": ",".join(channel_ids), "inhibitConnectedLineUpdates": "true"}
        await self._call("POST", _path("bridges", bridge_id, "addChannel"), query)

    async def destroy_bridge(self, bridge_id: str) -> None:
        """Remove a bridge; channels in it stay."""
        await self._call("DELETE", _path("bridges", bridge_id))

    async def endpoints(self) -> list[dict[str, Any]]:
        """Every SIP endpoint, with its state."""
        found: list[dict[str, Any]] = await self._call("GET", "endpoints/PJSIP")
        return found

    async def has_config(self, kind: str, name: str) -> bool:
        """Whether the switch has a PJSIP object, of whatever origin."""
        try:
            await self._call("GET", _path("asterisk", "config", "dynamic", "res_pjsip", kind, name))
        except AriRefused as error:
            if error.status != 404:
                raise
            return False
        return True

    async def put_config(self, kind: str, name: str, fields: Mapping[str, str]) -> None:
        """Make or change a dynamic PJSIP object."""
        body = {"fields": [{"attribute": key, "value": value} for key, value in fields.items()]}
        await self._call("PUT", _path("asterisk", "config", "dynamic", "res_pjsip", kind, name), None, body)

    async def delete_config(self, kind: str, name: str) -> None:
        """Remove a dynamic PJSIP object; quiet where it is not there."""
        try:
            await self._call("DELETE", _path("asterisk", "config", "dynamic", "res_pjsip", kind, name))
        except AriRefused as error:
            if error.status != 404:
                raise

    async def info(self) -> dict[str, Any]:
        """Version and start of the switch."""
        found: dict[str, Any] = await self._call("GET", "asterisk/info")
        return found

    async def subscribe_endpoints(self, app: str) -> None:
        """Let the application hear of every phone that registers or goes away."""
        await self._call("POST", _path("applications", app, "subscription"), {"eventSource": "endpoint:PJSIP"})

    async def allow_events(self, app: str, *kinds: str) -> None:
        """Send the application these kinds of event and no others."""
        body = {"allowed": [{"type": kind} for kind in kinds]}
        await self._call("PUT", _path("applications", app, "eventFilter"), None, body)

    async def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 -- JSON
        target = f"{self._base}{path}?{urlencode(query)}" if query else self._base + path
        try:
            status, answer = await self._connections.ask(method, target, to_json(body) if body else b"")
        except NotSent as error:
            raise AriUnreachable(str(error)) from error
        except NotAnswered as error:
            raise AriUncertain(f"{error}, on {method} {path}") from error
        if status >= 300:
            raise AriRefused(status, answer.decode("utf-8", "replace")[:200])
        return from_json(answer) if status == 200 else None


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
