"""Installs Debian packages into a folder of our own: without root, and without touching the system.

Standard library only, so that a checkout can use it before anything is installed. Must not know what is in a package.

`apt-get` fetches with lists, status and cache of its own and checks Debian's signatures; `dpkg -x` unpacks.
What was fetched is kept until all is unpacked, so an interrupted installation goes on where it stopped. Nothing here
is renewed by the system's own updates: `renew` does that, with Debian's security updates of the release among them.
"""

import fcntl
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
SECURITY = "http://deb.debian.org/debian-security"
RECORD = "installed.json"
FETCH_SECONDS = 900
UNPACK_SECONDS = 120

Tell = Callable[[str], None]


class InstallError(Exception):
    """The packages can't be had. One line for people."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which packages of which release, with all they depend on."""

    release: str
    packages: tuple[str, ...]
    mirror: str = MIRROR


_TO_INSTALL = re.compile(r"^Inst (\S+) \((\S+) ", re.MULTILINE)
"""What a simulated installation says of each package: its name and version."""


def install(selection: Selection, folder: Path, tell: Tell) -> dict[str, str]:
    """Have the packages below `folder/root`; their versions by name. At once where they are there already.

    Raises:
        InstallError: a tool, the network or a signature is missing; what was fetched so far is kept.
    """
    done = installed(selection, folder)
    if done is not None:
        return done
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock"):
            # Whom we waited for may have installed the same.
            return installed(selection, folder) or _fetched(selection, folder, tell)
    except OSError as error:
        raise InstallError(f"{folder}: {error.strerror or error}") from None


def renew(selection: Selection, folder: Path, tell: Tell) -> dict[str, str]:
    """Have the newest versions of the packages that Debian has, and throw the older ones away; quiet where it has none.

    A program that runs from there goes on with what it has open; its next start is of the new version.

    Raises:
        InstallError: as `install`; what was installed stays.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder / "lock"):
            # What an earlier run fetched may be older than what Debian has by now.
            shutil.rmtree(folder / "apt", ignore_errors=True)
            return _fetched(selection, folder, tell, installed(selection, folder))
    except OSError as error:
        raise InstallError(f"{folder}: {error.strerror or error}") from None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Alone inside: whoever else comes to this lock, in whichever process, waits. The kernel unlocks for the dead."""
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _fetched(selection: Selection, folder: Path, tell: Tell, known: dict[str, str] | None = None) -> dict[str, str]:
    """What was unpacked, by name and version; what is known where Debian has nothing else."""
    for tool in ("apt-get", "dpkg", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise InstallError(f"{tool} is needed to install {', '.join(selection.packages)}, and is not there")
    if not KEYRING.is_file():
        raise InstallError(f"{KEYRING} is needed to check Debian's signatures: install debian-archive-keyring")
    options = _prepare(selection, folder)
    _read_lists(selection, folder / "apt", options, tell)
    wanted = ["--yes", "install", *selection.packages]
    if known and known == dict(_TO_INSTALL.findall(_run(["apt-get", *options, "--simulate", *wanted], FETCH_SECONDS))):
        shutil.rmtree(folder / "apt")
        return known
    tell(f"fetching {', '.join(selection.packages)} and what they need")
    _run(["apt-get", *options, "--download-only", *wanted], FETCH_SECONDS)
    versions = _unpack(folder, tell)
    record = {"selection": _named(selection), "versions": versions}
    (folder / RECORD).write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf-8")
    shutil.rmtree(folder / "apt")
    return versions


def installed(selection: Selection, folder: Path) -> dict[str, str] | None:
    """The versions of what an earlier run installed for this very selection; none where there is no such thing."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        versions: dict[str, str] = record["versions"]
        return versions if record["selection"] == _named(selection) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _named(selection: Selection) -> list[str]:
    return [selection.release, *selection.packages]


def _prepare(selection: Selection, folder: Path) -> list[str]:
    """Make apt a world of its own; the options that keep it there."""
    apt = folder / "apt"
    for name in ("lists/partial", "cache/archives/partial", "parts"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    _write_source(apt / "sources.list", f"{selection.mirror} {selection.release}")
    _write_source(apt / "parts" / "security.list", f"{SECURITY} {selection.release}-security")
    values = {
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": apt / "parts",
        "Dir::State": apt,
        "Dir::State::Lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt / "cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Retries": "3",
        "Acquire::Languages": "none",
        # The whole installation is locked already, and apt's own lock would make a second one fail rather than wait.
        "Debug::NoLocking": "1",
    }
    return ["-qq", *(f"-o{name}={value}" for name, value in values.items())]


def _write_source(file: Path, source: str) -> None:
    file.write_text(f"deb [signed-by={KEYRING}] {source} main\n", encoding="ascii")


def _read_lists(selection: Selection, apt: Path, options: Sequence[str], tell: Tell) -> None:
    """Learn what there is. A network may have a mirror of Debian, and none of its security updates."""
    tell(f"reading Debian {selection.release}'s list of packages")
    update = ["apt-get", *options, "update"]
    try:
        _run(update, FETCH_SECONDS)
    except InstallError as error:
        (apt / "parts" / "security.list").unlink()
        _run(update, FETCH_SECONDS)
        tell(f"without Debian's security updates: {error}")


def _unpack(folder: Path, tell: Tell) -> dict[str, str]:
    archives = sorted((folder / "apt" / "cache" / "archives").glob("*.deb"))
    if not archives:
        raise InstallError("apt-get fetched no package")
    tell(f"unpacking {len(archives)} packages")
    fresh = folder / "root.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    versions: dict[str, str] = {}
    for archive in archives:
        _run(["dpkg-deb", "--extract", str(archive), str(fresh)], UNPACK_SECONDS)
        name, version, _ = archive.name.split("_")
        versions[name] = version.replace("%3a", ":")
    # What runs from there may be started again at any moment: it must not find the folder half gone.
    root, old = folder / "root", folder / "root.old"
    shutil.rmtree(old, ignore_errors=True)
    if root.exists():
        root.rename(old)
    fresh.rename(root)
    shutil.rmtree(old, ignore_errors=True)
    return versions


def _run(command: Sequence[str], seconds: int) -> str:
    """What it said."""
    try:
        return subprocess.run(  # noqa: S603 -- our own words and paths
            command, check=True, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL
        ).stdout
    except subprocess.CalledProcessError as error:
        said = error.stderr.strip().splitlines()
        raise InstallError(f"{command[0]} failed: {said[-1] if said else error.returncode}") from None
    except (subprocess.TimeoutExpired, OSError) as error:
        raise InstallError(f"{command[0]} failed: {error}") from None
