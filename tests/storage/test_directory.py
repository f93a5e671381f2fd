"""The directory as it is kept: what is added is found, what is in the way is said, and no account sees another's."""

from dataclasses import replace

import pytest

from outdial.calls.directory import AlreadyExists, InUse, Unknown
from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.plan import Phone, PhoneKind
from outdial.domain.presence import Presence
from outdial.storage.outbox import StoredNotices
from support.stored import BOTH_ANSWER, NOW, OURS, SWITCH, THEIRS, World, named

FULL_ACCOUNT = Account(
    "mixed1",
    "Ümläut & Söhne",
    "DE",
    outbound_enabled=False,
    any_caller_id=True,
    default_caller_id="+493012345678",
    allowed_countries=("DE", "GB"),
    premium_allowed=True,
    agent_ring_seconds=1,
    party_ring_seconds=2,
    max_call_seconds=3,
    wrap_up_seconds=4,
    calls_per_second=0.5,
    max_concurrent_calls=6,
    recording={"unknown": "agent", "nested": {"a": [1, None, True]}},
    api_token_hash="hash",
)
FULL_AGENT = Agent(
    OURS,
    "00700",
    "Bond 💂",
    Phone(PhoneKind.ADDRESS, "sip:bond@example.com:5070"),
    sip_user="bond",
    sip_ha1="ha1",
    caller_id="+442079460007",
    presence=Presence.COMFORT_BREAK,
    wrap_up_until=5,
    phone_online=False,
    idle_since=6,
    groups=("030", "200"),
)
FULL_TRUNK = Trunk(OURS, "zeta", "::1", 5061, "tls", "user", "pass", "example.com", "00", 0.25, 3, -1, False)
FULL_CLIENT = ApiClient("zz", OURS, "Zed", ("calls:create", "admin"), "hash", 7, 8)


# Accounts.


async def test_an_account_is_found_as_it_was_added_by_its_key_in_any_case(world: World) -> None:
    await world.directory.add_account(replace(FULL_ACCOUNT, key="MiXeD1"))
    assert await world.directory.account("MIXED1") == FULL_ACCOUNT
    assert [account.key for account in await world.directory.accounts()] == ["mixed1", OURS, THEIRS]
    with pytest.raises(AlreadyExists, match="Mixed1"):
        await world.directory.add_account(replace(FULL_ACCOUNT, key="Mixed1"))


async def test_an_account_is_changed_and_no_other(world: World) -> None:
    theirs = await world.directory.account(THEIRS)
    await world.directory.change_account(replace(FULL_ACCOUNT, key=OURS))
    assert await world.directory.account(OURS) == replace(FULL_ACCOUNT, key=OURS)
    assert await world.directory.account(THEIRS) == theirs
    with pytest.raises(Unknown, match="nobody"):
        await world.directory.change_account(replace(FULL_ACCOUNT, key="nobody"))
    assert await world.directory.account("nobody") is None


async def test_an_account_goes_with_everything_in_it_and_nothing_of_another(world: World) -> None:
    await world.end(await world.place("c1"))
    await world.end(await world.place("c2", named("c2", account=THEIRS)))
    await world.directory.remove_account(OURS.upper())
    await world.directory.clear_removed()
    directory = world.directory
    assert await directory.account(OURS) is None
    for left in (directory.agents, directory.groups, directory.trunks, directory.caller_ids, directory.clients):
        assert await left(OURS) == []
        assert await left(THEIRS)
    assert await directory.members(OURS, "030") == []
    assert await world.calls.find(OURS, "c1") is None
    assert await world.calls.find(THEIRS, "c2") is not None
    assert (await StoredNotices(world.database).last(OURS), await directory.client("ours-client")) == (0, None)
    with pytest.raises(Unknown):
        await directory.remove_account(OURS)


async def test_an_account_with_live_calls_stays(world: World) -> None:
    call = await world.place("c1")
    with pytest.raises(InUse, match="live calls"):
        await world.directory.remove_account(OURS)
    assert await world.calls.find(OURS, "c1") == call
    await world.end(call)
    await world.directory.remove_account(OURS)


