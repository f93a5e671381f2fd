"""What the API is made of: the ports it speaks to, joined in `app.py`. Knows no adapter but itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from outdial.calls.administration import Announcements
from outdial.calls.crm import CrmDesk, Crms
from outdial.calls.directory import CallLog, Directory, Idempotency, Phones
from outdial.calls.event_log import EventLog
from outdial.calls.place_call import Placing
from outdial.calls.ports import Calls, Clock
from outdial.calls.recording_library import Recordings
from outdial.calls.webhooks import Deliveries, Webhooks


@dataclass(frozen=True, slots=True)
class Health:
    """How the process is, as `/readyz` tells it."""

    database: bool
    switch: bool
    accepting: bool
    """Whether a call placed now could ring anybody."""
    switch_version: str | None = None
    """As the switch names itself; none where it can't be asked."""
    switch_trouble: str | None = None
    """Why the switch can't call or be called, whether or not it can be asked."""

    @property
    def ready(self) -> bool:
        """Whether this process should be sent requests."""
        return self.database and self.switch and self.switch_trouble is None and self.accepting


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a request may need."""

    placing: Placing
    calls: Calls
    call_log: CallLog
    directory: Directory
    idempotency: Idempotency
    phones: Phones
    clock: Clock
    token_key: bytes = field(repr=False)
    """Signs access tokens; at least 32 bytes, the same in every process of an installation."""
    public_url: str | None
    """How clients reach the API, without a last slash; none: as each request was addressed."""
    health: Callable[[], Awaitable[Health]]
    events: EventLog
    webhooks: Webhooks
    deliveries: Deliveries
    """Those that deliver to webhooks, in this process or none."""
    crms: Crms
    crm_desk: CrmDesk
    """Those that tell CRMs, in this process or none."""
    recordings: Recordings
    observe_lag: Callable[[str, int | None], None]
    """Told how far behind a reader of events is, in milliseconds."""
    metrics: Callable[[], tuple[bytes, str]]
    """The page for Prometheus, and its content type."""
    announcements: Announcements


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves a request."""
    parts: Parts = request.app.state.parts
    return parts


PartsNeeded = Annotated[Parts, Depends(parts_of)]
"""Type of a FastAPI parameter that is given the parts."""
