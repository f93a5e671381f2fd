"""Twenty live calls and a kill -9, of the service and of the switch: one round each. `make drill` plays ten."""

from pathlib import Path

from support.drills import kill_the_service, kill_the_switch
from support.served import served


async def test_calls_outlive_the_service_and_are_taken_over_again(tmp_path: Path) -> None:
    async with served(tmp_path) as world:
        assert (await kill_the_service(world)).live == 20


async def test_calls_of_a_killed_switch_end_and_it_comes_back(tmp_path: Path) -> None:
    async with served(tmp_path) as world:
        assert (await kill_the_switch(world)).live == 20
