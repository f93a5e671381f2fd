"""The switch's process: started, watched, adopted when it outlived us, and ended. Knows no ARI.

A process is known by its id and its start time, so that an id used again by another is never taken for it.
"""

import asyncio
import json
import os
import signal
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

RECORD = "process.json"
END_SECONDS = 5
ENDS_WITH_PARENT = ("setpriv", "--pdeathsig", "KILL")
"""The kernel kills it when we die, however we die."""


class ProcessError(Exception):
    """The switch could not be started. One line for people."""


@dataclass(frozen=True, slots=True)
class SwitchProcess:
    """A process that runs, or ran."""

    pid: int
    started: int
    """Its start, in clock ticks since the machine's."""

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        return _started_at(self.pid) == self.started

    async def ended(self) -> None:
        """Wait until it has ended, of whatever; at once where it has."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        try:
            watch = os.pidfd_open(self.pid)
        except OSError:
            return
        try:
            loop.add_reader(watch, over.set)
            if self.alive:
                await over.wait()
        finally:
            loop.remove_reader(watch)
            os.close(watch)
        _reap(self.pid)

    def kill(self, sign: int = signal.SIGKILL) -> None:
        """Send it a signal; quiet where it is gone."""
        if self.alive:
            os.kill(self.pid, sign)

    async def end(self) -> None:
        """Ask it to stop, and insist."""
        self.kill(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.ended(), END_SECONDS)
        except TimeoutError:
            self.kill()
            await self.ended()


def start(command: list[str], folder: Path, *, ends_with_us: bool) -> SwitchProcess:
    """Start it in a session of its own, writing to `folder/console.log`, and keep a record to adopt it by.

    Raises:
        ProcessError: it can't be run.
    """
    try:
        with (folder / "console.log").open("wb") as console:
            child = subprocess.Popen(  # noqa: S603 -- our own words and paths
                [*ENDS_WITH_PARENT, *command] if ends_with_us else command,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                cwd=folder,
                # Its own session: it outlives our terminal and us, unless it is to end with us.
                start_new_session=True,
            )
    except OSError as error:
        raise ProcessError(f"the switch can't be started: {error}") from None
    # We watch it by its id; this object must not reap it behind our back.
    child.returncode = 0
    started = _started_at(child.pid)
    process = SwitchProcess(child.pid, started or 0)
    (folder / RECORD).write_text(json.dumps(asdict(process)), encoding="ascii")
    return process


def running(folder: Path) -> SwitchProcess | None:
    """The process that an earlier run of ours started in this folder, if it still runs."""
    try:
        found = json.loads((folder / RECORD).read_text(encoding="ascii"))
        process = SwitchProcess(int(found["pid"]), int(found["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return process if process.alive else None


def _started_at(pid: int) -> int | None:
    """When a process started; none where there is no such one, or only what is left of it."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return  # an adopted one is not our child
