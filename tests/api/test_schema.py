"""The OpenAPI document is true of the Calls API: schemathesis makes requests from it and holds each answer against it.

`EXAMPLES` in the environment says how many requests are made up for each operation; `make fuzz` makes 2,000.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from outdial.calls.hang_up_call import hang_up_call
from support.api_world import ACCOUNT, ApiWorld, PassingTime, api_world
from support.raw_http import listening

EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
CONTRADICTED = "use_after_free"
"""Of these operations only hanging up is a DELETE, and a call that was hung up is no resource that was removed: the
contract has it readable during the call and after it."""
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"


@asynccontextmanager
async def nothing_lasts(world: ApiWorld) -> AsyncIterator[None]:
    """Every call is hung up after a moment, so that agents are free again and again; and every stream ends, which else
    would be read for a minute."""
    streams = world.app.state.streams

    async def end_all() -> None:
        while True:
            for call_id in list(world.engine.live):
                await hang_up_call(world.engine, world.store, ACCOUNT, call_id)
            streams.closing.set()
            await asyncio.sleep(0.01)
            streams.closing.clear()
            await asyncio.sleep(0.05)

    task = asyncio.create_task(end_all())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def document_of(world: ApiWorld) -> str:
    """The document as it is served, but that there is one account: the one the token is for."""
    document = (await world.client.get("/openapi.json")).json()
    document["components"]["parameters"]["AccountKey"]["schema"] = {"const": ACCOUNT}
    return json.dumps(document)


@pytest.mark.timeout(0)
async def test_every_answer_is_as_the_document_says(database_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    async with api_world(database_file, time=PassingTime()) as world, listening(world.app) as listener:
        await world.change_account(calls_per_second=1000.0)
        file.write_text(await document_of(world), encoding="utf-8")
        command = [
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(CONFIGURATION)),
            *("run", str(file), "--url", f"http://127.0.0.1:{listener.port}", "--checks", "all"),
            *("--exclude-checks", CONTRADICTED, "--exclude-path-regex", "^/manage/"),
            *("--header", f"Authorization: Bearer {world.token()}", "--max-examples", str(EXAMPLES)),
            *("--continue-on-failure", "--no-color", "--warnings", "off"),
        ]
        async with nothing_lasts(world):
            process = await asyncio.create_subprocess_exec(
                *command, cwd=tmp_path, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
            )
            output, _ = await process.communicate()
    said = output.decode()
    print(said)
    assert process.returncode == 0, said[said.find("= FAILURES =") :]
    assert "No issues found" in said
