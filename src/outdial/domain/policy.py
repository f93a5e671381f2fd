"""The guard against toll fraud, and the choice of caller id and trunk: what an account may call, show and use.

Must not know how a call is carried.
"""

from collections.abc import Iterable, Sequence

from outdial.domain.directory import Account, Agent, CallerIdNumber, Trunk
from outdial.domain.numbers import Kind, country_of, kind_of, parse_number
from outdial.domain.plan import CallerId
from outdial.domain.refusals import (
    BadRequest,
    CallerIdInvalid,
    CallerIdNotAllowed,
    DestinationNotAllowed,
    NoTrunk,
    PremiumNumber,
)


class AgentPhoneNotAllowed(BadRequest):
    """An agent's phone has a number that the account may not call, or may no longer."""

    text = "Unable to place call - the phone number of this Agent is not allowed for this account"

    def __init__(self, agent_id: str, *, member: str) -> None:
        super().__init__(member=member)
        self.agent_id = agent_id


def check_destination(account: Account, e164: str) -> None:
    """Whether the account may call a number.

    Raises:
        DestinationNotAllowed: its country is not among the account's, which are the home country unless set.
        PremiumNumber: it costs extra, and the account does not allow that.
    """
    premium = kind_of(e164) is Kind.PREMIUM
    country = country_of(e164)
    if country is None:
        # Satellite and international networks belong to no country: only an account open to premium may call them.
        if not account.premium_allowed:
            raise PremiumNumber(member="to.telephoneNumber")
        return
    if country not in (account.allowed_countries or (account.home_country,)):
        raise DestinationNotAllowed(member="to.telephoneNumber")
    if premium and not account.premium_allowed:
        raise PremiumNumber(member="to.telephoneNumber")


def choose_caller_id(
    account: Account, agent: Agent, caller_ids: Iterable[CallerIdNumber], presented: str | None
) -> tuple[CallerId, str]:
    """What the party is shown, and why: the one asked for, else the agent's, else the account's, else nothing.

    Raises:
        CallerIdInvalid: what was asked for is no number.
        CallerIdNotAllowed: the account may not present it.
    """
    own = {caller_id.number: caller_id for caller_id in caller_ids}
    if presented is not None:
        number = _presentable(presented, account)
        if number not in own and not account.any_caller_id:
            raise CallerIdNotAllowed(member="from.presentedCLID")
        return _shown(number, own), "asked for in the request"
    defaults = ((agent.caller_id, "the agent's own"), (account.default_caller_id, "the account's default"))
    for default, why in defaults:
        if default is not None and (default in own or account.any_caller_id):
            return _shown(default, own), why
    return CallerId(), "none is set for the agent or the account"


def choose_trunk(trunks: Sequence[Trunk]) -> Trunk:
    """The trunk that carries a call: the first enabled one by priority, then by id.

    Raises:
        NoTrunk: the account has none.
    """
    enabled = [trunk for trunk in trunks if trunk.enabled]
    if not enabled:
        raise NoTrunk
    return min(enabled, key=lambda trunk: (trunk.priority, trunk.id))


def _presentable(text: str, account: Account) -> str:
    try:
        return parse_number(text, account.home_country)
    except BadRequest:
        raise CallerIdInvalid(member="from.presentedCLID") from None


def _shown(number: str, own: dict[str, CallerIdNumber]) -> CallerId:
    return CallerId(number, own[number].name if number in own else None)
