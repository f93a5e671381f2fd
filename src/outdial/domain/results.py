"""How a call ended, in the words of the Calls API: `result: {code, party, reason}`.

The mapping from SIP status to reason is the contract's; Q.850 causes stand in where no status is known.
"""

from dataclasses import dataclass
from enum import StrEnum

from outdial.domain.legs import Leg, Side


class Code(StrEnum):
    """Whether both sides were ever joined."""

    SUCCESS = "Success"
    FAILURE = "Failure"


class Party(StrEnum):
    """Which side the result speaks of: who hung up, or whose leg failed."""

    ORIGINATOR = "Originator"
    DESTINATION = "Destination"

    @classmethod
    def of(cls, side: Side) -> "Party":
        """The wire's word for a side."""
        return cls.ORIGINATOR if side is Side.AGENT else cls.DESTINATION


class Reason(StrEnum):
    """Why it ended."""

    NORMAL = "Normal"
    NUMBER_BUSY = "NumberBusy"
    NO_ANSWER = "NoAnswer"
    NUMBER_UNOBTAINABLE = "NumberUnobtainable"
    NUMBER_CHANGED = "NumberChanged"
    CALL_REJECTED = "CallRejected"
    CALL_FAILED = "CallFailed"


@dataclass(frozen=True, slots=True)
class Result:
    """The ending as the API tells it, and a sentence for people where there is more to say."""

    code: Code
    party: Party
    reason: Reason
    detail: str | None = None


_BY_SIP = {
    404: Reason.NUMBER_UNOBTAINABLE,
    # 410 Gone is the switch's cause 22, "number changed": the same news as a 3xx, without the new number.
    410: Reason.NUMBER_CHANGED,
    480: Reason.NUMBER_UNOBTAINABLE,
    481: Reason.NUMBER_UNOBTAINABLE,
    486: Reason.NUMBER_BUSY,
    488: Reason.CALL_REJECTED,
    603: Reason.CALL_REJECTED,
}

_BY_CAUSE = {
    1: Reason.NUMBER_UNOBTAINABLE,
    16: Reason.NORMAL,
    17: Reason.NUMBER_BUSY,
    19: Reason.NO_ANSWER,
    21: Reason.CALL_REJECTED,
    22: Reason.NUMBER_CHANGED,
}


def reason_of(leg: Leg) -> Reason:
    """Why a leg ended: by its SIP status where there is one, else by its Q.850 cause."""
    code = leg.sip_code
    if code is None:
        return _BY_CAUSE.get(leg.cause or 0, Reason.CALL_FAILED)
    if 200 <= code < 300:
        return Reason.NORMAL
    if 300 <= code < 400:
        return Reason.NUMBER_CHANGED
    return _BY_SIP.get(code, Reason.CALL_FAILED)
