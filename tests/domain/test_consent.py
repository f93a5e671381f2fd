"""What may be recorded: every cell of the contract's table, the overrides, and nothing where something is unread."""

from itertools import product

import pytest

from outdial.domain.consent import (
    NOTHING,
    AccountRecording,
    Consent,
    Legs,
    Override,
    Scenario,
    decide,
    decision_of,
)

NUMBER, TO_AGENT, GROUP = Scenario.AGENT_TO_NUMBER, Scenario.TO_AGENT, Scenario.GROUP_TO_NUMBER
ONE, TWO, UNKNOWN = Consent.ONE_PARTY, Consent.TWO_PARTY, Consent.UNKNOWN
NONE, AGENT, BOTH = Legs.NONE, Legs.AGENT, Legs.BOTH


@pytest.mark.parametrize("scenario", Scenario)
@pytest.mark.parametrize("legs", Legs)
def test_without_consent_the_accounts_setting_decides(scenario: Scenario, legs: Legs) -> None:
    decision = decide(scenario, None, None, AccountRecording(legs, BOTH))
    assert (decision.legs, decision.after_consent) == (legs, legs)


@pytest.mark.parametrize("legs", Legs)
@pytest.mark.parametrize(
    ("one", "other", "now", "later"),
    [
        (ONE, ONE, BOTH, BOTH),
        (ONE, TWO, AGENT, BOTH),
        (TWO, ONE, AGENT, BOTH),
        (TWO, TWO, AGENT, BOTH),
        (TWO, UNKNOWN, AGENT, BOTH),
        (UNKNOWN, TWO, AGENT, BOTH),
    ],
)
def test_consent_decides_instead_of_the_accounts_setting(
    legs: Legs, one: Consent, other: Consent, now: Legs, later: Legs
) -> None:
    decision = decide(NUMBER, one, other, AccountRecording(legs))
    assert (decision.legs, decision.after_consent) == (now, later)


@pytest.mark.parametrize(("one", "other"), [(UNKNOWN, UNKNOWN), (UNKNOWN, ONE), (ONE, UNKNOWN)])
@pytest.mark.parametrize("unknown", Legs)
def test_unknown_is_what_the_account_says_and_captured_consent_does_not_change_it(
    one: Consent, other: Consent, unknown: Legs
) -> None:
    decision = decide(NUMBER, one, other, AccountRecording(BOTH, unknown))
    assert (decision.legs, decision.after_consent) == (unknown, unknown)


def test_unknown_is_the_agents_leg_unless_the_account_says_otherwise() -> None:
    assert decide(NUMBER, UNKNOWN, UNKNOWN, AccountRecording()).legs is AGENT


@pytest.mark.parametrize(
    ("consent", "legs", "now", "later"),
    [
        (ONE, NONE, NONE, NONE),
        (ONE, AGENT, AGENT, AGENT),
        (ONE, BOTH, BOTH, BOTH),
        (TWO, NONE, NONE, NONE),
        (TWO, AGENT, AGENT, AGENT),
        (TWO, BOTH, AGENT, BOTH),
        (UNKNOWN, NONE, NONE, NONE),
        (UNKNOWN, AGENT, AGENT, AGENT),
        (UNKNOWN, BOTH, AGENT, AGENT),
    ],
)
def test_from_a_group_consent_and_setting_must_both_allow_a_leg(
    consent: Consent, legs: Legs, now: Legs, later: Legs
) -> None:
    decision = decide(GROUP, None, consent, AccountRecording(legs, AGENT))
    assert (decision.legs, decision.after_consent) == (now, later)


def test_consent_never_takes_away_what_was_allowed() -> None:
    more = {NONE: 0, AGENT: 1, BOTH: 2}
    for scenario, one, other, legs, unknown in product(Scenario, (None, *Consent), (None, *Consent), Legs, Legs):
        decision = decide(scenario, one, other, AccountRecording(legs, unknown))
        assert more[decision.after_consent] >= more[decision.legs]


def overridden(*overrides: Override, legs: Legs = NONE) -> AccountRecording:
    return AccountRecording(legs, NONE, overrides)


