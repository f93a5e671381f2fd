"""What other programs are told: the catalogue describes every notice, the envelope is CloudEvents, filters match."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from outdial.domain import call_states, event_page
from outdial.domain.agent_notices import agent_notices, wrap_up_ended
from outdial.domain.call import advance, place
from outdial.domain.cloud_events import cloud_event, encode
from outdial.domain.directory import Agent
from outdial.domain.notice_filter import NoticeFilter, TooManyEventTypes, UnknownEventType, check_types
from outdial.domain.notice_types import TYPES
from outdial.domain.notices import Notice, notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.presence import Presence

AGENT = Agent("acc", "1234", "Ann", Phone(PhoneKind.SIP, "a"), presence=Presence.READY)
PLAN = CallPlan(
    "1234", Phone(PhoneKind.SIP, "a"), Phone(PhoneKind.SIP, "b"), created_at=0, dial_by=20_000, number="+442079460000"
)


def told_of_calls() -> list[Notice]:
    """Every notice that two events in each state can make."""
    found = list(notices(None, place("id", "acc", "main", PLAN)[0], 0))
    for call in call_states.calls().values():
        for (_, first), (_, second), now in product(call_states.EVENTS, call_states.EVENTS, (10, 10**9)):
            after, _ = advance(call, first, now)
            found += notices(call, after, now)
            found += notices(after, advance(after, second, now)[0], now)
    return found


def told_of_agents() -> list[Notice]:
    busy = replace(AGENT, call_id="c1")
    wrapping = replace(AGENT, wrap_up_until=2_000)
    return [
        *agent_notices(AGENT, busy, 1_000),
        *agent_notices(busy, wrapping, 1_000),
        wrap_up_ended(replace(wrapping, wrap_up_until=None), 2_000),
        *agent_notices(AGENT, replace(AGENT, presence=Presence.EXTENDED_AWAY, phone_online=False), 1_000),
        *agent_notices(AGENT, replace(AGENT, phone_online=True), 1_000),
    ]


def test_the_catalogue_describes_every_notice_and_has_no_type_that_nobody_tells() -> None:
    told = told_of_calls() + told_of_agents()
    checks = {name: jsonschema_rs.validator_for(kind.schema()) for name, kind in TYPES.items()}
    for notice in told:
        checks[notice.type].validate(notice.data)
        assert set(notice.data) == {member.name for member in TYPES[notice.type].family.members}
    never = {name for name in TYPES if name.split(".")[0] in ("call", "agent")} - {notice.type for notice in told}
    assert never == set()


def test_a_schema_turns_down_what_the_catalogue_does_not_say() -> None:
    check = jsonschema_rs.validator_for(TYPES["call.ended.v1"].schema())
    notice = next(each for each in told_of_calls() if each.type == "call.ended.v1")
    for wrong in ({"state": "asleep"}, {"hungUpBy": "Nobody"}, {"result": {}}, {"endedAt": "yesterday"}):
        assert not check.is_valid({**notice.data, **wrong})
    assert not check.is_valid({name: value for name, value in notice.data.items() if name != "callId"})


def test_the_written_catalogue_is_what_the_code_says() -> None:
    written = Path(__file__).parents[2] / "docs" / "events.md"
    assert written.read_text(encoding="utf-8") == event_page.describe()


def test_the_envelope_is_that_of_cloud_events() -> None:
    notice = Notice("call.placed.v1", "acc", "c1", 1_795_550_400_007, {"callId": "c1"})
    event = cloud_event(42, notice)
    assert {name: value for name, value in event.items() if name != "id"} == {
        "specversion": "1.0",
        "source": "/accounts/acc",
        "type": "call.placed.v1",
        "subject": "calls/c1",
        "time": "2026-11-24T20:00:00.007Z",
        "sequence": "00000000000000000042",
        "datacontenttype": "application/json",
        "data": {"callId": "c1"},
    }
    assert encode(event) == encode(cloud_event(42, notice))
    assert "\n" not in encode({"data": "a\nb"})


def test_ids_are_the_same_each_time_and_never_shared() -> None:
    notice = Notice("call.placed.v1", "acc", "c1", 1_000, {})
    others = [(2, notice), (1, replace(notice, account="other")), (1, replace(notice, at=2_000))]
    ids = [cloud_event(seq, each)["id"] for seq, each in [(1, notice), *others]]
    assert len(set(ids)) == 4
    assert ids[0] == cloud_event(1, notice)["id"]


def test_subjects_say_what_an_event_is_about() -> None:
    subjects = [cloud_event(1, notice)["subject"] for notice in (told_of_calls()[0], told_of_agents()[0])]
    test = Notice("webhook.test.v1", "acc", None, 0, {"webhookId": "w1"})
    assert [*subjects, cloud_event(1, test)["subject"]] == ["calls/id", "agents/1234", "webhooks/w1"]


def test_an_agent_on_a_call_is_told_as_busy_and_then_as_wrapping_up() -> None:
    told = told_of_agents()
    assert [(notice.type, notice.data["state"], notice.call_id) for notice in told[:3]] == [
        ("agent.state.changed.v1", "BusyOutgoing", "c1"),
        ("agent.state.changed.v1", "Wrapup", None),
        ("agent.state.changed.v1", "Ready", None),
    ]
    assert agent_notices(AGENT, replace(AGENT, name="Anna"), 1_000) == ()


def wants(notice: Notice, **wanted: Any) -> bool:
    return NoticeFilter(**wanted).wants(notice)


def test_filters_match_type_agent_group_and_call() -> None:
    notice = Notice(
        "call.originator.ringing.v1",
        "acc",
        "c1",
        0,
        {"agentId": "1", "groups": ["030"], "party": {"number": None, "agentId": "2"}},
    )
    assert wants(notice)
    for types in (("call.*",), ("*",), ("*.ringing.v1",), ("call.*.ringing.*",), ("agent.*", notice.type)):
        assert wants(notice, types=types), types
    for types in (("agent.*",), ("call.ringing.*",), ("call.originator.ringing",), ("call.originatorXringing.v1",)):
        assert not wants(notice, types=types), types
    assert wants(notice, agents={"1"})
    assert wants(notice, agents={"2"})
    assert not wants(notice, agents={"3"})
    assert wants(notice, agents={"3"}, groups={"030"})
    assert not wants(notice, groups={"30"})
    assert wants(notice, call_id="c1")
    assert not wants(notice, call_id="c1", agents=set())


@pytest.mark.parametrize("pattern", ["", "call", "call.ended", "calls.*", "*a*a*a*a*", "x" * 200, "call.ended.v2"])
def test_a_type_that_could_never_match_is_refused(pattern: str) -> None:
    with pytest.raises(UnknownEventType):
        check_types([pattern])


def test_a_misspelt_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(UnknownEventType, match=r"did you mean call\.ended\.v1\?"):
        check_types(["call.ended"])
    assert check_types(["call.*", "call.*", "agent.*"]) == ("call.*", "agent.*")
    with pytest.raises(TooManyEventTypes):
        check_types([name + "*" * number for name in TYPES for number in range(3)])
