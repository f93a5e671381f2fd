"""Removes a trunk, from the switch too; not while calls go through it."""

from outdial.calls.administration import Administration
from outdial.calls.directory import CallFilter, InUse
from outdial.domain.directory import Trunk

_PAGE = 100


async def remove_trunk(administration: Administration, trunk: Trunk) -> None:
    """The trunk is gone.

    Raises:
        InUse: a live call uses it, or would when its agent answers.
        Unknown: the trunk is gone already.
    """
    live = await _calls_through(administration, trunk)
    if live:
        raise InUse(f"Trunk {trunk.id} carries {live} live call{'s' if live > 1 else ''}; switch it off and wait")
    await administration.directory.remove_trunk(trunk.account, trunk.id)
    await administration.phones.withdraw_trunk(trunk)


async def _calls_through(administration: Administration, trunk: Trunk) -> int:
    count, last = 0, None
    while True:
        wanted = CallFilter(live=True, before=last, limit=_PAGE)
        page = await administration.call_log.search(trunk.account, wanted)
        count += sum(trunk.id in (call.plan.agent_phone.trunk, call.plan.party_phone.trunk) for call in page)
        if len(page) < _PAGE:
            return count
        last = page[-1].id
