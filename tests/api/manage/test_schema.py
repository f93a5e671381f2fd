"""The OpenAPI document is true of the management API: each answer to made-up requests is held against it.

`EXAMPLES` in the environment says how many requests are made up for each operation.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from support.api_world import ACCOUNT, ApiWorld, PassingTime, api_world
from support.manage import operators_token
from support.raw_http import listening

EXAMPLES = int(os.environ.get("EXAMPLES", "4"))
CONFIGURATION = Path(__file__).parent / "schemathesis.toml"


async def document_of(world: ApiWorld) -> str:
    """The document as it is served, but that the account in paths is the one that is there."""
    document = (await world.client.get("/openapi.json")).json()
    managed = {path: operations for path, operations in document["paths"].items() if path.startswith("/manage/")}
    document["paths"] = managed
    for operations in managed.values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["name"] == "account":
                    parameter["schema"] = {"const": ACCOUNT}
    return json.dumps(document)


@pytest.mark.timeout(0)
async def test_every_answer_is_as_the_document_says(database_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "openapi.json"
    async with api_world(database_file, time=PassingTime()) as world, listening(world.app) as listener:
        file.write_text(await document_of(world), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(CONFIGURATION)),
            *("run", str(file), "--url", f"http://127.0.0.1:{listener.port}", "--checks", "all"),
            # Once the account is gone, everything else would only be 404.
            *("--exclude-operation-id", "deleteAccount"),
            *("--header", f"Authorization: Bearer {operators_token(world)}", "--max-examples", str(EXAMPLES)),
            *("--continue-on-failure", "--no-color", "--warnings", "off"),
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    said = output.decode()
    print(said)
    assert process.returncode == 0, said[said.find("= FAILURES =") :]
    assert "No issues found" in said
