"""One sandbox for all the tests of a session that call somebody for real; and patience with the machine."""

import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from support import chromium, postgres, programs, real_switch
from support.sandbox_world import LISTEN_SECONDS, Members, outdial, set_for_tests
from support.stacks import waiting_tasks

# That a machine stood still for a moment says nothing of what runs on it.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

FETCHED: Mapping[str, tuple[Callable[[], object], ...]] = {
    "cli": (real_switch.runtime,),
    "live": (real_switch.runtime, programs.root, postgres.programs, chromium.root),
    "storage": (postgres.programs,),
}
"""What the tests of a folder need that is fetched from elsewhere where it is missing."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch it before the time of the first test that needs it begins. Whoever needs it says what went wrong."""
    if session.config.option.collectonly:
        return
    folders = {item.path.parent.name for item in session.items}
    for fetch in dict.fromkeys(fetch for folder in FETCHED if folder in folders for fetch in FETCHED[folder]):
        with suppress(Exception):
            fetch()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test that hangs tells what it waits for."""
    report = yield
    if call.excinfo is not None and "from pytest-timeout" in str(call.excinfo.value):
        report.sections.append(("tasks that wait", waiting_tasks()))
    return report


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder with a short name: the control socket of a switch below it must fit into 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="od-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """What `outdial sandbox --json` printed; it stays up for the session."""
    folder = tmp_path_factory.mktemp("sandbox")
    words = ("sandbox", "--json", "--listen", str(LISTEN_SECONDS), "--data", str(folder / "data"))
    with outdial(folder, *words) as running:
        ready = running.ready()
        set_for_tests(ready)
        yield ready
        assert running.end() == 0, running.errors.read_text(encoding="utf-8")
