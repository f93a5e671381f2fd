"""What a file system has to be told so that it lasts. Knows no file of ours."""

import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Make what was named or removed in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
