"""What groups look like on the wire."""

from pydantic import Field

from outdial.api.manage.kinds import Body, Id, Name, Reply, optional


class GroupChange(Body):
    """What may be changed of a group."""

    name: Name = optional()


class NewGroup(Body):
    """A group to be added; it has no members yet."""

    id: Id
    name: Name


class GroupReply(Reply):
    """Agents one of whom may be chosen for a call."""

    id: str
    name: str


class GroupPage(Reply):
    """A page of groups."""

    items: list[GroupReply]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")


class MemberPage(Reply):
    """A page of a group's members: ids of agents."""

    items: list[str]
    next: str | None = Field(description="Cursor of the next page; null after the last one.")
