"""What keeping calls costs: `python -m bench.storage [URL]`. Places calls and saves each five times, many at once.

Without a URL, SQLite in a temporary folder. The database's own process is not counted, where it has one.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from outdial.calls.ports import Reserved, Wanted
from outdial.domain.call import Call, advance, place
from outdial.domain.directory import Account, Agent, Group, Trunk
from outdial.domain.events import LegAnswered, LegEnded, LegRinging
from outdial.domain.legs import Side
from outdial.domain.notices import notices
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.storage.calls import StoredCalls
from outdial.storage.database import Database, open_database
from outdial.storage.directory import StoredDirectory
from outdial.storage.migrate import migrate

ACCOUNT, LINES, ROUNDS = "bench", 50, 40
STEPS = (
    LegRinging(Side.AGENT),
    LegAnswered(Side.AGENT),
    LegAnswered(Side.PARTY),
    LegEnded(Side.PARTY, cause=16),
    LegEnded(Side.AGENT, cause=16),
)


async def furnish(database: Database) -> None:
    directory = StoredDirectory(database)
    if await directory.account(ACCOUNT) is not None:
        await directory.remove_account(ACCOUNT)
    await directory.add_account(Account(ACCOUNT, "Bench", "GB"))
    await directory.add_group(Group(ACCOUNT, "030", "Everybody"))
    await directory.add_trunk(Trunk(ACCOUNT, "carrier", "127.0.0.1"))
    for number in range(LINES):
        phone = Phone(PhoneKind.SIP, f"bench-{number}")
        await directory.add_agent(Agent(ACCOUNT, str(1_000 + number), "Agent", phone, groups=("030",)))


def build(call_id: str, reserved: Reserved) -> Call:
    plan = CallPlan(
        reserved.agent.id,
        reserved.agent.phone,
        Phone(PhoneKind.NUMBER, "+442079460123", "carrier"),
        created_at=1_000,
        dial_by=21_000,
        wrap_up_seconds=0,
        asked={"from": {"agentId": reserved.agent.id}, "to": {"telephoneNumber": "020 7946 0123"}},
        number="+442079460123",
        reference="https://crm.example.com/contacts/4711",
        groups=("030",),
        recording={"agent": True, "party": False, "rule": "OneParty", "inputs": {"from": None, "to": None}},
        reasons={"agent": "longest idle of the available agents of 030", "callerId": "the account's default"},
    )
    return place(call_id, ACCOUNT, "main", plan)[0]


class Meter:
    """Adds up what a run takes."""

    def __init__(self) -> None:
        self.commits = 0
        self.steps = 0

    def committed(self, steps: int) -> None:
        self.commits += 1
        self.steps += steps


async def line(store: StoredCalls, number: int) -> None:
    """One line of fifty: a call after the other."""
    for turn in range(ROUNDS):
        call_id, now = f"{number}-{turn}", 1_000 + turn
        wanted = Wanted(call_id, ACCOUNT, None, ("030",), None)
        call = await store.place(wanted, partial(build, call_id), now)
        for event in STEPS:
            before = call
            call, _ = advance(before, event, now)
            await store.save(call, notices(before, call, now))


async def saves_alone(store: StoredCalls) -> float:
    """Microseconds of processor time that one save takes, fifty at a time, notices aside."""
    calls = []
    for number in range(LINES):
        wanted = Wanted(f"s{number}", ACCOUNT, None, ("030",), None)
        calls.append(await store.place(wanted, partial(build, f"s{number}"), 1_000))
    begun = time.process_time()
    for revision in range(1, ROUNDS + 1):
        calls = [replace(call, revision=revision) for call in calls]
        await asyncio.gather(*(store.save(call, ()) for call in calls))
    return (time.process_time() - begun) / (ROUNDS * LINES) * 1e6


async def run(url: str) -> None:
    meter = Meter()
    async with open_database(url, meter.committed) as database:
        await furnish(database)
        store = StoredCalls(database)
        meter.commits = meter.steps = 0
        begun, busy = time.perf_counter(), time.process_time()
        await asyncio.gather(*(line(store, number) for number in range(LINES)))
        took, busy = time.perf_counter() - begun, time.process_time() - busy
        calls = LINES * ROUNDS
        print(f"{calls} calls, {LINES} at a time, place and {len(STEPS)} saves each, in {took:.1f} s")
        print(f"{calls / took:.0f} calls/s, {meter.steps / took:.0f} steps/s")
        print(f"{meter.commits / took:.0f} commits/s, {meter.steps / meter.commits:.1f} steps each")
        print(f"{busy / calls * 1e3:.2f} ms of processor time a call, {busy / meter.steps * 1e6:.0f} us a step")
        print(f"{await saves_alone(store):.0f} us of processor time a save without notices")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'bench.db'}"
        migrate(url)
        asyncio.run(run(url))


if __name__ == "__main__":
    main()
