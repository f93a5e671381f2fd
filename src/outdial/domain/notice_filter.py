"""Which notices somebody wants: by type, with wildcards, by agent, and by call. Pure."""

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache

from outdial.domain.notice_types import TYPES
from outdial.domain.notices import Notice
from outdial.domain.refusals import BadRequest

MOST_PATTERNS = 50
MOST_STARS = 3
LONGEST_PATTERN = 100


class UnknownEventType(BadRequest):
    """No type of event is called so, nor would the pattern match any: it would wait for ever."""

    def __init__(self, pattern: str) -> None:
        near = difflib.get_close_matches(pattern, TYPES, 1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        super().__init__(f"No type of event matches '{pattern[:LONGEST_PATTERN]}'{hint}", member="types")


class TooManyEventTypes(BadRequest):
    """More types than are looked through for every event."""

    text = f"At most {MOST_PATTERNS} types of events can be named"


@dataclass(frozen=True, slots=True)
class NoticeFilter:
    """Every member that is set must match. Where nothing is set, everything is wanted."""

    types: tuple[str, ...] = ()
    """Names of types; a star stands for any characters: `call.*`, `*.ended.v1`. One of them must match."""
    agents: Collection[str] | None = None
    """One of these agents is the caller, the called, or the one it is about."""
    groups: Collection[str] | None = None
    """In place of `agents`: or the agent was chosen from one of these groups."""
    call_id: str | None = None

    def wants(self, notice: Notice) -> bool:
        """Whether a notice is wanted."""
        if self.types and not matches(self.types, notice.type):
            return False
        if self.call_id is not None and notice.call_id != self.call_id:
            return False
        if self.agents is None and self.groups is None:
            return True
        return any(agent in (self.agents or ()) for agent in _agents_of(notice)) or any(
            group in (self.groups or ()) for group in notice.data.get("groups", ())
        )


def check_types(patterns: Iterable[str]) -> tuple[str, ...]:
    """The patterns, once each.

    Raises:
        BadRequest: there are too many, or one could never match.
    """
    found = tuple(dict.fromkeys(patterns))
    if len(found) > MOST_PATTERNS:
        raise TooManyEventTypes
    for pattern in found:
        too_long = len(pattern) > LONGEST_PATTERN or pattern.count("*") > MOST_STARS
        if too_long or not any(matches((pattern,), name) for name in TYPES):
            raise UnknownEventType(pattern)
    return found


def matches(patterns: Iterable[str], name: str) -> bool:
    """Whether a type is one of those named."""
    return any(_expression(pattern).fullmatch(name) for pattern in patterns)


@lru_cache(1024)
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")))


def _agents_of(notice: Notice) -> tuple[str | None, ...]:
    party = notice.data.get("party")
    return notice.data.get("agentId"), party.get("agentId") if isinstance(party, dict) else None