async def test_the_last_words_of_a_call_whose_account_is_gone_are_not_an_error(world: World) -> None:
    call = await world.end(await world.place("c1"))
    await world.directory.remove_account(OURS)
    await world.directory.clear_removed()
    await world.calls.save(replace(call, revision=99), ())
    assert await world.calls.find(OURS, "c1") is None


# Agents.


async def test_an_agent_is_found_as_added(world: World) -> None:
    await world.directory.add_agent(FULL_AGENT)
    assert await world.agent("00700") == FULL_AGENT
    assert [agent.id for agent in await world.directory.agents(OURS)] == ["00700", "1", "2", "3"]
    assert FULL_AGENT in await world.directory.agents(OURS)
    assert [(agent.account, agent.id) for agent in await world.directory.all_agents()] == [
        (OURS, "00700"),
        *((account, agent) for account in (OURS, THEIRS) for agent in ("1", "2", "3")),
    ]


async def test_changing_an_agent_leaves_what_has_statements_of_its_own(world: World) -> None:
    await world.place("c1")
    before = await world.agent("1")
    await world.directory.set_phone_online("ours-1", True, NOW)
    await world.directory.change_agent(replace(FULL_AGENT, id="1", sip_user="ours-1"))
    assert await world.agent("1") == replace(
        FULL_AGENT,
        id="1",
        sip_user="ours-1",
        presence=before.presence,
        call_id="c1",
        wrap_up_until=None,
        phone_online=True,
        idle_since=before.idle_since,
        groups=before.groups,
    )


async def test_what_was_known_of_a_phone_is_not_said_of_the_one_that_takes_its_place(world: World) -> None:
    await world.directory.set_phone_online("ours-1", False, NOW)
    agent = await world.agent("1")
    assert agent.phone_online is False
    await world.directory.change_agent(replace(agent, sip_user=None, phone=Phone(PhoneKind.NUMBER, "+442079460001")))
    assert (await world.agent("1")).phone_online is None


@pytest.mark.parametrize("account", [OURS, "nobody"])
async def test_an_agent_that_can_not_be_added_leaves_nothing(world: World, account: str) -> None:
    groups = ("030", "no such group")
    with pytest.raises(Unknown):
        await world.directory.add_agent(replace(FULL_AGENT, account=account, groups=groups))
    assert await world.directory.agent(account, "00700") is None


async def test_ids_are_taken_within_an_account_and_names_of_phones_everywhere(world: World) -> None:
    with pytest.raises(AlreadyExists, match="agent 1"):
        await world.directory.add_agent(replace(FULL_AGENT, id="1"))
    with pytest.raises(AlreadyExists):
        await world.directory.add_agent(replace(FULL_AGENT, sip_user="theirs-1"))
    with pytest.raises(AlreadyExists):
        await world.directory.change_agent(replace(await world.agent("1"), sip_user="ours-2"))
    with pytest.raises(Unknown, match="agent 9"):
        await world.directory.change_agent(replace(FULL_AGENT, id="9"))


async def test_an_agent_on_a_call_stays_whichever_side_they_are_on(world: World) -> None:
    call = await world.place("c1", named("c1", "1", "2"))
    for agent in ("1", "2"):
        with pytest.raises(InUse, match="on a call"):
            await world.directory.remove_agent(OURS, agent)
    await world.end(call)
    await world.directory.remove_agent(OURS, "1")
    assert await world.directory.members(OURS, "030") == ["2"]
    assert await world.calls.find(OURS, "c1") is not None, "the record of the call stays"
    with pytest.raises(Unknown):
        await world.directory.remove_agent(OURS, "1")


async def test_going_ready_ends_a_wrap_up_and_keeps_the_place_of_who_was_ready(world: World) -> None:
    call = await world.tell(await world.place("c1", wrap_up_seconds=60), *BOTH_ANSWER)
    await world.end(call, now=NOW)
    wrapping = await world.agent("1")
    assert wrapping.wrap_up_until == NOW + 60_000
    await world.directory.set_presence(OURS, "1", Presence.READY, NOW + 5_000)
    ready = await world.agent("1")
    assert (ready.wrap_up_until, ready.idle_since) == (None, wrapping.idle_since)


