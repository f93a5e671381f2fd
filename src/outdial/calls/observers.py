"""Whoever watches the engine: logs, metrics, limits. No fault of theirs reaches a call."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from outdial.domain.call import Call
from outdial.domain.commands import Command
from outdial.domain.events import Event


class Observer(Protocol):
    """Watches the engine. Every method returns at once."""

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """A call became another value; it is new to this process where there is none before."""
        ...

    def event(self, call_id: str, event: Event) -> None:
        """Something happened to a call."""
        ...

    def command(self, call_id: str, command: Command) -> None:
        """Something is about to be done for a call."""
        ...

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """Our own side failed a call: the store, or our code."""
        ...


class Observers:
    """All of them, told one after another."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._all = tuple(observers)

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """See `Observer.changed`."""
        self._tell(lambda each: each.changed(before, after, now))

    def event(self, call_id: str, event: Event) -> None:
        """See `Observer.event`."""
        self._tell(lambda each: each.event(call_id, event))

    def command(self, call_id: str, command: Command) -> None:
        """See `Observer.command`."""
        self._tell(lambda each: each.command(call_id, command))

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """See `Observer.failed`."""
        self._tell(lambda each: each.failed(call_id, doing, error))

    def _tell(self, of: Callable[[Observer], None]) -> None:
        for each in self._all:
            try:
                of(each)
            except Exception:
                logging.getLogger(__name__).exception("an observer of calls failed: %s", type(each).__name__)
