"""SIPp, baresip and curl from Debian, unpacked once below the checkout's cache: no root, the same on every machine."""

from functools import cache
from pathlib import Path

from outdial.asterisk.debian import Selection, install

FOLDER = Path(__file__).parents[2] / ".cache" / "phones"
PACKAGES = Selection("bookworm", ("sip-tester", "baresip-core", "curl"))


@cache
def root() -> Path:
    """Where the packages are unpacked; fetched where they are missing."""
    install(PACKAGES, FOLDER, print)
    return FOLDER / "root"


def command_of(program: str) -> tuple[str, ...]:
    """The words that run a program by its own loader and libraries, whatever the machine has."""
    loader = next(root().glob("lib*/ld-linux-*.so.*"))
    folders = [path for below in ("lib", "usr/lib") for path in sorted(root().glob(f"{below}/*-linux-gnu*"))]
    libraries = ":".join(map(str, folders))
    return str(loader), "--library-path", libraries, str(root() / "usr" / "bin" / program)
