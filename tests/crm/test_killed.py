"""Killed for real, with SIGKILL, again and again in the middle of its work: every call is one task, none is lost."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from outdial.calls.crm import TaskState
from support import salesforce as tricks
from support.posting import until
from support.receivers import Request, receiver
from support.salesforce import ACCOUNT, Org, answers
from support.telling import Telling, org_of, request_to

CALLS = [f"c{number:02}" for number in range(32)]
TESTS = Path(__file__).parent.parent


@asynccontextmanager
async def process(file: Path) -> AsyncIterator[None]:
    """A worker of its own inside, which is killed at the end."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "support.crm_process", str(file)),
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    try:
        yield
    finally:
        started.kill()
        await started.wait()


async def reached(requests: Sequence[object], count: int, made: Sequence[str]) -> None:
    """Wait for so many requests, or until each call has arrived."""

    async def there() -> bool:
        return len(requests) >= count or len(set(made)) == len(CALLS)

    await until(there)


async def test_every_call_is_one_task_of_salesforce(telling: Telling, org: Org, file: Path) -> None:
    """Killed while requests are under way, of which some are carried out; some answers are lost, some are faults."""
    await telling.connect(org_of(org))
    for call in CALLS:
        await telling.call(call, reference=ACCOUNT)
    mixed = [tricks.loses_the_answer, answers(503, "SERVER_UNAVAILABLE"), _nothing, tricks.expires, _nothing]
    kills = 0
    while len(org.made) < len(CALLS):
        org.tricks[:] = mixed * 2 + [_nothing] * 8 + [tricks.hangs] * 8
        before = len(org.requests)
        async with process(file):
            await reached(org.requests, before + 12 + kills % 5, org.made)
        kills += 1
    org.tricks.clear()
    async with process(file):
        await telling.until_state(TaskState.DONE, *CALLS)
    assert kills >= 3
    assert sorted(org.made) == CALLS
    assert len(org.requests) > len(CALLS), "nothing was told twice: the kills came at no bad moment"
    subjects = {task["Subject"] for task in org.tasks.values()}
    assert subjects == {"Outbound call to 02072068888"}


async def _nothing(org: Org, request: object) -> None:
    """Served as it should be."""


async def test_every_call_reaches_any_other_crm_always_under_its_own_key(telling: Telling, file: Path) -> None:
    arrived: list[str] = []

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        arrived.append(request.headers["idempotency-key"])
        if len(arrived) % 5 == 0:
            writer.transport.abort()
            return
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with receiver(answer) as there:
        await telling.connect(request_to(there.url))
        for call in CALLS:
            await telling.call(call)
        while len(set(arrived)) < len(CALLS):
            before = len(arrived)
            async with process(file):
                await reached(arrived, before + 11, arrived)
        async with process(file):
            await telling.until_state(TaskState.DONE, *CALLS)
    assert sorted(set(arrived)) == CALLS
