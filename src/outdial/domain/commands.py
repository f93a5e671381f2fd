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
class Dial:
    """Create the party's leg, put both legs into one bridge and dial for at most this many seconds."""

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


Command = Ring | Comfort | Dial | Join | HangUp | Dismantle