def test_a_group_and_a_caller_id_have_settings_of_their_own() -> None:
    settings = overridden(Override(BOTH, BOTH, group="030"), Override(AGENT, AGENT, caller_id="+442079460100"))
    assert decide(GROUP, None, None, settings, groups=("030",)).legs is BOTH
    assert decide(GROUP, None, None, settings, groups=("200",)).legs is NONE
    assert decide(NUMBER, None, None, settings, caller_id="+442079460100").legs is AGENT
    assert decide(NUMBER, UNKNOWN, UNKNOWN, settings, caller_id="+442079460100").legs is AGENT
    assert decide(NUMBER, None, None, settings, caller_id=None).legs is NONE


def test_where_several_settings_apply_all_must_allow_a_leg() -> None:
    settings = overridden(Override(BOTH, BOTH, group="030"), Override(AGENT, AGENT, caller_id="+442079460100"))
    both = decide(GROUP, None, None, settings, groups=("030",), caller_id="+442079460100")
    assert both.legs is AGENT
    assert both.inputs["overrides"] == "group 030, caller id +442079460100"
    # The agent may be one of group 200, which has the account's setting.
    assert decide(GROUP, None, None, settings, groups=("030", "200")).legs is NONE


def test_the_announcement_is_only_for_calls_in_which_consent_changes_something() -> None:
    settings = AccountRecording(BOTH, announcement="default")
    assert decide(NUMBER, TWO, TWO, settings).announcement == "default"
    assert decide(NUMBER, ONE, ONE, settings).announcement is None
    assert decide(NUMBER, None, None, settings).announcement is None


def test_settings_and_decisions_are_read_back_as_they_were() -> None:
    settings = AccountRecording(BOTH, AGENT, (Override(NONE, NONE, group="030"),), "default", 30, record_or_drop=True)
    assert AccountRecording.from_dict(settings.to_dict()) == settings
    decision = decide(GROUP, None, TWO, settings, groups=("030",))
    assert decision_of(decision.to_dict()) == decision


def test_a_decision_is_spelled_in_one_way_and_read_in_every_way_it_was_ever_stored() -> None:
    settings = AccountRecording(BOTH, AGENT, (), "default", 30, record_or_drop=True)
    decision = decide(NUMBER, UNKNOWN, TWO, settings)
    stored = decision.to_dict()
    assert not [name for name in (*stored, *stored["inputs"]) if "_" in name]
    before = {
        "legs": "agent",
        "after_consent": "both",
        "rule": decision.rule,
        "inputs": {
            "scenario": "agent to telephone number",
            "from": "Unknown",
            "to": "TwoParty",
            "account": "both",
            "account_when_unknown": "agent",
        },
        "announcement": "default",
        "auto_resume_seconds": 30,
        "record_or_drop": True,
    }
    assert decision_of(before) == decision


@pytest.mark.parametrize(
    "stored",
    [
        {"legs": "all"},
        {"when_unknown": 3},
        {"overrides": [{"legs": "both"}]},
        {"legs": "both", "overrides": [{"legs": "both", "when_unknown": "both"}]},
        {"legs": "both", "overrides": [{"legs": "both", "when_unknown": "both", "group": "1", "caller_id": "+1"}]},
        {"legs": "both", "auto_resume_seconds": "soon"},
        {"legs": "both", "overrides": 7},
    ],
)
def test_settings_that_cannot_be_read_record_nothing(stored: dict[str, object]) -> None:
    assert decide(NUMBER, None, None, AccountRecording.from_dict(stored)).legs is NONE
    assert decide(NUMBER, UNKNOWN, UNKNOWN, AccountRecording.from_dict(stored)).legs is NONE


@pytest.mark.parametrize(
    "stored",
    [
        {},
        {"legs": "both"},
        {"legs": "x", "legsAfterConsent": "both", "rule": "", "inputs": {}},
        {"legs": "both", "legsAfterConsent": "both", "rule": "", "inputs": []},
    ],
)
def test_a_decision_that_cannot_be_read_allows_nothing(stored: dict[str, object]) -> None:
    assert decision_of(stored) == NOTHING
