"""The ways in which a request is turned down, each with its text. Statuses are mapped by base class, outside.

Refusal
├── BadRequest              400: one class for each message of the contract, and ours in the same tone
├── Conflict                409: an idempotency key whose first request is under way
├── BodyTooLarge            413
├── UnsupportedMediaType    415
├── Unprocessable           422: an idempotency key used again for something else
├── TooManyRequests         429
└── Unavailable             503
"""

import re


class Refusal(Exception):
    """A request that is turned down. `code` is stable and in kebab case; `member` names the one at fault."""

    text = "The request can't be served"

    def __init__(self, message: str | None = None, *, member: str | None = None) -> None:
        self.message = message or self.text
        self.member = member
        super().__init__(self.message)

    @property
    def code(self) -> str:
        """The class's name in kebab case."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", type(self).__name__).lower()


class BadRequest(Refusal):
    """The request itself is wrong, or what it asks can't be done."""


class Conflict(Refusal):
    """Something else with the same key is under way."""


class BodyTooLarge(Refusal):
    """The body is longer than is read."""

    text = "The request body is too large"


class UnsupportedMediaType(Refusal):
    """The body is not JSON."""

    def __init__(self, sent: str) -> None:
        super().__init__(f"The requested resource does not support content type '{sent}'.")


class Unprocessable(Refusal):
    """Well formed, but it contradicts what was sent before."""


