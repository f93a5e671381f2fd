"""Adds a trunk or changes one, on the switch too. Live calls keep the channels they have."""

from dataclasses import replace

from outdial.calls.administration import Administration
from outdial.domain.directory import Trunk
from outdial.domain.setup import InvalidMember, check_host, check_transport


async def add_trunk(administration: Administration, trunk: Trunk) -> None:
    """The trunk can carry calls from now on.

    Raises:
        InvalidMember: host, transport or credentials can't be used.
        AlreadyExists: the id is taken.
    """
    _check(trunk)
    check_transport(trunk.transport, administration.phones.speaks_tls, "transport")
    await administration.directory.add_trunk(trunk)
    await administration.phones.provision_trunk(trunk)


async def change_trunk(administration: Administration, before: Trunk, after: Trunk) -> None:
    """The next call goes through the trunk as it is now.

    Raises:
        InvalidMember: host, transport or credentials can't be used.
        Unknown: the trunk is gone.
    """
    _check(after)
    if after.transport != before.transport:
        check_transport(after.transport, administration.phones.speaks_tls, "transport")
    await administration.directory.change_trunk(after)
    if _seen_by_switch(before) != _seen_by_switch(after):
        # The switch merges what it is told into what it has: credentials that were taken away would stay.
        await administration.phones.withdraw_trunk(before)
        await administration.phones.provision_trunk(after)


def _check(trunk: Trunk) -> None:
    check_host(trunk.host, "host")
    if trunk.from_domain is not None:
        check_host(trunk.from_domain, "fromDomain")
    if (trunk.username is None) != (trunk.password is None):
        member = "password" if trunk.password is None else "username"
        raise InvalidMember(member, "given too: a trunk has both username and password, or neither")


def _seen_by_switch(trunk: Trunk) -> Trunk:
    """The trunk without what only we look at."""
    return replace(trunk, number_prefix="", calls_per_second=0, max_concurrent_calls=0, priority=0)
