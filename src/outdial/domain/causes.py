"""Why a leg came to nothing, in words for people, and whether that was anybody's doing.

Knows SIP statuses and Q.850 causes as numbers; must not know a switch. What the API calls it is in `results`.
"""

from outdial.domain.legs import Leg, LegState
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.results import Reason, reason_of

_WORDS = {
    401: "wants a user name and password that it accepts",
    403: "forbids the call",
    404: "says that there is no such number",
    407: "wants a user name and password that it accepts",
    408: "gave no answer",
    484: "takes the number for incomplete",
    488: "takes none of our codecs",
    503: "can't be reached, or takes no call now",
    606: "takes none of our codecs",
}
_SAYS_ALL = frozenset((410, 480, 486, 487, 600, 603))
"""Statuses to which the result's reason leaves nothing to add; every 3xx is one as well."""
_NOBODYS_DOING = frozenset((401, 403, 407, 408, 488, 606))
"""Statuses of a call that did not come about, though nobody wanted it to end; every 5xx is one as well."""


def name_of(phone: Phone) -> str:
    """What a phone is called in a sentence: a number by the trunk that was to carry the call."""
    match phone.kind:
        case PhoneKind.SIP:
            return f"phone {phone.address}"
        case PhoneKind.NUMBER:
            return f"trunk {phone.trunk}"
        case PhoneKind.ADDRESS:
            return phone.address


def why(phone: Phone, leg: Leg) -> str | None:
    """Why a leg ended that had never been answered; none where the result's reason says it all."""
    code = leg.sip_code
    if code is None:
        return f"{name_of(phone)} could not be called (cause {leg.cause})" if _is_a_failure(leg) else None
    if code < 400 or code in _SAYS_ALL:
        return None
    return f"{name_of(phone)} {_WORDS.get(code, 'failed the call')} (SIP {code})"


def is_nobodys_doing(leg: Leg) -> bool:
    """Whether a leg that had never been answered ended without either side having turned the call down."""
    code = leg.sip_code
    return _is_a_failure(leg) if code is None else code in _NOBODYS_DOING or 500 <= code < 600


def silence_of(phone: Phone, leg: Leg) -> str | None:
    """What there is to say of a leg whose time is up, besides that nobody answered."""
    return f"no ringing was heard from {name_of(phone)}" if leg.state is LegState.ASKED else None


def _is_a_failure(leg: Leg) -> bool:
    return leg.cause is not None and reason_of(leg) is Reason.CALL_FAILED