async def test_who_comes_back_goes_to_the_end_of_the_row(world: World) -> None:
    await world.directory.set_presence(OURS, "1", Presence.BREAK, NOW)
    assert ((await world.agent("1")).presence, (await world.agent("1")).idle_since) == (Presence.BREAK, 1)
    await world.directory.set_presence(OURS, "1", Presence.READY, NOW + 1)
    assert (await world.agent("1")).idle_since == NOW + 1
    assert [agent.id for agent in await world.directory.available_agents(OURS, (), NOW + 2)] == ["2", "3", "1"]
    with pytest.raises(Unknown):
        await world.directory.set_presence(OURS, "9", Presence.READY, NOW)


async def test_a_phone_is_known_by_its_name_alone_and_strangers_are_ignored(world: World) -> None:
    await world.directory.set_phone_online("theirs-1", True, NOW)
    await world.directory.set_phone_online("stranger", True, NOW)
    assert (await world.agent("1", THEIRS)).phone_online is True
    assert (await world.agent("1")).phone_online is None


# Groups and members.


async def test_groups_come_and_go_and_their_members_stay_agents(world: World) -> None:
    await world.directory.add_group(Group(OURS, "Zulu", "Z"))
    await world.directory.add_group(Group(OURS, "alpha", "A"))
    assert [group.id for group in await world.directory.groups(OURS)] == ["030", "200", "Zulu", "alpha"]
    await world.directory.change_group(Group(OURS, "030", "Renamed"))
    assert await world.directory.group(OURS, "030") == Group(OURS, "030", "Renamed")
    assert await world.directory.members(OURS, "030") == ["1", "2"]
    await world.directory.remove_group(OURS, "030")
    assert (await world.agent("2")).groups == ("200",)
    with pytest.raises(AlreadyExists):
        await world.directory.add_group(Group(OURS, "200", "again"))
    with pytest.raises(Unknown):
        await world.directory.add_group(Group("nobody", "1", "x"))
    for does in (world.directory.remove_group(OURS, "030"), world.directory.change_group(Group(OURS, "030", "x"))):
        with pytest.raises(Unknown, match="030"):
            await does


async def test_members_come_and_go(world: World) -> None:
    await world.directory.add_member(OURS, "030", "3")
    await world.directory.add_member(OURS, "030", "3")
    assert await world.directory.members(OURS, "030") == ["1", "2", "3"]
    assert (await world.agent("3")).groups == ("030", "200")
    await world.directory.remove_member(OURS, "030", "3")
    assert await world.directory.members(OURS, "030") == ["1", "2"]
    for does in (
        world.directory.remove_member(OURS, "030", "3"),
        world.directory.add_member(OURS, "030", "9"),
        world.directory.add_member(OURS, "nobody", "1"),
        world.directory.add_member("nobody", "030", "1"),
    ):
        with pytest.raises(Unknown):
            await does


# Trunks, caller ids, clients.


async def test_trunks_come_in_the_order_in_which_they_are_tried(world: World) -> None:
    await world.directory.add_trunk(FULL_TRUNK)
    assert await world.directory.trunk(OURS, "zeta") == FULL_TRUNK
    assert [trunk.id for trunk in await world.directory.trunks(OURS)] == ["zeta", "carrier"]
    assert [trunk.account for trunk in await world.directory.all_trunks()] == [OURS, OURS, THEIRS]
    last = replace(FULL_TRUNK, priority=9)
    await world.directory.change_trunk(last)
    assert (await world.directory.trunks(OURS))[-1] == last
    with pytest.raises(AlreadyExists, match="zeta"):
        await world.directory.add_trunk(FULL_TRUNK)
    await world.directory.remove_trunk(OURS, "zeta")
    assert await world.directory.trunk(OURS, "zeta") is None
    for does in (world.directory.remove_trunk(OURS, "zeta"), world.directory.change_trunk(last)):
        with pytest.raises(Unknown):
            await does


