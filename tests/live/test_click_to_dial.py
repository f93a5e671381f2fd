"""The programs of docs/click-to-dial.md, run as they are printed."""

import asyncio
import re
import shutil
import sys
from pathlib import Path

import pytest

from support.sandbox_world import World

PAGE = (Path(__file__).parents[2] / "docs" / "click-to-dial.md").read_text(encoding="utf-8")
HANGS_UP, EMERGENCY = "020 7946 0008", "999"


def program(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return text


async def ran(world: World, folder: Path, language: str, number: str) -> tuple[int | None, str, str]:
    """Status, output and errors of a program that lets an agent call a number."""
    file = folder / {"python": "dial.py", "javascript": "dial.mjs"}[language]
    file.write_text(program(language), encoding="utf-8")
    runner = sys.executable if language == "python" else shutil.which("node")
    if runner is None:
        pytest.skip("there is no Node here")
    known = {"URL": world.ready["url"], "ACCOUNT": world.ready["account"], "API_TOKEN": world.ready["api_token"]}
    process = await asyncio.create_subprocess_exec(
        *(runner, str(file), "2001", number), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=known
    )
    said, errors = await process.communicate()
    return process.returncode, said.decode(), errors.decode()


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_a_call_is_followed_to_its_end(world: World, tmp_path: Path, language: str) -> None:
    status, said, errors = await ran(world, tmp_path, language, HANGS_UP)
    assert (status, errors) == (0, "")
    types = [line.split()[0] for line in said.splitlines() if line.startswith("call.")]
    assert types[0] == "call.placed.v1"
    assert "call.joined.v1" in types
    assert types[-1] == "call.ended.v1"
    assert "Success" in said


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_a_refusal_is_told_in_its_own_words(world: World, tmp_path: Path, language: str) -> None:
    status, said, errors = await ran(world, tmp_path, language, EMERGENCY)
    assert (status, said) == (1, "")
    assert "Unable to place call - emergency numbers cannot be called" in errors
