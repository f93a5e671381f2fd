"""The command line against the API on a real socket; both in this process, each in a thread of its own."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from outdial.__main__ import main
from outdial.domain.legs import Side
from outdial.storage.migrate import migrate
from support.api_world import OPERATORS_SECRET, PassingTime, api_world
from support.command_line import Line, Ran, Run
from support.kept_line import ID, SECOND_ID
from support.raw_http import listening
from support.vault import recording_of


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    async def run(*words: str) -> Ran:
        capsys.readouterr()
        status = await asyncio.to_thread(main, words)
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("cli") / "template.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
async def line(migrated_file: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Line]:
    # Nothing that this machine has set is to reach the commands.
    monkeypatch.setattr("outdial.config.SYSTEM_FILE", tmp_path / "no.toml")
    monkeypatch.setenv("COLUMNS", "200")
    file = Path(shutil.copy(migrated_file, tmp_path / "outdial.db"))
    # The product's log lines would be among what the commands say.
    with capture_logs():
        async with api_world(file, time=PassingTime()) as world, listening(world.app) as listener:
            url = f"http://127.0.0.1:{listener.port}"
            found = {"url": url, "client_id": "operator", "client_secret": OPERATORS_SECRET}
            (tmp_path / "operator.json").write_text(json.dumps(found), encoding="utf-8")
            yield Line(world, tmp_path, url, run)


@pytest.fixture
async def kept(line: Line) -> Line:
    """Two recordings."""
    for call, sides in ((ID, tuple(Side)), (SECOND_ID, (Side.AGENT,))):
        await line.world.keep(recording_of(call, sides, reference="case-5"))
    return line
