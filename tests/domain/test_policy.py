"""What an account may call, show and use."""

from dataclasses import replace

import pytest

from outdial.domain.directory import Account, Agent, CallerIdNumber, Trunk
from outdial.domain.plan import CallerId, Phone, PhoneKind
from outdial.domain.policy import check_destination, choose_caller_id, choose_trunk
from outdial.domain.refusals import (
    CallerIdInvalid,
    CallerIdNotAllowed,
    DestinationNotAllowed,
    NoTrunk,
    PremiumNumber,
)

ACCOUNT = Account("a", "A", "GB")
AGENT = Agent("a", "1", "Ann", Phone(PhoneKind.SIP, "a-1"))
OURS, DEFAULT, OWN, STRANGE = "+442079460100", "+442079460101", "+442079460102", "+448008888888"
LONDON, PARIS = "+442072068888", "+33612345678"
PREMIUM, PERSONAL, SATELLITE = "+449098790000", "+447012345678", "+881612345678"


def test_a_new_account_calls_its_home_country_only() -> None:
    check_destination(ACCOUNT, LONDON)
    with pytest.raises(DestinationNotAllowed):
        check_destination(ACCOUNT, PARIS)


def test_allowed_countries_stand_in_place_of_the_home_country() -> None:
    france = replace(ACCOUNT, allowed_countries=("FR",))
    check_destination(france, PARIS)
    with pytest.raises(DestinationNotAllowed):
        check_destination(france, LONDON)


@pytest.mark.parametrize("number", [PREMIUM, PERSONAL, SATELLITE])
def test_premium_numbers_and_networks_of_no_country_only_where_allowed(number: str) -> None:
    with pytest.raises(PremiumNumber):
        check_destination(ACCOUNT, number)
    check_destination(replace(ACCOUNT, premium_allowed=True), number)


def test_premium_numbers_of_other_countries_stay_other_countries() -> None:
    with pytest.raises(DestinationNotAllowed):
        check_destination(replace(ACCOUNT, premium_allowed=True), "+33899123456")


def shown(account: Account, agent: Agent, presented: str | None) -> tuple[CallerId, str]:
    own = [CallerIdNumber("a", OURS, "Sales"), CallerIdNumber("a", OWN), CallerIdNumber("a", DEFAULT)]
    return choose_caller_id(account, agent, own, presented)


def test_what_is_asked_for_comes_before_the_agents_and_the_accounts() -> None:
    account, agent = replace(ACCOUNT, default_caller_id=DEFAULT), replace(AGENT, caller_id=OWN)
    assert shown(account, agent, "020 7946 0100") == (CallerId(OURS, "Sales"), "asked for in the request")
    assert shown(account, agent, None) == (CallerId(OWN), "the agent's own")
    assert shown(account, AGENT, None) == (CallerId(DEFAULT), "the account's default")
    assert shown(ACCOUNT, AGENT, None)[0] == CallerId()


def test_a_number_that_is_not_the_accounts_is_refused_unless_it_may_show_any() -> None:
    with pytest.raises(CallerIdNotAllowed) as refused:
        shown(ACCOUNT, AGENT, STRANGE)
    assert refused.value.member == "from.presentedCLID"
    assert shown(replace(ACCOUNT, any_caller_id=True), AGENT, STRANGE)[0] == CallerId(STRANGE)


def test_a_default_that_was_taken_away_from_the_account_is_not_shown() -> None:
    assert shown(replace(ACCOUNT, default_caller_id=STRANGE), AGENT, None)[0] == CallerId()


@pytest.mark.parametrize("presented", ["nobody", "999", "12"])
def test_a_caller_id_must_be_a_number(presented: str) -> None:
    with pytest.raises(CallerIdInvalid):
        shown(replace(ACCOUNT, any_caller_id=True), AGENT, presented)


def test_the_first_enabled_trunk_by_priority_then_by_id() -> None:
    low, second, off = Trunk("a", "z", "h", priority=1), Trunk("a", "b", "h"), Trunk("a", "a", "h", enabled=False)
    assert choose_trunk([low, second, off, Trunk("a", "c", "h")]) is second
    with pytest.raises(NoTrunk):
        choose_trunk([off])
