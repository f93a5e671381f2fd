"""What grows without end is never read from one end to the other: each such query is found by an index of its own."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from outdial.calls.directory import CallFilter
from outdial.calls.recording_store import RecordingFilter
from outdial.crm.sealing import KeySealing
from outdial.domain.recordings import State
from outdial.domain.webhooks import Webhook
from outdial.storage.calls import StoredCalls
from outdial.storage.crm import StoredCrms
from outdial.storage.database import Database
from outdial.storage.deliveries import StoredDeliveries
from outdial.storage.outbox import StoredNotices
from outdial.storage.recordings import StoredRecordings
from outdial.storage.retention import forget_old
from outdial.storage.webhooks import StoredWebhooks
from support.stored import OURS, SWITCH, THEIRS, World

Ask = Callable[[Database], Awaitable[object]]
GROWING = "calls|recordings|outbox|crm_tasks"
DAY = 24 * 3600 * 1000


def calls(**wanted: object) -> Ask:
    return lambda database: StoredCalls(database).search(OURS, CallFilter(**wanted))  # type: ignore[arg-type]


def recordings(**wanted: object) -> Ask:
    return lambda database: StoredRecordings(database).search(OURS, RecordingFilter(**wanted))  # type: ignore[arg-type]


QUERIES: dict[str, tuple[Ask, set[str]]] = {
    "live calls of a switch": (lambda d: StoredCalls(d).live_calls(SWITCH), {"ix_calls_live"}),
    "live calls of an account": (calls(live=True), {"ix_calls_live_newest"}),
    "newest calls": (calls(), {"ix_calls_newest"}),
    "calls of an agent": (calls(agent_id="7"), {"ix_calls_agent", "ix_calls_called_agent"}),
    "calls with a reference": (calls(reference="case7"), {"ix_calls_reference"}),
    "calls to a number": (calls(number="7"), {"ix_calls_number"}),
    "newest recordings": (recordings(), {"ix_recordings_newest"}),
    "recordings of an agent": (recordings(agent_id="7"), {"ix_recordings_agent", "ix_recordings_called_agent"}),
    "recordings with a reference": (recordings(reference="case7"), {"ix_recordings_reference"}),
    "recordings of a number": (recordings(number="7"), {"ix_recordings_number"}),
    "recordings to be deleted": (
        lambda d: StoredRecordings(d).expired([State.KEPT, State.FAILED], 5, "", 10),
        {"ix_recordings_retain_until", "ix_recordings_oldest"},
    ),
    "recordings to be moved on": (
        lambda d: StoredRecordings(d).in_state([State.SPOOLED], "", 10),
        {"ix_recordings_state"},
    ),
    "notices": (lambda d: StoredNotices(d).after(OURS, 5), {"outbox"}),
    "tasks that are due": (lambda d: StoredCrms(d, KeySealing(bytes(32))).due(OURS, 5, 10), {"ix_crm_tasks_due"}),
}

FILLING = (
    "INSERT INTO recording_retention SELECT 'account ' || n, 30 FROM generate_series(1, 50) AS n",
    "INSERT INTO calls (id, account, switch, live, revision, created_at, ended_at, agent_id, called_agent_id, number,"
    " reference, data) SELECT 'c' || n, CASE n % 2 WHEN 0 THEN 'ours' ELSE 'theirs' END, 'main', n % 10 = 1, 1, n, n,"
    " 'a' || n % 500, 'b' || n % 500, 't' || n % 500, 'r' || n % 500, repeat('x', 300)"
    " FROM generate_series(1, 20000) AS n",
    "INSERT INTO recordings (id, account, state, held, retain_until, started_at, agent_id, called_agent_id, number,"
    " reference, revision, data) SELECT 'c' || n, 'ours', 'kept', false, n, n, 'a' || n % 500, 'b' || n % 500,"
    " 't' || n % 500, 'r' || n % 500, 1, repeat('x', 300) FROM generate_series(1, 20000) AS n",
    "INSERT INTO outbox (account, seq, type, at, data)"
    " SELECT 'ours', n, 'x', n, repeat('x', 300) FROM generate_series(1, 20000) AS n",
    "INSERT INTO crms VALUES ('ours', '', '', true, 0, 0, 0)",
    "INSERT INTO crm_tasks (account, call_id, seq, ended_at, task, state, attempts, due_at, give_up_at)"
    " SELECT 'ours', 'c' || n, n, n, repeat('x', 300), 'done', 0, n, n FROM generate_series(1, 20000) AS n",
    "ANALYZE",
)
"""PostgreSQL plans by what is there; SQLite, never told to look, by its rules alone."""


async def plan_of(database: Database, asked: list[tuple[str, object]], what: Awaitable[object]) -> str:
    """How the statements of something would be carried out."""
    asked.clear()
    with suppress(ValueError):  # what is there is no call: it matters how it was found
        await what
    plans = []
    for statement, parameters in [each for each in asked if each[0].startswith(("SELECT", "DELETE"))]:
        explain = "EXPLAIN QUERY PLAN " if "?" in statement else "EXPLAIN "
        found = await database.read(lambda c, s=explain + statement, p=parameters: c.exec_driver_sql(s, p).all())  # type: ignore[misc]
        plans += [str(row[-1]) for row in found]
    return "\n".join(plans)


@pytest.fixture
async def filled(world: World, url: str) -> Database:
    await StoredRecordings(world.database).set_retention(THEIRS, 30, [])
    if url.startswith("postgresql:"):
        for statement in FILLING:
            await world.database.write(lambda c, s=statement: c.exec_driver_sql(s))  # type: ignore[misc]
    return world.database


async def test_each_query_of_what_grows_is_found_by_its_own_index(
    filled: Database, url: str, asked: list[tuple[str, object]]
) -> None:
    enough = all if url.startswith("sqlite:") else any
    for name, (ask, indexes) in QUERIES.items():
        plan = await plan_of(filled, asked, ask(filled))
        assert plan, name
        assert not re.search(rf"(SCAN|Seq Scan on) ({GROWING})\b", plan), (name, plan)
        assert enough(f"{index} " in plan for index in indexes), (name, plan)


async def test_what_is_forgotten_is_found_by_its_age(
    world: World, sqlite_only: None, asked: list[tuple[str, object]]
) -> None:
    plan = await plan_of(world.database, asked, forget_old(world.database, 1, 9 * DAY))
    for index in ("ix_calls_ended_at", "ix_outbox_at", "ix_crm_tasks_ended_at", "ix_idempotency_claimed_at"):
        assert f"{index} " in plan, plan


async def test_what_waits_for_a_webhook_is_found_among_its_own_deliveries(
    world: World, sqlite_only: None, asked: list[tuple[str, object]]
) -> None:
    webhook = Webhook(OURS, "w", "https://x.test", "secret", created_at=1)
    await StoredWebhooks(world.database).add(webhook)
    plan = await plan_of(world.database, asked, StoredDeliveries(world.database).load(webhook))
    assert "SEARCH webhook_deliveries USING INDEX sqlite_autoindex_webhook_deliveries_1 (webhook=?)" in plan


@pytest.fixture
def sqlite_only(url: str) -> None:
    if not url.startswith("sqlite:"):
        pytest.skip("PostgreSQL chooses by what is there: nothing")
