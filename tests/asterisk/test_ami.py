"""The AMI client against a small server: answers find their action, and every way of failing has its own error."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from outdial.asterisk import ami as module
from outdial.asterisk.ami import Ami, AmiRefused, AmiUncertain, AmiUnreachable

Headers = dict[str, str]
Script = Callable[[Headers, asyncio.StreamWriter], Awaitable[None]]


async def succeed(action: Headers, writer: asyncio.StreamWriter) -> None:
    said = f"Response: Success\r\nActionID: {action['ActionID']}\r\nMessage: {action['Action']}\r\n\r\n"
    writer.write(said.encode())


@asynccontextmanager
async def manager(script: Script, seen: list[Headers] | None = None) -> AsyncIterator[Ami]:
    """An AMI whose server greets, takes actions, and answers each as the script does."""
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in text.strip().split("\r\n"))
                if seen is not None:
                    seen.append(action)
                await (succeed if action["Action"] == "Login" else script)(action, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server, Ami(server.sockets[0].getsockname()[1], "user", "secret") as ami:
        yield ami
        for writer in writers:
            writer.close()


async def test_it_logs_in_once_without_events() -> None:
    seen: list[Headers] = []
    async with manager(succeed, seen) as ami:
        assert (await ami.act("StopMixMonitor", Channel="c1-agent"))["message"] == "StopMixMonitor"
        await ami.act("StopMixMonitor", Channel="c1-party")
    assert [action["Action"] for action in seen] == ["Login", "StopMixMonitor", "StopMixMonitor"]
    assert (seen[0]["Username"], seen[0]["Secret"], seen[0]["Events"]) == ("user", "secret", "off")


async def test_answers_in_another_order_find_their_actions() -> None:
    held: list[Headers] = []

    async def backwards(action: Headers, writer: asyncio.StreamWriter) -> None:
        held.append(action)
        if len(held) == 3:
            for each in reversed(held):
                await succeed(each, writer)

    async with manager(backwards) as ami:
        answers = await asyncio.gather(*(ami.act(name) for name in ("A", "B", "C")))
    assert [answer["message"] for answer in answers] == ["A", "B", "C"]


async def test_an_event_that_comes_all_the_same_is_no_answer() -> None:
    async def noisy(action: Headers, writer: asyncio.StreamWriter) -> None:
        writer.write(f"Event: Ping\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
        await succeed(action, writer)

    async with manager(noisy) as ami:
        assert (await ami.act("A"))["message"] == "A"


async def test_a_refusal_says_why() -> None:
    async def refuse(action: Headers, writer: asyncio.StreamWriter) -> None:
        writer.write(f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: No such channel\r\n\r\n".encode())

    async with manager(refuse) as ami:
        with pytest.raises(AmiRefused, match="No such channel"):
            await ami.act("MixMonitor", Channel="gone")


async def test_silence_is_uncertain(monkeypatch: pytest.MonkeyPatch) -> None:
    async def be_silent(action: Headers, writer: asyncio.StreamWriter) -> None:
        if action["Action"] != "B":
            await succeed(action, writer)

    async with manager(be_silent) as ami:
        await ami.act("A")
        # Only now: to come to an end before it has logged in would be no silence.
        monkeypatch.setattr(module, "ANSWER_SECONDS", 0.05)
        with pytest.raises(AmiUncertain):
            await ami.act("B")


async def test_a_lost_connection_is_uncertain_and_the_next_action_connects_again() -> None:
    seen: list[Headers] = []

    async def hang_up_once(action: Headers, writer: asyncio.StreamWriter) -> None:
        if action["Action"] == "A":
            writer.close()
            return
        await succeed(action, writer)

    async with manager(hang_up_once, seen) as ami:
        with pytest.raises(AmiUncertain):
            await ami.act("A")
        await ami.act("B")
    assert [action["Action"] for action in seen] == ["Login", "A", "Login", "B"]


async def test_nobody_there_is_unreachable() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    async with Ami(port, "user", "secret") as ami:
        with pytest.raises(AmiUnreachable):
            await ami.act("A")


@pytest.mark.parametrize("text", ["a\r\nAction: Command", "a\n", "a\0"])
async def test_no_header_can_begin_another(text: str) -> None:
    seen: list[Headers] = []
    async with manager(succeed, seen) as ami:
        with pytest.raises(ValueError, match="end of a line"):
            await ami.act("MixMonitor", Channel=text)
    assert not seen
