"""Wrong secrets, counted: whoever sends too many has to wait. In memory and bounded.

Our secrets can't be guessed; this keeps guessing from costing anything. Counted for each client id *at one address*,
so that nobody can lock a client out from elsewhere, and for each address, whatever ids it tries.
"""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass, field

from outdial.calls.ports import Clock

WINDOW_SECONDS = 60
MOST_OF_A_CLIENT = 10
MOST_OF_AN_ADDRESS = 100
_REMEMBERED = 10_000
_Key = tuple[str, str | None]


@dataclass(slots=True)
class _Count:
    since: int
    failures: int = 0


@dataclass(slots=True)
class Attempts:
    """Failures of the last minute."""

    clock: Clock
    _counts: OrderedDict[_Key, _Count] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """How much is remembered."""
        return len(self._counts)

    def wait_seconds(self, address: str, client_id: str) -> int:
        """How long this client at this address must wait before its secret is looked at; 0 for not at all."""
        network = _network(address)
        return max(
            self._wait((network, client_id), MOST_OF_A_CLIENT),
            self._wait((network, None), MOST_OF_AN_ADDRESS),
        )

    def failed(self, address: str, client_id: str) -> None:
        """Count one wrong secret."""
        now, network = self.clock.now(), _network(address)
        for key in ((network, client_id), (network, None)):
            count = self._counts.get(key)
            if count is None or now >= count.since + WINDOW_SECONDS * 1000:
                count = self._counts[key] = _Count(now)
            count.failures += 1
            self._counts.move_to_end(key)
        while len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)

    def _wait(self, key: _Key, most: int) -> int:
        count = self._counts.get(key)
        if count is None or count.failures < most:
            return 0
        left = count.since + WINDOW_SECONDS * 1000 - self.clock.now()
        return max(0, -(-left // 1000))


def _network(address: str) -> str:
    """An address, or, of IPv6, the network that one customer is given."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address
