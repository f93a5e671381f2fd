"""Who must consent for a call to be recorded, and what may be recorded therefore: a decision with its inputs and rule.

Whenever the answer cannot be known, nothing is recorded. Nothing here records.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from outdial.domain.refusals import ConsentRuleBroken, ConsentValueInvalid, WrongType


class Consent(StrEnum):
    """What the law on a side asks for."""

    UNKNOWN = "Unknown"
    ONE_PARTY = "OneParty"
    TWO_PARTY = "TwoParty"


class Legs(StrEnum):
    """Which legs are recorded. The order is from least to most."""

    NONE = "none"
    AGENT = "agent"
    BOTH = "both"


class Scenario(StrEnum):
    """Who calls whom, as far as consent asks."""

    AGENT_TO_NUMBER = "agent to telephone number"
    TO_AGENT = "to an agent"
    GROUP_TO_NUMBER = "group to telephone number"


_MOST = {Legs.NONE: 0, Legs.AGENT: 1, Legs.BOTH: 2}
_STRICTNESS = {Consent.ONE_PARTY: 0, Consent.UNKNOWN: 1, Consent.TWO_PARTY: 2}


@dataclass(frozen=True, slots=True)
class AccountRecording:
    """An account's recording settings."""

    legs: Legs = Legs.NONE
    """What is recorded where no consent is given with the call."""
    when_unknown: Legs = Legs.AGENT
    """What `Unknown` allows."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AccountRecording":
        """Settings as stored; anything that can't be read means that nothing is recorded."""
        try:
            return cls(Legs(data.get("legs", Legs.NONE)), Legs(data.get("when_unknown", Legs.AGENT)))
        except (ValueError, TypeError, AttributeError):
            return cls(Legs.NONE, Legs.NONE)

    def to_dict(self) -> dict[str, str]:
        """As `from_dict` takes them."""
        return {"legs": self.legs.value, "when_unknown": self.when_unknown.value}


@dataclass(frozen=True, slots=True)
class RecordingDecision:
    """What may be recorded of a call from its beginning, what from the moment a consent is captured, and why."""

    legs: Legs
    after_consent: Legs
    """What may be recorded once the other side's consent has been captured; never less than `legs`."""
    rule: str
    inputs: dict[str, str | None]

    def to_dict(self) -> dict[str, Any]:
        """As it is stored with the call."""
        return {
            "legs": self.legs.value,
            "after_consent": self.after_consent.value,
            "rule": self.rule,
            "inputs": dict(self.inputs),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "RecordingDecision":
        """A stored decision. Raises KeyError or ValueError for anything else."""
        return cls(Legs(data["legs"]), Legs(data["after_consent"]), data["rule"], dict(data["inputs"]))


def scenario_of(agent_id: str | None, called_agent_id: str | None) -> Scenario:
    """Which row of the page's table a request falls under."""
    if called_agent_id is not None:
        return Scenario.TO_AGENT
    return Scenario.GROUP_TO_NUMBER if agent_id is None else Scenario.AGENT_TO_NUMBER


def parse_consent(value: object, member: str) -> Consent | None:
    """One side's consent; none where it was omitted.

    Raises:
        WrongType: not a string.
        ConsentValueInvalid: not one of the three words, spelled exactly so.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise WrongType(member, "a string")
    try:
        return Consent(value)
    except ValueError:
        raise ConsentValueInvalid(member=member) from None


_RULES = {
    Scenario.AGENT_TO_NUMBER: "Consent must be supplied for both from and to or must be omitted for both",
    Scenario.TO_AGENT: "Consent must be omitted for both from and to when calling an agent",
    Scenario.GROUP_TO_NUMBER: "Consent must be omitted for from when calling from groups",
}


def check_consent(scenario: Scenario, from_consent: Consent | None, to_consent: Consent | None) -> None:
    """Hold what was given against the page's table.

    Raises:
        ConsentRuleBroken: given on a side where the scenario does not have it, or missing on one where it must be.
    """
    given = (from_consent is not None, to_consent is not None)
    allowed = {
        Scenario.AGENT_TO_NUMBER: ((False, False), (True, True)),
        Scenario.TO_AGENT: ((False, False),),
        Scenario.GROUP_TO_NUMBER: ((False, False), (False, True)),
    }[scenario]
    if given not in allowed:
        at_fault = "to.consent" if given == (True, False) and scenario is Scenario.AGENT_TO_NUMBER else None
        member = at_fault or ("from.consent" if given[0] else "to.consent")
        if scenario is Scenario.AGENT_TO_NUMBER and given == (False, True):
            member = "from.consent"
        raise ConsentRuleBroken(_RULES[scenario], member=member)


def decide(
    scenario: Scenario, from_consent: Consent | None, to_consent: Consent | None, settings: AccountRecording
) -> RecordingDecision:
    """What may be recorded of a call, and by which rule."""
    inputs = {
        "scenario": scenario.value,
        "from": from_consent,
        "to": to_consent,
        "account": settings.legs.value,
        "account_when_unknown": settings.when_unknown.value,
    }
    plain = {key: None if value is None else str(value) for key, value in inputs.items()}
    given = [consent for consent in (from_consent, to_consent) if consent is not None]
    if not given:
        rule = "no consent was given with the call: the account's setting decides"
        return RecordingDecision(settings.legs, settings.legs, rule, plain)
    strictest = max(given, key=lambda consent: _STRICTNESS[consent])
    now, later, rule = _allowed_by(strictest, settings)
    if scenario is Scenario.GROUP_TO_NUMBER:
        now, later = _least(now, settings.legs), _least(later, settings.legs)
        rule += "; combined with the account's setting, which must allow it too"
    return RecordingDecision(now, later, rule, plain)


def _allowed_by(consent: Consent, settings: AccountRecording) -> tuple[Legs, Legs, str]:
    match consent:
        case Consent.ONE_PARTY:
            return Legs.BOTH, Legs.BOTH, "OneParty: both legs"
        case Consent.TWO_PARTY:
            return Legs.AGENT, Legs.BOTH, "TwoParty: the agent's leg, the other one once its consent is captured"
        case Consent.UNKNOWN:
            allowed = settings.when_unknown
            return allowed, allowed, f"Unknown: the account's setting for unknown ({allowed.value})"


def _least(one: Legs, other: Legs) -> Legs:
    return min(one, other, key=lambda legs: _MOST[legs])
