"""The program itself as a process of its own, on a private switch and free ports unless a test says otherwise."""

import os
import subprocess
import sys

from support.real_switch import RUNTIME


def started(*words: str, **settings: str) -> subprocess.Popen[str]:
    """It runs; whoever starts it waits for its end. `settings` go into its environment, and none of ours does."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("OUTDIAL_")}
    given = {"runtime_dir": str(RUNTIME), "switch_source": "private", "http_port": "0", "sip_port": "0", **settings}
    return subprocess.Popen(
        (sys.executable, "-m", "outdial", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        umask=0o022,
        env=own | {f"OUTDIAL_{name.upper()}": value for name, value in given.items()},
    )
