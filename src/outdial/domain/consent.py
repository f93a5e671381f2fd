"""Who must consent for a call to be recorded, and what may be recorded therefore: a decision with its inputs and rule.

Whenever the answer cannot be known, nothing is recorded. Nothing here records.
"""

from collections.abc import Collection
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
class Override:
    """What is recorded instead of the account's setting: of calls for a group, or of calls that present a caller id."""

    legs: Legs
    when_unknown: Legs
    group: str | None = None
    caller_id: str | None = None
    """E.164."""

    @property
    def name(self) -> str:
        """What it is for, as a decision names it."""
        return f"group {self.group}" if self.group is not None else f"caller id {self.caller_id}"


@dataclass(frozen=True, slots=True)
class AccountRecording:
    """An account's recording settings."""

    legs: Legs = Legs.NONE
    """What is recorded where no consent is given with the call."""
    when_unknown: Legs = Legs.AGENT
    """What `Unknown` allows."""
    overrides: tuple[Override, ...] = ()
    announcement: str | None = None
    """What asks the other side for consent once both are joined, where consent would allow more; none for nothing."""
    auto_resume_seconds: int = 0
    """After so long a paused recording goes on by itself; 0 for never."""
    record_or_drop: bool = False
    """Whether a call whose recording fails is ended."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "AccountRecording":
        """Settings as stored; anything that can't be read means that nothing is recorded."""
        try:
            return cls(
                legs=Legs(data.get("legs", Legs.NONE)),
                when_unknown=Legs(data.get("when_unknown", Legs.AGENT)),
                overrides=tuple(_override_of(each) for each in data.get("overrides", ())),
                announcement=data.get("announcement"),
                auto_resume_seconds=int(data.get("auto_resume_seconds", 0)),
                record_or_drop=data.get("record_or_drop", False) is True,
            )
        except (ValueError, TypeError, AttributeError, KeyError):
            return cls(Legs.NONE, Legs.NONE)

    def to_dict(self) -> dict[str, Any]:
        """As `from_dict` takes them."""
        return {
            "legs": self.legs.value,
            "when_unknown": self.when_unknown.value,
            "overrides": [
                {"legs": each.legs.value, "when_unknown": each.when_unknown.value}
                | {"group": each.group, "caller_id": each.caller_id}
                for each in self.overrides
            ],
            "announcement": self.announcement,
            "auto_resume_seconds": self.auto_resume_seconds,
            "record_or_drop": self.record_or_drop,
        }

    def of_call(self, groups: Collection[str], caller_id: str | None) -> tuple[Legs, Legs, tuple[str, ...]]:
        """What is recorded of a call without consent, what with `Unknown`, and by which overrides.

        Where a call is for several groups, or has overrides of both kinds, a leg is recorded only if all allow it.
        """
        by_group = {each.group: each for each in self.overrides if each.group is not None}
        by_number = {each.caller_id: each for each in self.overrides if each.caller_id is not None}
        found = [by_group[group] for group in groups if group in by_group]
        # A group without an override has the account's setting, and its agents are as likely to be chosen.
        rules: list[Override | AccountRecording] = [*found, *([self] if found and len(found) < len(groups) else [])]
        if caller_id in by_number:
            found.append(by_number[caller_id])
            rules.append(found[-1])
        legs, unknown = Legs.BOTH, Legs.BOTH
        for rule in rules or [self]:
            legs, unknown = least(legs, rule.legs), least(unknown, rule.when_unknown)
        return legs, unknown, tuple(each.name for each in found)


