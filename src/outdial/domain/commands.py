"""What a call wants done, in the imperative.

A command is data: what it means on the wire is the telephony port's business.
"""

from dataclasses import dataclass

from outdial.domain.legs import Side


@dataclass(frozen=True, slots=True)
class Ring:
    """Ring the agent's phone for at most this many seconds."""

    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Comfort:
    """Let the answered agent hear ringing until the far end gives a sound of its own."""


@dataclass(frozen=True, slots=True)
class Prepare:
    """Create the party's leg and the bridge for both. Reaches nobody yet."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Put both legs into their bridge and dial the party for at most this many seconds."""

    timeout_seconds: int


@dataclass(frozen=True, slots=True)
class Join:
    """Both sides are up: end whatever comfort the agent still hears, so that only the other side is heard."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End one leg, ringing or answered."""

    side: Side


@dataclass(frozen=True, slots=True)
class Dismantle:
    """Both legs are gone: remove the bridge that held them."""


@dataclass(frozen=True, slots=True)
class Record:
    """Begin to record these legs, each into the latest file that the call's recording names for it."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Write silence in place of what is heard of these legs."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class ResumeRecording:
    """Write again what is heard of these legs."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class StopRecording:
    """These legs are not to be recorded, or not any more: stop at once. Does no harm where nothing is."""

    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Announce:
    """Play one of the account's announcements to the party, over whatever is being said."""

    name: str


@dataclass(frozen=True, slots=True)
class StopAnnouncement:
    """The party has answered: it need not hear the rest."""


@dataclass(frozen=True, slots=True)
class FinishRecording:
    """The call is over: what was recorded of it is complete, and is to be kept."""


Command = (
    Ring
    | Comfort
    | Prepare
    | Dial
    | Join
    | HangUp
    | Dismantle
    | Record
    | PauseRecording
    | ResumeRecording
    | StopRecording
    | Announce
    | StopAnnouncement
    | FinishRecording
)
