"""Which Asterisk is run: the system's where it is new enough, else a private one installed into a folder of ours.

Must not know how it is configured or supervised.
"""

import platform
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from outdial.asterisk.debian import InstallError, Selection, Tell, install, installed, renew

PACKAGES = Selection("forky", ("asterisk",))
"""Debian's release that has the long-term Asterisk 22, and the package."""
OLDEST = (22, 5)
"""Outbound WebSockets, without which events are lost while we restart, came with this version."""
SYSTEM_MODULES = ("/usr/lib/asterisk/modules", f"/usr/lib/{platform.machine()}-linux-gnu/asterisk/modules")
SYSTEM_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_SYSTEM_DATA = Path("/usr/share/asterisk")
_VERSION_SECONDS = 20


class RuntimeUnusable(Exception):
    """No Asterisk that could be run. One line for people."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """An Asterisk that can be run: the words before its options, and the folders it came with."""

    command: tuple[str, ...]
    modules: Path
    data: Path
    version: str
    source: str
    """`system` or `private`."""


def have_runtime(source: str, folder: Path, tell: Tell) -> Runtime:
    """An Asterisk of the source wanted (`auto`, `system`, `private`); a private one is installed where it is missing.

    Raises:
        RuntimeUnusable: there is none, it is too old, or it can't be installed.
    """
    return _had(source, folder, tell, install, "a private Asterisk can't be installed")


def renewed_runtime(source: str, folder: Path, tell: Tell) -> Runtime:
    """As `have_runtime`, a private one in the newest version that Debian has; the system renews its own.

    Raises:
        RuntimeUnusable: as `have_runtime`; what was installed stays.
    """
    return _had(source, folder, tell, renew, "the private Asterisk can't be renewed")


def present_runtime(source: str, folder: Path) -> Runtime:
    """As `have_runtime`, but nothing is installed.

    Raises:
        RuntimeUnusable: there is none, or it is too old.
    """
    return _systems_own(source) or private_runtime(folder)


def _had(
    source: str, folder: Path, tell: Tell, have: Callable[[Selection, Path, Tell], object], trouble: str
) -> Runtime:
    system = _systems_own(source)
    if system is not None:
        return system
    try:
        have(PACKAGES, folder, tell)
    except InstallError as error:
        raise RuntimeUnusable(f"{trouble}: {error}") from None
    return private_runtime(folder)


def _systems_own(source: str) -> Runtime | None:
    """The system's, where that is to be run; none for a private one."""
    if source == "private":
        return None
    system = system_runtime()
    if system is not None and is_new_enough(system.version):
        return system
    if source == "system":
        found = f"version {system.version} is installed" if system else "none is installed"
        raise RuntimeUnusable(f"the system has no Asterisk {'.'.join(map(str, OLDEST))} or newer: {found}")
    return None


def private_runtime(folder: Path) -> Runtime:
    """The private Asterisk in a folder, run through its own loader and libraries.

    Raises:
        RuntimeUnusable: none is installed there, or it does not run.
    """
    root = folder / "root"
    if installed(PACKAGES, folder) is None:
        raise RuntimeUnusable(f"no private Asterisk is installed in {folder}")
    try:
        # Debian's triplet names the one folder of an architecture.
        libraries = next((root / "usr" / "lib").glob("*-linux-gnu"))
        loader = next((root / "usr").glob("lib*/ld-linux-*.so.*"))
    except StopIteration:
        raise RuntimeUnusable(f"the private Asterisk in {folder} is damaged: remove the folder") from None
    path = f"{libraries}:{libraries / 'asterisk'}"
    command = (str(loader), "--library-path", path, str(root / "usr" / "sbin" / "asterisk"))
    modules, data = libraries / "asterisk" / "modules", root / "usr" / "share" / "asterisk"
    return Runtime(command, modules, data, _version_of(command), "private")


def system_runtime() -> Runtime | None:
    """The Asterisk installed on the system; none where there is none."""
    binary = shutil.which("asterisk", path=SYSTEM_PATH)
    modules = next((Path(each) for each in SYSTEM_MODULES if Path(each).is_dir()), None)
    if binary is None or modules is None:
        return None
    try:
        return Runtime((binary,), modules, _SYSTEM_DATA, _version_of((binary,)), "system")
    except RuntimeUnusable:
        return None


def is_new_enough(version: str) -> bool:
    """Whether a version is one that we can drive."""
    found = re.match(r"(\d+)\.(\d+)", version)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST


def _version_of(command: tuple[str, ...]) -> str:
    try:
        said = subprocess.run(  # noqa: S603 -- our own words and paths
            [*command, "-V"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeUnusable(f"{command[-1]} does not run: {error}") from None
    found = re.search(r"\d+\.\d+[\w.~-]*", said)
    if found is None:
        raise RuntimeUnusable(f"{command[-1]} does not say its version")
    return found[0]
