"""The spool: one folder a call, into which the switch writes, and beside the audio what is known of it.

What is in it is not sealed yet; only its owner can read it. Must not know where recordings are kept afterwards.
"""

import errno
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from outdial.calls.recordings import SpoolUnusable
from outdial.domain.recordings import CallRecording
from outdial.durable import sync_folder

ABOUT = "about.json"
LEAST_FREE = 64 * 1024 * 1024
"""Bytes that must be free for a recording to be begun: the switch does not say when it can't write."""
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_NAME = re.compile(r"[a-z0-9-]{1,64}\.wav")
_RECORDING = TypeAdapter(CallRecording)


class Spool:
    """The folder of all spool folders. Its methods wait for the disk: call them in a thread."""

    def __init__(self, folder: Path, least_free: int = LEAST_FREE) -> None:
        self._folder = folder
        self._least_free = least_free

    def folder_of(self, call_id: str) -> Path:
        """A call's folder. Raises ValueError for an id that could lead out of the spool."""
        if not _ID.fullmatch(call_id):
            raise ValueError(f"{call_id!r} can't be a call's id")
        return self._folder / call_id

    def ids(self) -> list[str]:
        """The calls that have a folder."""
        if not self._folder.is_dir():
            return []
        return sorted(entry.name for entry in self._folder.iterdir() if entry.is_dir() and _ID.fullmatch(entry.name))

    def make(self, call_id: str) -> Path:
        """Make a call's folder; the folder. Quick: nothing is waited for.

        Raises:
            SpoolUnusable: the disk is full, or as good as; or the folder can't be made.
        """
        folder = self.folder_of(call_id)
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise SpoolUnusable(trouble_of(error, self._folder)) from None
        if free < self._least_free:
            raise SpoolUnusable(f"the disk of {self._folder.name} is full: {free // 1024} KiB are free")
        return folder

    def note(self, recording: CallRecording) -> Path:
        """Make a call's folder and write down what is known of its recording, durable; the folder.

        Raises:
            SpoolUnusable: the disk is full, or as good as; or the folder can't be written.
        """
        folder = self.make(recording.call_id)
        try:
            write_durably(folder / ABOUT, _RECORDING.dump_json(recording))
        except OSError as error:
            raise SpoolUnusable(trouble_of(error, self._folder)) from None
        return folder

    def about(self, call_id: str) -> CallRecording | None:
        """What was written down of a recording; none where nothing was, or nothing that can be read."""
        try:
            return _RECORDING.validate_json((self.folder_of(call_id) / ABOUT).read_bytes())
        except (OSError, ValidationError):
            return None

    def audio_of(self, recording: CallRecording) -> list[Path | None]:
        """The files that may be kept, in order; none for one that is not there."""
        folder = self.folder_of(recording.call_id)
        paths = [folder / file.file_name for file in recording.files if _NAME.fullmatch(file.file_name)]
        if len(paths) != len(recording.files):
            raise ValueError(f"the recording of call {recording.call_id} names a file that can't be one")
        return [path if path.is_file() and not path.is_symlink() else None for path in paths]

    def strangers(self, recording: CallRecording) -> Sequence[Path]:
        """Whatever else lies in the folder: nothing may have been recorded there."""
        allowed = {file.file_name for file in recording.files} | {ABOUT, f"{ABOUT}.new"}
        folder = self.folder_of(recording.call_id)
        return sorted(path for path in folder.iterdir() if path.name not in allowed) if folder.is_dir() else []

    def destroy(self, call_id: str) -> None:
        """Remove a call's folder with everything in it. Quiet where there is none.

        What is known of it goes last: killed before, we find out again what the rest is, and that it is to go.
        """
        folder = self.folder_of(call_id)
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            if path.name == ABOUT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        sync_folder(folder)
        shutil.rmtree(folder)
        sync_folder(self._folder)

    def is_empty(self, call_id: str) -> bool:
        """Whether nothing is in a call's folder: we were killed before it was removed, or just after it was made."""
        return not any(self.folder_of(call_id).iterdir())


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that only its owner can read, whole or not at all, and still there after a loss of power."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def trouble_of(error: OSError, folder: Path) -> str:
    """What is wrong with a disk, for people; without the way there, as others than its operators are told."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk of {folder.name} is full"
    return f"{folder.name} can't be written: {error.strerror or error}"
