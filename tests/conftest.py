"""One sandbox for all the tests of a session that call somebody for real."""

from collections.abc import Iterator

import pytest

from support.sandbox_world import LISTEN_SECONDS, Members, outdial, shorten_ringing


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    """What `outdial sandbox --json` printed; it stays up for the session."""
    folder = tmp_path_factory.mktemp("sandbox")
    words = ("sandbox", "--json", "--listen", str(LISTEN_SECONDS), "--data", str(folder / "data"))
    with outdial(folder, *words) as running:
        ready = running.ready()
        shorten_ringing(ready)
        yield ready
        assert running.end() == 0, running.errors.read_text(encoding="utf-8")
