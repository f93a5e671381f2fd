"""What an account's recording settings look like on the wire: which legs, for whom otherwise, and on what terms."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from outdial.api.manage.kinds import WANTED, Body, Id, LegsWord, Number, Reply, optional
from outdial.calls.administration import Administration
from outdial.domain.consent import AccountRecording
from outdial.domain.setup import InvalidMember, number_of

ANNOUNCEMENT = re.compile("^[a-z0-9-]{1,32}$")
WANTED |= {ANNOUNCEMENT.pattern: "1 to 32 small letters, digits and dashes"}
AnnouncementName = Annotated[
    str, Field(pattern=ANNOUNCEMENT.pattern, json_schema_extra={"minLength": 1, "maxLength": 32}, examples=["default"])
]
Resume = Annotated[int, Field(ge=0, le=86_400)]
_ANNOUNCES = (
    "What asks the other side for consent once both are joined, where consent would allow more to be recorded: "
    "the name of one of the account's announcements, or `default`. Null asks for nothing."
)
_RESUMES = "After so many seconds a paused recording goes on by itself; 0 for never."
_DROPS = "Whether a call is ended where its recording fails. Otherwise it goes on, and the failure is on record."


class OverrideBody(Body):
    """What is recorded instead, of calls for a group or of calls that present a caller id."""

    group: Id | None = None
    caller_id: Number | None = None
    legs: LegsWord
    when_unknown: LegsWord


class RecordingChange(Body):
    """What is recorded of an account's calls; what is left out stays. A list of overrides replaces the one before."""

    legs: LegsWord = optional()
    when_unknown: LegsWord = optional()
    overrides: Annotated[list[OverrideBody], Field(max_length=100)] = optional()
    announcement: AnnouncementName | None = None
    auto_resume_seconds: Resume = optional()
    record_or_drop: bool = optional()


class OverrideReply(Reply):
    """What is recorded instead, of calls for a group or of calls that present a caller id."""

    group: str | None
    caller_id: str | None = Field(description="E.164.")
    legs: LegsWord
    when_unknown: LegsWord


class RecordingReply(Reply):
    """What is recorded of an account's calls."""

    legs: LegsWord = Field(description="What is recorded where no consent is given with the call.")
    when_unknown: LegsWord = Field(description="What the consent `Unknown` allows.")
    overrides: list[OverrideReply] = Field(description="Where several apply, a leg is recorded only if all allow it.")
    announcement: str | None = Field(description=_ANNOUNCES)
    auto_resume_seconds: int = Field(description=_RESUMES)
    record_or_drop: bool = Field(description=_DROPS)


def recording_reply(stored: dict[str, Any]) -> RecordingReply:
    """Settings as they are told."""
    return RecordingReply.model_validate(AccountRecording.from_dict(stored).to_dict())


async def check_recording(administration: Administration, account: str, changed: Mapping[str, Any]) -> None:
    """See that whatever settings name is there: misspelt, they would never apply, and more be recorded than was meant.

    Raises:
        InvalidMember: a group or an announcement is unknown.
    """
    groups = [each.id for each in await administration.directory.groups(account)]
    for place, each in enumerate(changed.get("overrides", ())):
        if each.get("group") not in (None, *groups):
            raise InvalidMember(f"recording.overrides[{place}].group", "one of the account's groups")
    announcement = changed.get("announcement")
    if announcement is not None:
        names = await asyncio.to_thread(administration.announcements.names, account)
        if announcement not in names:
            raise InvalidMember("recording.announcement", f"one of {', '.join(sorted(names))}")


def merged(before: dict[str, Any], changed: Mapping[str, Any], country: str) -> dict[str, Any]:
    """Settings as they are stored after a change.

    Raises:
        InvalidMember: an override is for nobody, for two, or for the same as another; or its number is none.
    """
    after = AccountRecording.from_dict({**before, **changed, "overrides": []})
    if "overrides" not in changed:
        return replace(after, overrides=AccountRecording.from_dict(before).overrides).to_dict()
    overrides: list[dict[str, Any]] = []
    for place, each in enumerate(changed["overrides"]):
        member = f"recording.overrides[{place}]"
        group, number = each.get("group"), each.get("caller_id")
        if (group is None) is (number is None):
            raise InvalidMember(member, "for a group or for a callerId, and not for both")
        number = None if number is None else number_of(number, country, f"{member}.callerId")
        if any((group, number) == (other["group"], other["caller_id"]) for other in overrides):
            raise InvalidMember(member, "for somebody that no other override is for")
        overrides.append({**each, "group": group, "caller_id": number})
    return AccountRecording.from_dict({**after.to_dict(), "overrides": overrides}).to_dict()
