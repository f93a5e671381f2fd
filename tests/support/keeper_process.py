"""A keeper of recordings in a process of its own, to be killed: sweeps the spool, works, tells each step it made, and
when there is nothing left to do.

`python -m support.keeper_process FOLDER DATABASE-FILE BUCKET ENDPOINT`
"""

import asyncio
import faulthandler
import sys
from pathlib import Path

from outdial.domain.recordings import State
from outdial.recordings.objects import Bucket
from outdial.storage.database import open_database
from support.vault import Vault, working


class Told:
    """Tells on standard output how it goes."""

    def __init__(self) -> None:
        self.moved = asyncio.Event()
        self.moved.set()

    def recording_moved(self, state: State) -> None:
        print(f"moved {state.value}", flush=True)
        self.moved.set()

    def recording_stuck(self, doing: str) -> None:
        print(f"stuck {doing}", flush=True)

    def recording_failed(self, failures: int) -> None:
        assert not failures


async def keep(folder: Path, database_file: Path, bucket: Bucket) -> None:
    async with open_database(f"sqlite:///{database_file}") as database:
        told = Told()
        vault = Vault(folder, database, bucket, watcher=told)
        async with working(vault):
            await vault.keeper.sweep([])
            while vault.spool.ids() or await vault.store.in_state(vault.steps.restless, "", 1):
                await told.moved.wait()
                told.moved.clear()
            print("done", flush=True)


if __name__ == "__main__":
    # One that hangs tells where, and ends.
    faulthandler.dump_traceback_later(60, exit=True)
    name, endpoint = sys.argv[3:5]
    where = Bucket(name, "test", "test-secret", endpoint=endpoint, prefix="vault")
    asyncio.run(keep(Path(sys.argv[1]), Path(sys.argv[2]), where))
