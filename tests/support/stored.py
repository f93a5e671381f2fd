"""Two furnished accounts in a database, and the shortest ways of placing a call in them and of moving it on."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from outdial.calls.ports import Reserved, Wanted
from outdial.domain.call import Call, advance, place
from outdial.domain.directory import Account, Agent, ApiClient, CallerIdNumber, Group, Trunk
from outdial.domain.events import Asker, Event, HangUpRequested, LegAnswered, LegEnded
from outdial.domain.legs import Side
from outdial.domain.notices import notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.storage.calls import StoredCalls
from outdial.storage.database import Database
from outdial.storage.directory import StoredDirectory

OURS, THEIRS = "ours", "theirs"
SWITCH = "main"
GROUPS = {"030": ("1", "2"), "200": ("2", "3")}
NOW = 1_000_000


@dataclass(frozen=True, slots=True)
class World:
    """What a test of the storage has at hand."""

    database: Database
    calls: StoredCalls
    directory: StoredDirectory

    async def place(self, call_id: str, wanted: Wanted | None = None, now: int = NOW, **changes: object) -> Call:
        """Place a call; of agent 1 where nobody else is wanted."""
        wanted = wanted or named(call_id)
        return await self.calls.place(wanted, planner(wanted, now, **changes), now)

    async def tell(self, call: Call, *events: Event, now: int = NOW) -> Call:
        """Let things happen to a call, each step saved as the engine would."""
        for event in events:
            after, _ = advance(call, event, now)
            await self.calls.save(after, notices(call, after, now))
            call = after
        return call

    async def end(self, call: Call, now: int = NOW) -> Call:
        """Hang a call up."""
        both = (LegEnded(side) for side in call.legs_alive)
        return await self.tell(call, HangUpRequested(Asker.API), *both, now=now)

    async def agent(self, agent_id: str, account: str = OURS) -> Agent:
        """One agent, who must be there."""
        found = await self.directory.agent(account, agent_id)
        assert found is not None
        return found


def named(call_id: str, agent: str = "1", called: str | None = None, account: str = OURS) -> Wanted:
    """One agent by id."""
    return Wanted(call_id, account, agent, (), called)


def chosen(call_id: str, *groups: str, called: str | None = None, excluded: frozenset[str] = frozenset()) -> Wanted:
    """One agent of groups."""
    return Wanted(call_id, OURS, None, groups, called, excluded)


def planner(wanted: Wanted, now: int = NOW, **changes: object) -> Callable[[Reserved], Call]:
    """Builds the plainest call for whoever was reserved."""

    def build(reserved: Reserved) -> Call:
        plan = CallPlan(
            reserved.agent.id,
            reserved.agent.phone,
            Phone(PhoneKind.NUMBER, "+442079460123", "carrier"),
            created_at=now,
            dial_by=now + 20_000,
            called_agent_id=reserved.called.id if reserved.called else None,
            number=None if reserved.called else "+442079460123",
            groups=wanted.groups,
        )
        plan = replace(plan, **changes)  # type: ignore[arg-type]
        return place(wanted.call_id, reserved.account.key, SWITCH, plan)[0]

    return build


BOTH_ANSWER = (LegAnswered(Side.AGENT), LegAnswered(Side.PARTY))


async def furnished(database: Database) -> World:
    """Both accounts have agents 1, 2 and 3, groups 030 and 200, a trunk, a caller id and a client."""
    directory = StoredDirectory(database)
    for account in (OURS, THEIRS):
        await directory.add_account(Account(account, account.title(), "GB"))
        for group in GROUPS:
            await directory.add_group(Group(account, group, f"Group {group}"))
        for agent in ("1", "2", "3"):
            groups = tuple(group for group, members in GROUPS.items() if agent in members)
            user = f"{account}-{agent}"
            phone = Phone(PhoneKind.SIP, user)
            await directory.add_agent(
                Agent(account, agent, f"Agent {agent}", phone, sip_user=user, idle_since=int(agent), groups=groups)
            )
        await directory.add_trunk(Trunk(account, "carrier", "127.0.0.1"))
        await directory.add_caller_id(CallerIdNumber(account, "+442079460100"))
        await directory.add_client(ApiClient(f"{account}-client", account, "A client", ("calls:read",), "hash"))
    return World(database, StoredCalls(database), directory)