class TooManyRequests(Refusal):
    """Too many calls, in this second or at a time. `limit` and `remaining` are of the limit that was met."""

    text = "Too many calls; try again later"

    def __init__(
        self, message: str | None = None, *, retry_after_seconds: int, limit: int = 0, remaining: int = 0
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.limit = limit
        self.remaining = remaining


class Unavailable(Refusal):
    """Not now: something we need is away."""

    retry_after_seconds = 5


class SwitchUnreachable(Unavailable):
    """No switch could ring anybody."""

    text = "No telephone switch can be reached; try again later"


class StoreUnavailable(Unavailable):
    """The database does not answer."""

    text = "The service is not available; try again later"


# What the body is.


class MalformedJson(BadRequest):
    """The body is not JSON."""

    text = "The request body is not valid JSON"


class NotAnObject(BadRequest):
    """The body is JSON, but no object."""

    text = "The request body must be a JSON object"


class UnsupportedVersion(BadRequest):
    """A version that does not exist was asked for."""

    text = "The version is not supported. Supported versions are 0, 1, 2, 3, 4, 5, 6"


class MemberNewerThanVersion(BadRequest):
    """A member is newer than the effective version; dropping it would place a different call."""

    def __init__(self, member: str, since: int, version: int) -> None:
        super().__init__(
            f"{member} requires version {since} of the API; this request uses version {version}", member=member
        )


class MisspeltMember(BadRequest):
    """A known member in a spelling that would be ignored."""

    def __init__(self, member: str, meant: str) -> None:
        super().__init__(f"Unknown member {member}; did you mean {meant}?", member=member)


class WrongType(BadRequest):
    """A member is not of the kind it must be."""

    def __init__(self, member: str, wanted: str) -> None:
        super().__init__(f"{member} must be {wanted}", member=member)


# Structure.


class AgentNotSpecified(BadRequest):
    """`from` names nobody."""

    text = "Agent Id must be specified"


class TelephoneNumberNotSupported(BadRequest):
    """`from` may not be a number."""

    text = "Telephone number not supported in this context"


class AgentAndGroups(BadRequest):
    """`from` names an agent and groups."""

    text = "Either agent id or groups required, not both"


class GroupsNotSupported(BadRequest):
    """`to` may not be groups."""

    text = "Groups not supported in this context"


class DestinationRequired(BadRequest):
    """`to` names nobody."""

    text = "Either telephone number or agent id required"


class DestinationAmbiguous(BadRequest):
    """`to` names a number and an agent."""

    text = "Either telephone number or agent id required, not both"


class CallingOneself(BadRequest):
    """Both sides are the same agent."""

    text = "Unable to place call - an Agent cannot call itself"


# Lengths and characters.


class TelephoneNumberTooLong(BadRequest):
    """More than 30 characters."""

    text = "Telephone number exceeds 30 characters"


class AgentIdTooLong(BadRequest):
    """More than 11 digits."""

    text = "Agent Id exceeds 11 digits"


class AgentIdNotDigits(BadRequest):
    """Something other than digits."""

    text = "Agent Id must contain digits only"


class GroupIdInvalid(BadRequest):
    """A group id that could not exist."""

    text = "Group Id must contain 1 to 32 letters, digits, dashes or underscores"


class TooManyGroups(BadRequest):
    """More groups than are searched."""

    text = "Groups exceeded 50 entries"


class ReferenceTooLong(BadRequest):
    """More than 2000 characters."""

    text = "Reference exceeded 2000 characters"


class ReferenceInvalid(BadRequest):
    """Neither alphanumeric nor a URL."""

    text = "Reference contained invalid characters"


class ApplicationTooLong(BadRequest):
    """More than 32 characters."""

    text = "Application exceeded 32 characters"


class ApplicationInvalid(BadRequest):
    """Not alphanumeric."""

    text = "Application contains non-alphanumeric characters"


# Consent.


class ConsentValueInvalid(BadRequest):
    """Not one of the three words."""

    text = "Consent must be one of Unknown, OneParty, TwoParty"


class ConsentRuleBroken(BadRequest):
    """Consent on a side where its scenario does not have it; the message states the rule."""


# Account and agents.


class AccountDisabled(BadRequest):
    """Outbound calling is off for the account."""

    text = "Ccxml must be enabled for this account"


class UnknownAgent(BadRequest):
    """The calling agent is unknown."""

    text = "Unable to place call - Agent Id is unknown"


class UnknownCalledAgent(BadRequest):
    """The called agent is unknown."""

    text = "Unable to place call - invalid Agent Id."


class UnknownGroup(BadRequest):
    """A group of the request is unknown."""

    text = "Unable to place call - Group Id is unknown"


class AgentBusy(BadRequest):
    """The calling agent is on a call or otherwise not free."""

    text = "Unable to place call - Agent number busy"


class CalledAgentBusy(BadRequest):
    """The called agent is known, not free."""

    text = "Unable to place call - dialed Agent is not currently available"


class NoAgentAvailable(BadRequest):
    """No agent of the groups is free."""

    text = "Unable to place call - no Agent of the groups is currently available"


# Number, caller id, policy, placing.


class InvalidNumber(BadRequest):
    """Not a number that can be dialled."""

    text = "Unable to place call - number is invalid"


class CallerIdInvalid(BadRequest):
    """What is to be presented is no number."""

    text = "Unable to place call - presented CLID is invalid"


class CallerIdNotAllowed(BadRequest):
    """The account may not present this number."""

    text = "Unable to place call - presented CLID is not allowed for this account"


class EmergencyNumber(BadRequest):
    """Emergency services are not for click-to-dial."""

    text = "Unable to place call - emergency numbers cannot be called"


class DestinationNotAllowed(BadRequest):
    """The number's country is not among the account's."""

    text = "Unable to place call - calls to this destination are not allowed for this account"


class PremiumNumber(BadRequest):
    """Premium-rate numbers are refused unless the account allows them."""

    text = "Unable to place call - premium rate numbers are not allowed for this account"


class NoTrunk(BadRequest):
    """The account has no enabled trunk to carry the call."""

    text = "Unable to place call - no trunk is configured for this account"


class AgentNotReached(BadRequest):
    """The switch could not ring the agent. `call_id` is the call that came to nothing, the last where several did."""

    text = "Unable to place call to Agent. Please try again"

    def __init__(self, call_id: str | None = None) -> None:
        super().__init__()
        self.call_id = call_id
