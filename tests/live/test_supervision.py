"""The real switch outlives us and is adopted; killed, it comes back knowing its phones; and nothing is left of one that
was to end with us."""

import os
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from outdial.asterisk import home, process
from outdial.asterisk.endpoints import OUTSIDE
from outdial.asterisk.home import Wanted
from outdial.asterisk.switch import Switch, SwitchError
from outdial.asterisk.telephony import APP
from outdial.domain.directory import Agent, Trunk
from outdial.domain.refusals import StoreUnavailable
from support.ears import Ears
from support.ports import free_port
from support.real_switch import runtime
from support.sandbox_world import until


def make(folder: Path, *, ends_with_us: bool = True, host: str = "127.0.0.1", port: int = 0) -> Switch:
    wanted = Wanted(APP, host, port, 21_000, 21_999, None)
    return Switch("main", folder, runtime(), wanted, ends_with_us=ends_with_us)


async def test_a_switch_outlives_us_and_is_adopted(tmp_path: Path) -> None:
    first, ears = make(tmp_path, ends_with_us=False), Ears()
    try:
        async with first.running(ears):
            assert first.reachable
            assert ears.phones["acc-1"] is False
            before = process.running(tmp_path)
        assert before is not None
        assert before.alive
        assert not first.reachable
        second, ears = make(tmp_path, ends_with_us=False), Ears()
        async with second.running(ears):
            assert process.running(tmp_path) == before
            assert second.settings == first.settings
            assert ears.told[-1] == "came back"
    finally:
        left = process.running(tmp_path)
        if left is not None:
            await left.end()
    assert process.running(tmp_path) is None


async def test_a_killed_switch_comes_back_and_is_told_its_phones_again(tmp_path: Path) -> None:
    switch, ears = make(tmp_path), Ears()
    async with switch.running(ears):
        first = process.running(tmp_path)
        assert first is not None
        ears.phones.clear()
        ears.told.clear()
        os.kill(first.pid, signal.SIGKILL)
        await ears.until(lambda: "died" in ears.told)
        assert not switch.reachable
        await ears.until(lambda: "came back" in ears.told and bool(ears.phones))
        assert ears.told == ["died", "asked for its phones", "came back"]
        assert ears.phones["acc-1"] is False
        second = process.running(tmp_path)
        assert second is not None
        assert second != first
    assert not second.alive


async def test_one_that_is_adopted_holds_the_port_that_was_set_itself(tmp_path: Path) -> None:
    port = free_port()
    try:
        for _ in range(2):
            switch = make(tmp_path, ends_with_us=False, port=port)
            async with switch.running(Ears()):
                assert (switch.reachable, switch.trouble) == (True, None)
        with capture_logs() as logged:
            assert make(tmp_path, ends_with_us=False, port=port + 1).settings == switch.settings
        assert ["`outdial switch stop`" in line["event"] for line in logged] == [True], "how it gets the new ones"
    finally:
        left = process.running(tmp_path)
        if left is not None:
            await left.end()


async def test_one_whose_port_was_taken_meanwhile_says_so_and_comes_back_once_it_is_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Time for the other program to take the port before the switch does.
    monkeypatch.setattr("outdial.asterisk.switch.RETRY_SECONDS", 2)
    switch, ears = make(tmp_path), Ears()
    async with switch.running(ears):
        first = process.running(tmp_path)
        assert first is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:

            async def bound() -> bool:
                with suppress(OSError):
                    other.bind(("127.0.0.1", switch.settings.sip_port))
                return bool(other.getsockname()[1])

            async def in_trouble() -> bool:
                return switch.trouble is not None

            first.kill()
            await until(bound, "another program has the port")
            await until(in_trouble, "it is found taken")
            assert switch.trouble == home.sip_trouble("127.0.0.1", switch.settings.sip_port)
            assert not switch.reachable
            ears.told.clear()
        await ears.until(lambda: "came back" in ears.told)

        async def well() -> bool:
            return switch.reachable and switch.trouble is None

        await until(well, "it can be called again")


async def test_one_that_came_up_without_its_port_is_not_taken_for_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another program was quicker than the switch, after we had looked.
    monkeypatch.setattr(home, "sip_trouble", lambda *_: None)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(("127.0.0.1", 0))
            port = other.getsockname()[1]
            with pytest.raises(ExceptionGroup) as caught:
                async with make(tmp_path, ends_with_us=False, port=port).running(Ears()):
                    pass
        (error,) = caught.value.exceptions
        assert isinstance(error, SwitchError)
        assert str(error).startswith(f"sip_port {port}: the switch does not listen over UDP; see ")
    finally:
        left = process.running(tmp_path)
        if left is not None:
            await left.end()


class Forgetful(Ears):
    """The directory is away for a while."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False

    async def inventory(self) -> tuple[Sequence[Agent], Sequence[Trunk]]:
        found = await super().inventory()
        if self.away:
            raise StoreUnavailable
        return found


async def test_one_that_comes_back_while_the_directory_is_away_is_waited_with_and_not_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outdial.asterisk.switch.PING_SECONDS", 0.2)
    switch, ears = make(tmp_path), Forgetful()
    async with switch.running(ears):
        first = process.running(tmp_path)
        assert first is not None
        ears.away = True
        ears.told.clear()
        first.kill()
        await ears.until(lambda: ears.told.count("asked for its phones") > 3)
        # Whatever is out of reach for so long is ended, if it is its own fault.
        monkeypatch.setattr("outdial.asterisk.switch.BOOT_SECONDS", 0.5)
        second = process.running(tmp_path)
        asked = len(ears.told)
        await ears.until(lambda: len(ears.told) > asked + 10)
        assert process.running(tmp_path) == second is not None
        ears.away = False
        await ears.until(lambda: "came back" in ears.told)


async def test_it_listens_on_an_address_of_version_6(tmp_path: Path) -> None:
    switch = make(tmp_path, host="::1")
    async with switch.running(Ears()):
        assert switch.trouble is None
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            with socket.socket(socket.AF_INET6, kind) as probe, pytest.raises(OSError, match="in use"):
                probe.bind(("::1", switch.settings.sip_port))


async def test_a_stranger_on_the_events_port_is_refused(tmp_path: Path) -> None:
    switch, ears = make(tmp_path), Ears()
    async with switch.running(ears), aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{switch.settings.events_port}/"
        for said in ("Basic eDp5", "Basic é"):
            async with http.get(url, headers={"Authorization": said}) as refused:
                assert refused.status == 401
        assert switch.reachable


async def test_everything_is_told_once(tmp_path: Path) -> None:
    switch, ears = make(tmp_path), Ears()
    nobody = f"PJSIP/{OUTSIDE}/sip:nobody@127.0.0.1:9"
    async with switch.running(ears):
        for call in ("c1", "c2"):
            await switch.ari.originate(f"{call}-agent", nobody, APP, timeout_seconds=20, caller_id=None, variables={})
            await switch.ari.hang_up(f"{call}-agent")
        await ears.until(lambda: {"c1 LegEnded", "c2 LegEnded"} <= set(ears.told))
        assert sorted(told for told in ears.told if told.endswith("LegEnded")) == ["c1 LegEnded", "c2 LegEnded"]
        assert ears.phone_news.count(OUTSIDE) == 1
