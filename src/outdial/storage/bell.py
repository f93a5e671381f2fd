"""Wakes whoever waits for an account's notices. Rung after a commit; carries nothing, so nothing can pile up.

Knows one process. For another process's commits, something that listens to the database may ring it just as well.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Rings for one account, or for any."""

    def __init__(self) -> None:
        self._listeners: dict[str | None, set[asyncio.Event]] = {}

    def ring(self, account: str) -> None:
        """Wake everybody who listens for this account, and everybody who listens for any."""
        for heard in (account, None):
            for event in self._listeners.get(heard, ()):
                event.set()

    @contextmanager
    def listening(self, account: str | None = None) -> Iterator[asyncio.Event]:
        """An event that is set at each ring from now on; clear it before looking for what is new."""
        event = asyncio.Event()
        self._listeners.setdefault(account, set()).add(event)
        try:
            yield event
        finally:
            listeners = self._listeners[account]
            listeners.discard(event)
            if not listeners:
                del self._listeners[account]
