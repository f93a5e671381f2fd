"""Where an engine under test keeps its calls: a list. That a store keeps them is the storage's own tests' business."""

import time
from collections.abc import Callable, Sequence

from outdial.calls.ports import Reserved, Wanted
from outdial.domain.call import Call
from outdial.domain.ledger import Record
from outdial.domain.notices import Notice


class StoppedTime:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.at = 1_000

    def now(self) -> int:
        return self.at


class Time:
    """The real one."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class Pages:
    """Every save in order; fails while a test says so."""

    def __init__(self) -> None:
        self.saved: list[Call] = []
        self.noted: list[Notice] = []
        self.records: list[Record] = []
        self.full = False

    async def place(
        self, wanted: Wanted, build: Callable[[Reserved], Call], now: int, idempotency_id: str | None = None
    ) -> Call:
        raise NotImplementedError

    async def save(self, call: Call, notices: Sequence[Notice], records: Sequence[Record] = ()) -> None:
        if self.full:
            raise OSError("disk full")
        self.saved.append(call)
        self.noted.extend(notices)
        self.records.extend(records)

    async def live_calls(self, switch: str) -> Sequence[Call]:
        last = {call.id: call for call in self.saved}
        return [call for call in last.values() if call.live and call.switch == switch]

    async def find(self, account: str, call_id: str) -> Call | None:
        return next((call for call in reversed(self.saved) if (call.account, call.id) == (account, call_id)), None)
