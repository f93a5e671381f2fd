"""Why a carrier could not be reached: the resolver and the network are asked, once for many calls."""

import asyncio

import pytest

from outdial.asterisk import obstacles as module
from outdial.asterisk.obstacles import Obstacles
from outdial.domain.directory import Trunk
from support.ports import held_port


async def test_a_host_that_nobody_knows_can_not_be_found() -> None:
    assert await Obstacles().before(Trunk("acc", "c1", "sip.invalid")) == "sip.invalid can't be found"


async def test_a_port_where_nobody_listens_takes_no_connection() -> None:
    with held_port() as port:
        found = await Obstacles().before(Trunk("acc", "c1", "127.0.0.1", port, "tcp"))
        assert found == f"127.0.0.1 can't be reached on port {port}: Connection refused"
        assert await Obstacles().before(Trunk("acc", "c1", "127.0.0.1", port, "udp")) is None, "nothing is sent"


async def test_nothing_stands_before_one_that_takes_connections() -> None:
    async with await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await Obstacles().before(Trunk("acc", "c1", "127.0.0.1", port, "tcp")) is None


async def test_many_calls_that_fail_at_once_ask_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def ask(trunk: Trunk) -> str:
        asked.append(trunk.id)
        await asyncio.sleep(0)
        return "it is away"

    monkeypatch.setattr(module, "_obstacle", ask)
    obstacles = Obstacles()
    trunks = [Trunk("acc", "c1", "127.0.0.1"), Trunk("acc", "c2", "127.0.0.1")]
    assert set(await asyncio.gather(*(obstacles.before(trunk) for trunk in trunks * 10))) == {"it is away"}
    assert sorted(asked) == ["c1", "c2"]
