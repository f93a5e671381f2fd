"""Why a call failed before it was answered, in words, and who is held to have ended it."""

import pytest

from outdial.domain.call import Call, advance, place
from outdial.domain.events import Asker, DeadlinePassed, LegAnswered, LegEnded, LegRefused, LegRinging
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind

AGENT, TRUNK = Phone(PhoneKind.SIP, "acme-1234"), Phone(PhoneKind.NUMBER, "+442072068888", "c1")
PLAN = CallPlan("1234", AGENT, TRUNK, created_at=0, dial_by=20_000)
CODES = {
    401: "wants a user name and password that it accepts",
    403: "forbids the call",
    404: "says that there is no such number",
    407: "wants a user name and password that it accepts",
    408: "gave no answer",
    484: "takes the number for incomplete",
    488: "takes none of our codecs",
    500: "failed the call",
    503: "can't be reached, or takes no call now",
}
TURNED_DOWN = (302, 404, 410, 480, 481, 484, 486, 600, 603)


def dialling() -> Call:
    return advance(place("c1", "acme", "main", PLAN)[0], LegAnswered(Side.AGENT), 0)[0]


def detail(call: Call) -> str | None:
    assert call.result is not None
    return call.result.detail


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("side", Side)
def test_it_is_told_who_answered_what(side: Side, code: int) -> None:
    call = dialling() if side is Side.PARTY else place("c1", "acme", "main", PLAN)[0]
    call, _ = advance(call, LegEnded(side, 34, code), 1)
    who = "trunk c1" if side is Side.PARTY else "phone acme-1234"
    assert detail(call) == f"{who} {CODES[code]} (SIP {code})"


@pytest.mark.parametrize("code", [302, 410, 480, 486, 600, 603])
def test_where_the_reason_says_it_all_there_is_no_more_to_say(code: int) -> None:
    assert detail(advance(dialling(), LegEnded(Side.PARTY, 17, code), 1)[0]) is None


@pytest.mark.parametrize("code", sorted({*CODES, *TURNED_DOWN}))
def test_nobody_has_hung_up_where_the_call_did_not_come_about(code: int) -> None:
    call, _ = advance(dialling(), LegEnded(Side.PARTY, 34, code), 1)
    assert call.hung_up_by is (Asker.PARTY if code in TURNED_DOWN else Asker.SYSTEM)


def test_an_end_without_a_status_is_told_by_its_cause() -> None:
    failed, _ = advance(dialling(), LegEnded(Side.PARTY, 58), 1)
    assert (detail(failed), failed.hung_up_by) == ("trunk c1 could not be called (cause 58)", Asker.SYSTEM)
    busy, _ = advance(dialling(), LegEnded(Side.PARTY, 17), 1)
    assert (detail(busy), busy.hung_up_by) == (None, Asker.PARTY)


def test_what_the_switch_knows_comes_before_what_the_status_says() -> None:
    call, _ = advance(dialling(), LegEnded(Side.PARTY, 34, 503, "trunk c1: sip.invalid can't be found"), 1)
    assert (detail(call), call.hung_up_by) == ("trunk c1: sip.invalid can't be found", Asker.SYSTEM)
    call, _ = advance(dialling(), LegRefused(Side.PARTY, "trunk c1 is not known to the switch"), 1)
    assert detail(call) == "trunk c1 is not known to the switch"


def test_silence_is_told_apart_from_a_phone_that_rang() -> None:
    silent, _ = advance(dialling(), DeadlinePassed(), 60_001)
    assert (detail(silent), silent.hung_up_by) == ("no ringing was heard from trunk c1", Asker.SYSTEM)
    rang, _ = advance(advance(dialling(), LegRinging(Side.PARTY), 1)[0], DeadlinePassed(), 60_001)
    assert (detail(rang), rang.hung_up_by) == (None, Asker.SYSTEM)


def test_a_phone_elsewhere_is_named_by_its_address() -> None:
    plan = CallPlan("1", Phone(PhoneKind.ADDRESS, "sip:ann@example.com"), TRUNK, created_at=0, dial_by=20_000)
    call, _ = advance(place("c1", "acme", "main", plan)[0], LegEnded(Side.AGENT, 21, 403), 1)
    assert detail(call) == "sip:ann@example.com forbids the call (SIP 403)"
