"""Processor time, read from /proc: of single processes, and of the whole machine so that strangers can be told."""

import os
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
CORES = os.cpu_count() or 1


def used_by(pid: int) -> float:
    """Seconds of processor time that a process has used, with all its threads; none where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0.0
    # The name, in brackets, may hold anything.
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def used_by_all() -> float:
    """Seconds of processor time that everything on the machine has used since it started, stolen time left out."""
    first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    user, nice, system, _idle, _waiting, interrupts, soft_interrupts = (int(word) for word in first[:7])
    return (user + nice + system + interrupts + soft_interrupts) * TICK


def model() -> str:
    """What the machine calls its processor."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def pid_of(words: str) -> int | None:
    """The process whose command line holds some words."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if words in command and int(folder.name) != os.getpid():
            return int(folder.name)
    return None
