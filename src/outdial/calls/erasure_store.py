"""Where erasures are written down before they are begun, and their certificates afterwards. A Protocol and its record.

Every method that names an account sees that account's rows and no others; each is one commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from outdial.calls.recording_library import Selection
from outdial.domain.ledger import Record


@dataclass(frozen=True, slots=True)
class ErasureOrder:
    """An erasure that was asked for and is not certified yet. Its id is that of the certificate to come."""

    id: str
    account: str
    at: int
    who: str
    reason: str
    selection: Selection
    """Forgotten once it is certified: it may name a number."""
    ids: tuple[str, ...] = ()
    """The recordings that were selected, those of calls under way among them. What is recorded later is not erased."""

    def is_asked_again(self, selection: Selection, reason: str, who: str) -> bool:
        """Whether it is what somebody asks for now."""
        return (self.selection, self.reason, self.who) == (selection, reason, who)


class ErasureStore(Protocol):
    """Erasures, each an order first and then a certificate."""

    async def order(self, order: ErasureOrder) -> None:
        """Write it down."""
        ...

    async def unfinished(self) -> Sequence[ErasureOrder]:
        """Every account's orders that are not certified, oldest first."""
        ...

    async def certify(self, order: ErasureOrder, certificate: dict[str, Any], records: Sequence[Record]) -> None:
        """Put the certificate in the order's place, in one commit with what the ledger is told of it."""
        ...

    async def certificate(self, account: str, certificate_id: str) -> dict[str, Any] | None:
        """A certificate as it was signed; none where there is none, or not yet."""
        ...

    async def certificates(self, account: str, limit: int) -> Sequence[dict[str, Any]]:
        """An account's certificates, newest first."""
        ...