@dataclass(frozen=True, slots=True)
class RecordingDecision:
    """What may be recorded of a call from its beginning, what from the moment a consent is captured, and why."""

    legs: Legs
    after_consent: Legs
    """What may be recorded once the other side's consent has been captured; never less than `legs`."""
    rule: str
    inputs: dict[str, str | None]
    announcement: str | None = None
    """What asks for that consent; none where nothing does, or where it would change nothing."""
    auto_resume_seconds: int = 0
    record_or_drop: bool = False

    @property
    def says_something(self) -> bool:
        """Whether it is worth an entry in the ledger: consent was given, or something may be recorded."""
        asked = any(self.inputs.get(side) is not None for side in ("from", "to"))
        return asked or self.after_consent is not Legs.NONE

    def to_dict(self) -> dict[str, Any]:
        """As it is stored with the call, and told of it: one spelling everywhere."""
        return {
            "legs": self.legs.value,
            "legsAfterConsent": self.after_consent.value,
            "rule": self.rule,
            "inputs": dict(self.inputs),
            "announcement": self.announcement,
            "autoResumeSeconds": self.auto_resume_seconds,
            "recordOrDrop": self.record_or_drop,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "RecordingDecision":
        """A decision as it is stored, or in the ledger. Raises for anything else, as `decision_of` expects."""
        data = _respelled(data)
        return cls(
            Legs(data["legs"]),
            Legs(data["legsAfterConsent"]),
            data["rule"],
            _respelled(data["inputs"]),
            data.get("announcement"),
            data.get("autoResumeSeconds", 0),
            data.get("recordOrDrop", False),
        )


INPUTS = ("scenario", "from", "to", "account", "accountWhenUnknown", "overrides")
"""What a decision may be made of."""
_SPELLED_BEFORE = {
    "after_consent": "legsAfterConsent",
    "afterConsent": "legsAfterConsent",
    "auto_resume_seconds": "autoResumeSeconds",
    "record_or_drop": "recordOrDrop",
    "account_when_unknown": "accountWhenUnknown",
}
"""Members of decisions as they were stored, and hashed, before there was one spelling."""
NOTHING = RecordingDecision(Legs.NONE, Legs.NONE, "nothing was decided, so nothing is recorded", {})
"""What holds where a call was stored without a decision that can be read."""


def decision_of(stored: dict[str, Any]) -> RecordingDecision:
    """A call's decision as it was stored; one that can't be read allows nothing."""
    try:
        return RecordingDecision.from_dict(stored)
    except (KeyError, ValueError, TypeError, AttributeError):
        return NOTHING


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
    scenario: Scenario,
    from_consent: Consent | None,
    to_consent: Consent | None,
    settings: AccountRecording,
    *,
    groups: Collection[str] = (),
    caller_id: str | None = None,
) -> RecordingDecision:
    """What may be recorded of a call, and by which rule. `groups` are those the call is placed for."""
    legs, unknown, overrides = settings.of_call(groups, caller_id)
    inputs = {
        "scenario": scenario.value,
        "from": from_consent,
        "to": to_consent,
        "account": legs.value,
        "accountWhenUnknown": unknown.value,
    }
    plain = {key: None if value is None else str(value) for key, value in inputs.items()}
    if overrides:
        plain["overrides"] = ", ".join(overrides)
    now, later, rule = _decided(scenario, from_consent, to_consent, legs, unknown)
    asks = settings.announcement if later is not now else None
    return RecordingDecision(now, later, rule, plain, asks, settings.auto_resume_seconds, settings.record_or_drop)


def least(one: Legs, other: Legs) -> Legs:
    """The legs that both allow."""
    return min(one, other, key=lambda legs: _MOST[legs])


def _decided(
    scenario: Scenario, from_consent: Consent | None, to_consent: Consent | None, legs: Legs, unknown: Legs
) -> tuple[Legs, Legs, str]:
    given = [consent for consent in (from_consent, to_consent) if consent is not None]
    if not given:
        return legs, legs, "no consent was given with the call: the account's setting decides"
    strictest = max(given, key=lambda consent: _STRICTNESS[consent])
    now, later, rule = _allowed_by(strictest, unknown)
    if scenario is Scenario.GROUP_TO_NUMBER:
        now, later = least(now, legs), least(later, legs)
        rule += "; combined with the account's setting, which must allow it too"
    return now, later, rule


def _allowed_by(consent: Consent, unknown: Legs) -> tuple[Legs, Legs, str]:
    match consent:
        case Consent.ONE_PARTY:
            return Legs.BOTH, Legs.BOTH, "OneParty: both legs"
        case Consent.TWO_PARTY:
            return Legs.AGENT, Legs.BOTH, "TwoParty: the agent's leg, the other one once its consent is captured"
        case Consent.UNKNOWN:
            return unknown, unknown, f"Unknown: the account's setting for unknown ({unknown.value})"


def _respelled(data: dict[str, Any]) -> dict[str, Any]:
    return {_SPELLED_BEFORE.get(name, name): value for name, value in data.items()}


def _override_of(data: dict[str, Any]) -> Override:
    found = Override(Legs(data["legs"]), Legs(data["when_unknown"]), data.get("group"), data.get("caller_id"))
    if (found.group is None) is (found.caller_id is None):
        raise ValueError("an override is for a group or for a caller id")
    return found
