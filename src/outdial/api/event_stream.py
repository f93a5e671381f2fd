"""Server-sent events: what happens to an account, from a place on, for as long as the reader stays.

Nothing is queued for anybody: each reader is read for from where it stands, one page at a time, so that a slow one
costs one page. One that takes nothing for too long is cut off; the number of what it got last is where to go on.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field

import structlog
from starlette.types import Receive, Scope, Send

from outdial.api.errors import Forbidden, Unauthenticated
from outdial.api.event_query import Asked, EventsNotKept
from outdial.api.parts import Parts
from outdial.calls.event_log import PAGE
from outdial.domain.cloud_events import cloud_event, encode
from outdial.domain.notices import Notice
from outdial.domain.refusals import Refusal, TooManyRequests, Unavailable

HEARTBEAT_SECONDS = 15.0
CHECK_SECONDS = 60.0
"""How often it is seen whether the reader's token is still good."""
SLOW_SECONDS = 15.0
"""A reader that takes longer for one page is told to come back, from where it got to."""
STUCK_SECONDS = 30.0
"""One that took nothing for so long is cut off without a word: there is no way of telling it."""
RECONNECT_MS = 2_000
MOST_STREAMS = 1_000
MOST_OF_AN_ACCOUNT = 100
_HEAD = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    # Proxies would keep events until there are enough of them.
    (b"x-accel-buffering", b"no"),
]


class TooManyStreams(TooManyRequests):
    """The account, or everybody together, reads as many streams as may be read at a time."""

    text = "Too many event streams are open; close one, or read pages"


@dataclass
class Streams:
    """Every stream that is open in this process."""

    observe_lag: Callable[[str, int | None], None]
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    _open: Counter[str] = field(default_factory=Counter)
    _behind: dict[int, int] = field(default_factory=dict)

    def close(self) -> None:
        """Let every stream end, so that the process can."""
        self.closing.set()

    @contextmanager
    def place(self, account: str) -> Iterator[int]:
        """Room for one more is kept inside; a number that stands for it.

        Raises:
            TooManyStreams: there is none.
        """
        if self._open.total() >= MOST_STREAMS or self._open[account] >= MOST_OF_AN_ACCOUNT:
            raise TooManyStreams(retry_after_seconds=5)
        self._open[account] += 1
        number = next(number for number in range(MOST_STREAMS) if number not in self._behind)
        self._behind[number] = 0
        try:
            yield number
        finally:
            self._open[account] -= 1
            self.is_behind(number, 0)
            del self._behind[number]

    def is_behind(self, number: int, milliseconds: int) -> None:
        """How old the oldest event is that a stream has not sent."""
        self._behind[number] = milliseconds
        self.observe_lag("streams", max(self._behind.values()))


class EventStream:
    """One reader's stream, as an ASGI response."""

    def __init__(
        self, parts: Parts, streams: Streams, wish: Asked, start: int, still_good: Callable[[], Awaitable[object]]
    ) -> None:
        self._parts, self._streams, self._wish = parts, streams, wish
        self._cursor = start
        self._still_good = still_good
        self._wake = asyncio.Event()
        self._left = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events until the reader leaves, is too slow, or may not read any more."""
        with self._streams.place(self._wish.account) as number:
            await send({"type": "http.response.start", "status": 200, "headers": _HEAD})
            async with asyncio.TaskGroup() as tasks:
                watches = [tasks.create_task(self._watch(receive)), tasks.create_task(self._await_close())]
                try:
                    await self._send_all(number, send)
                finally:
                    for watch in watches:
                        watch.cancel()

    async def _send_all(self, number: int, send: Send) -> None:
        loop = asyncio.get_running_loop()
        async with aclosing(self._texts(number)) as texts:
            async for text in texts:
                started = loop.time()
                try:
                    async with asyncio.timeout(STUCK_SECONDS):
                        await send(_body(text))
                except TimeoutError:
                    structlog.get_logger().info("event stream cut off", account=self._wish.account, after=self._cursor)
                    return
                if self._left:
                    return
                if loop.time() - started > SLOW_SECONDS:
                    await send(_body(self._end("You read too slowly")))
                    break
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _texts(self, number: int) -> AsyncGenerator[str]:
        """What is sent, piece by piece."""
        loop = asyncio.get_running_loop()
        yield f"retry: {RECONNECT_MS}\nid: {self._cursor}\n\n"
        check_at = loop.time() + CHECK_SECONDS
        with self._parts.events.listening(self._wish.account) as self._wake:
            while not self._left:
                self._wake.clear()
                if self._streams.closing.is_set():
                    yield self._end("This process stops")
                    return
                if loop.time() >= check_at:
                    check_at = loop.time() + CHECK_SECONDS
                    if not await self._may_stay():
                        yield self._end(Unauthenticated.text)
                        return
                try:
                    page = await self._page()
                except EventsNotKept as gone:
                    yield self._end(gone.message, gone.resume_after)
                    return
                if page:
                    self._streams.is_behind(number, self._parts.clock.now() - page[0][1].at)
                    yield await self._told(page)
                    continue
                self._streams.is_behind(number, 0)
                if not await self._woken(min(HEARTBEAT_SECONDS, check_at - loop.time())):
                    yield f": still here\nid: {self._cursor}\n\n"

    async def _page(self) -> Sequence[tuple[int, Notice]]:
        """The next events; none where there are none yet, or the store does not answer.

        Raises:
            EventsNotKept: this reader fell so far behind that some are no longer kept.
        """
        try:
            page = await self._parts.events.after(self._wish.account, self._cursor, PAGE)
            if page and page[0][0] > self._cursor + 1:
                raise EventsNotKept(self._cursor, await self._parts.events.kept(self._wish.account))
        except Unavailable:
            return ()
        return page

    async def _told(self, page: Sequence[tuple[int, Notice]]) -> str:
        """A page's events that are wanted; where none is, at least how far the reader has come."""
        wanted = await self._wish.filter_now(self._parts)
        texts = [_event(seq, notice) for seq, notice in page if wanted.wants(notice)]
        self._cursor = page[-1][0]
        if not wanted.wants(page[-1][1]):
            texts.append(f"id: {self._cursor}\n\n")
        return "".join(texts)

    async def _may_stay(self) -> bool:
        try:
            await self._still_good()
        except (Unauthenticated, Forbidden):
            return False
        except Refusal:
            return True
        return True

    async def _woken(self, seconds: float) -> bool:
        """Wait until there may be something new; whether there is."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, seconds))
        return self._wake.is_set()

    async def _watch(self, receive: Receive) -> None:
        """See the reader leave."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._left = True
        self._wake.set()

    async def _await_close(self) -> None:
        await self._streams.closing.wait()
        self._wake.set()

    def _end(self, why: str, resume_after: int | None = None) -> str:
        after = self._cursor if resume_after is None else resume_after
        data = encode({"message": why, "resumeAfter": after})
        return f"id: {after}\nevent: end\ndata: {data}\n\n"


def _event(seq: int, notice: Notice) -> str:
    return f"id: {seq}\ndata: {encode(cloud_event(seq, notice))}\n\n"


def _body(text: str) -> dict[str, object]:
    return {"type": "http.response.body", "body": text.encode(), "more_body": True}
