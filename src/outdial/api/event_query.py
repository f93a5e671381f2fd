"""What a reader of events asks for: which ones, and from where on. Must not know how they are sent."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from outdial.api.parts import Parts
from outdial.calls.event_log import Kept
from outdial.domain.notice_filter import NoticeFilter, check_types
from outdial.domain.refusals import BadRequest, GroupIdInvalid, WrongType
from outdial.domain.request import GROUP_ID

MOST_ON_A_PAGE = 1_000
ON_A_PAGE = 100
MOST_NAMED = 50
_NUMBER = re.compile(r"[0-9]{1,20}")


class EventsNotKept(BadRequest):
    """A place to go on from that is no longer kept, or has not been reached. 410, and where to go on instead."""

    def __init__(self, after: int, kept: Kept) -> None:
        self.kept = kept
        what = "No event has that number yet" if after > kept.last else "Events after that number are no longer kept"
        super().__init__(f"{what}; go on after {self.resume_after}", member="after")

    @property
    def resume_after(self) -> int:
        """The number after which everything is still there."""
        return self.kept.first - 1


@dataclass(frozen=True, slots=True)
class Asked:
    """One reader's wish."""

    account: str
    after: int | None
    """None where the reader named no place."""
    limit: int
    types: tuple[str, ...]
    agents: frozenset[str]
    groups: frozenset[str]
    call_id: str | None

    async def filter_now(self, parts: Parts) -> NoticeFilter:
        """The filter as things stand: who is in a group is looked up each time."""
        if not self.agents and not self.groups:
            return NoticeFilter(self.types, call_id=self.call_id)
        agents = set(self.agents)
        for group in self.groups:
            agents.update(await parts.directory.members(self.account, group))
        return NoticeFilter(self.types, agents, self.groups, self.call_id)


def asked(request: Request, account: str) -> Asked:
    """What a request asks for. `Last-Event-ID` goes before `after`: a client that reconnects sends both.

    Raises:
        BadRequest: a parameter can't be used.
    """
    query = request.query_params
    places = (request.headers.get("last-event-id") or None, query.get("after"))
    after = [_number(place, "after") for place in places if place is not None]
    groups = _named(query.getlist("group"), "group")
    if not all(GROUP_ID.fullmatch(group) for group in groups):
        raise GroupIdInvalid(member="group")
    return Asked(
        account=account.lower(),
        after=after[0] if after else None,
        limit=_limit(query.get("limit")),
        types=check_types(_named(query.getlist("type"), "type")),
        agents=frozenset(_named(query.getlist("agent"), "agent")),
        groups=frozenset(groups),
        call_id=query.get("call"),
    )


def check_kept(after: int, kept: Kept) -> None:
    """Raises EventsNotKept where events between that number and the oldest kept are missing, or it is ahead of all."""
    if after > kept.last or after < kept.first - 1:
        raise EventsNotKept(after, kept)


def _named(lists: list[str], member: str) -> list[str]:
    named = [name.strip() for several in lists for name in several.split(",")]
    found = list(dict.fromkeys(name for name in named if name))
    if len(found) > MOST_NAMED:
        raise WrongType(member, f"at most {MOST_NAMED} names")
    return found


def _number(text: str, member: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise WrongType(member, "the number of an event")
    return min(int(text), 2**62)


def _limit(text: str | None) -> int:
    if text is None:
        return ON_A_PAGE
    number = _number(text, "limit")
    if not 1 <= number <= MOST_ON_A_PAGE:
        raise WrongType("limit", f"a number from 1 to {MOST_ON_A_PAGE}")
    return number