async def test_caller_ids_come_and_go(world: World) -> None:
    extra = CallerIdNumber(OURS, "+442079460200", "Sales")
    await world.directory.add_caller_id(extra)
    assert (await world.directory.caller_ids(OURS))[-1] == extra
    with pytest.raises(AlreadyExists):
        await world.directory.add_caller_id(extra)
    await world.directory.remove_caller_id(OURS, extra.number)
    with pytest.raises(Unknown):
        await world.directory.remove_caller_id(OURS, extra.number)


async def test_clients_are_an_accounts_or_the_operators(world: World) -> None:
    operator = ApiClient("operator", None, "Operator", ("admin",), "hash")
    for client in (FULL_CLIENT, operator):
        await world.directory.add_client(client)
        assert await world.directory.client(client.id) == client
    assert await world.directory.clients(None) == [operator]
    assert [client.id for client in await world.directory.clients(OURS)] == ["ours-client", "zz"]
    await world.directory.change_client(replace(operator, revoked_at=9))
    assert await world.directory.client("operator") == replace(operator, revoked_at=9)
    with pytest.raises(AlreadyExists):
        await world.directory.add_client(replace(FULL_CLIENT, account=THEIRS))
    with pytest.raises(Unknown):
        await world.directory.add_client(replace(FULL_CLIENT, id="new", account="nobody"))
    with pytest.raises(Unknown):
        await world.directory.change_client(replace(FULL_CLIENT, account=THEIRS))
    with pytest.raises(Unknown):
        await world.directory.change_client(replace(FULL_CLIENT, account=None))


# Isolation.


async def test_nothing_done_in_one_account_is_seen_or_felt_in_another(world: World) -> None:
    """Both have agents, groups and trunks of the same ids; only ours are changed and removed."""
    directory = world.directory
    await world.place("live", named("live", "1", account=THEIRS))

    async def theirs() -> list[object]:
        listings = (directory.agents, directory.groups, directory.trunks, directory.caller_ids, directory.clients)
        seen = [await listing(THEIRS) for listing in listings]
        members = [await directory.members(THEIRS, group) for group in ("030", "200")]
        return [*seen, members, await directory.account(THEIRS), await world.calls.live_calls(SWITCH)]

    before = await theirs()
    await directory.change_agent(replace(FULL_AGENT, id="1", sip_user=None))
    await directory.set_presence(OURS, "1", Presence.AWAY, NOW)
    await directory.set_phone_online("ours-2", False, NOW)
    await directory.remove_member(OURS, "030", "2")
    await directory.change_group(Group(OURS, "200", "Renamed"))
    await directory.change_trunk(replace(FULL_TRUNK, id="carrier"))
    await directory.change_account(replace(FULL_ACCOUNT, key=OURS))
    await directory.remove_agent(OURS, "1")
    await directory.remove_group(OURS, "030")
    await directory.remove_trunk(OURS, "carrier")
    await directory.remove_caller_id(OURS, "+442079460100")
    assert await theirs() == before


async def test_another_accounts_things_are_unknown(world: World) -> None:
    directory = world.directory
    await directory.add_agent(replace(FULL_AGENT, account=THEIRS, id="77", sip_user="x"))
    await directory.add_group(Group(THEIRS, "only", "theirs"))
    await directory.add_trunk(replace(FULL_TRUNK, account=THEIRS, id="only"))
    await directory.add_caller_id(CallerIdNumber(THEIRS, "+442079460999"))
    assert await directory.agent(OURS, "77") is None
    assert await directory.group(OURS, "only") is None
    assert await directory.trunk(OURS, "only") is None
    for does in (
        directory.change_agent(replace(FULL_AGENT, id="77")),
        directory.remove_agent(OURS, "77"),
        directory.set_presence(OURS, "77", Presence.AWAY, NOW),
        directory.change_group(Group(OURS, "only", "x")),
        directory.remove_group(OURS, "only"),
        directory.add_member(OURS, "only", "1"),
        directory.add_member(OURS, "030", "77"),
        directory.remove_member(OURS, "only", "1"),
        directory.change_trunk(replace(FULL_TRUNK, id="only")),
        directory.remove_trunk(OURS, "only"),
        directory.remove_caller_id(OURS, "+442079460999"),
    ):
        with pytest.raises(Unknown):
            await does
