"""Why a switch that runs can't be used yet, told where it lasts. Must not know what it takes to be ready."""

import asyncio
from collections.abc import Callable

from outdial.domain.refusals import Unavailable

LASTING_SECONDS = 5
"""How long a switch may be unready before that is worth a line: it opens its event socket a moment before it takes
commands."""


class Readiness:
    """What was in the way last."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._warn_at: float | None = None
        self.why = ""
        """Empty where nothing is."""
        self.is_ours = False
        """Whether it is for want of something of ours, and not the switch's fault."""

    def put_off(self, error: Exception) -> None:
        """It can't be used for this reason."""
        now = asyncio.get_running_loop().time()
        if str(error) != self.why:
            self.why, self._warn_at = str(error), now + LASTING_SECONDS
        elif self._warn_at is not None and now > self._warn_at:
            self._warn(self.why)
            self._warn_at = None
        self.is_ours = isinstance(error, Unavailable)

    def reached(self) -> None:
        """Nothing is in the way."""
        self.why, self.is_ours = "", False
