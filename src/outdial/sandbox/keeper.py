"""Removes a sandbox's temporary folder when its process is gone, however it went.

Run as a program of its own (`python -I keeper.py FOLDER`) that waits for the end of its standard input.
"""

import shutil
import sys
import time
from pathlib import Path

PREFIX = "outdial-"
ATTEMPTS = 50


def remove_when_alone(folder: Path) -> None:
    """Wait until nobody holds our standard input any more, then remove the folder."""
    sys.stdin.buffer.read()
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)  # the switches, killed with the sandbox, may still be writing


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if not target.name.startswith(PREFIX):
        sys.exit(f"{target} is no sandbox's folder")
    remove_when_alone(target)
