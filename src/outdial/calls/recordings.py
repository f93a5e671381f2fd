"""Where the making of a recording meets its keeping. A Protocol and its errors; must not know how anything is kept."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from outdial.domain.recordings import CallRecording


class RecordingError(Exception):
    """A recording can't be made, kept or read. One sentence for people."""


class SpoolUnusable(RecordingError):
    """The spool folder can't be written: the disk is full, or the folder is not ours."""


class NothingToRead(RecordingError):
    """There is no audio of this leg: it was not recorded, or it has been deleted."""


class Damaged(RecordingError):
    """What is kept is not what was sealed, or its key or its file is missing."""


class RecordDamaged(Damaged):
    """The record of a recording can't be read: nothing is known of it, and nothing may be done to it."""


class PlaceUnusable(RecordingError):
    """A place can't be written or read now: the disk is full, the object store is away. To be tried again."""


class RecordingsKept(Protocol):
    """Takes recordings over from the calls that make them.

    The switch writes into the spool folder `<data_dir>/recordings/spool/<call id>/`, a file for each allowed leg.
    """

    def folder(self, call_id: str) -> Path:
        """Make a recording's spool folder, without waiting for anything; the folder.

        Raises:
            SpoolUnusable: it can't be made, or the disk is full.
        """
        ...

    async def spool(self, recording: CallRecording) -> Path:
        """Note beside the audio what is known of a recording so far; its spool folder.

        To be called when a file is begun, and again whenever what is known changes (a leg more, a pause, a consent):
        if the call itself is lost in a crash, this is all there is. Durable when it returns.

        Raises:
            SpoolUnusable: it can't be written.
        """
        ...

    async def finish(self, recording: CallRecording) -> None:
        """Keep what was recorded. Nobody writes to the files any more.

        Quick: what takes long is done afterwards, and again after a crash. Calling it twice does no harm.
        """
        ...

    async def sweep(self, live: Collection[str]) -> int:
        """Finish every recording in the spool that a crash left, marked cut short; how many there were.

        To be called after the calls were taken over; `live` are the ids of the calls that still record.
        """
        ...
