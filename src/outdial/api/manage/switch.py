"""How the switch is, for operators."""

from fastapi import APIRouter

from outdial.api.manage.here import OperatorAnywhere
from outdial.api.manage.kinds import Reply
from outdial.api.manage.route import ManageRoute

router = APIRouter(route_class=ManageRoute, tags=["Switch"])


class SwitchReply(Reply):
    """How the switch is, and what depends on it."""

    name: str
    reachable: bool
    version: str | None
    accepting: bool
    database: bool


@router.get("/switch", summary="Read the switch's state")
async def get_switch(here: OperatorAnywhere) -> SwitchReply:
    """Whether it can be reached, and whether a call placed now could ring anybody. Operators only."""
    health = await here.parts.health()
    return SwitchReply(
        name=here.parts.placing.switch,
        reachable=health.switch,
        version=health.switch_version,
        accepting=health.accepting,
        database=health.database,
    )
