"""An agent's state, and who is called first."""

from dataclasses import replace

import pytest

from outdial.domain.agents import AgentState, is_available, is_free, rank, state_of
from outdial.domain.directory import Agent
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence

NOW = 1_000_000
ANN = Agent("a", "1", "Ann", Phone(PhoneKind.SIP, "a-1"), phone_online=True)


def test_the_numbers_are_those_of_the_sister_pages() -> None:
    numbers = {state.name: state.value for state in AgentState}
    assert numbers == {
        "LOGGED_OUT": -16,
        "WRAPUP": 0,
        "WRAPUP_TRANSFERRED": 1,
        "READY": 16,
        "BUSY_INCOMING": 32,
        "BUSY_OUTGOING": 33,
        "BUSY_TRANSFER_IN": 36,
        "BUSY_INTERNAL": 37,
        "BUSY_CALLBACK": 41,
        "AWAY": 48,
        "BREAK": 49,
        "COMFORT_BREAK": 50,
        "EXTENDED_AWAY": 64,
    }


def test_a_call_comes_before_wrap_up_and_wrap_up_before_being_ready() -> None:
    wrapping = replace(ANN, wrap_up_until=NOW + 1)
    assert state_of(ANN, NOW) is AgentState.READY
    assert state_of(wrapping, NOW) is AgentState.WRAPUP
    assert state_of(wrapping, NOW + 1) is AgentState.READY
    assert state_of(replace(wrapping, call_id="c"), NOW) is AgentState.BUSY_OUTGOING


@pytest.mark.parametrize("presence", [presence for presence in Presence if presence is not Presence.READY])
def test_only_ready_agents_are_called(presence: Presence) -> None:
    away = replace(ANN, presence=presence)
    assert not is_free(away, NOW)
    assert state_of(away, NOW).name == presence.name


def test_groups_choose_nobody_whose_phone_is_known_to_be_away() -> None:
    assert is_available(ANN, NOW)
    assert is_available(replace(ANN, phone_online=None), NOW)
    offline = replace(ANN, phone_online=False)
    assert not is_available(offline, NOW)
    assert is_free(offline, NOW)


def test_the_longest_idle_is_first_and_among_equals_the_smaller_id() -> None:
    agents = [
        replace(ANN, id="3", idle_since=5),
        replace(ANN, id="2", idle_since=5),
        replace(ANN, id="9", idle_since=1),
    ]
    assert [agent.id for agent in sorted(agents, key=rank)] == ["9", "2", "3"]
