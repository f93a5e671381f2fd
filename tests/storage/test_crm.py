"""CRMs and their tasks on both databases: taken once in the cursor's own commit, by account, sealed at rest."""

from dataclasses import replace

import pytest
from sqlalchemy import text

from outdial.calls.crm import CrmEntry, TaskState
from outdial.calls.directory import Unknown
from outdial.crm.sealing import KeySealing
from outdial.domain.crm import CrmSettings, Flow, HttpRequest, Salesforce
from outdial.domain.crm_pauses import GIVE_UP_AFTER
from outdial.storage.crm import StoredCrms
from outdial.storage.outbox import StoredNotices
from outdial.storage.retention import forget_old
from support.stored import NOW, OURS, THEIRS, World, named

ORG = Salesforce(
    "https://example.my.salesforce.com",
    "key",
    "a private key",
    Flow.JWT_BEARER,
    "integration@example.com",
    "https://test.salesforce.com",
    "61.0",
    "Call__c",
)
REQUEST = HttpRequest(
    "https://crm.example.com/${callId}", "{}", "whsec_x", "PUT", "text/plain", (("Authorization", "Bearer hidden"),)
)
CRM = CrmSettings(OURS, ORG, "Call to ${number}", created_at=NOW)
DAY = 24 * 3600 * 1000


@pytest.fixture
def crms(world: World) -> StoredCrms:
    return StoredCrms(world.database, KeySealing(bytes(32)))


async def ended(world: World, *call_ids: str, account: str = OURS, now: int = NOW) -> list[tuple[int, str]]:
    """Calls that have ended, with the numbers of the events they ended with."""
    for call_id in call_ids:
        await world.end(await world.place(call_id, named(call_id, account=account), now=now), now=now)
    noted = await StoredNotices(world.database).after(account, 0)
    return [
        (seq, notice.call_id) for seq, notice in noted if notice.type == "call.ended.v1" and notice.call_id in call_ids
    ]


async def entry(crms: StoredCrms, call_id: str) -> CrmEntry:
    found = await crms.task(OURS, call_id)
    assert found is not None
    return found


@pytest.mark.parametrize("target", [ORG, REQUEST])
async def test_a_crm_is_kept_as_it_was_set(crms: StoredCrms, target: Salesforce | HttpRequest) -> None:
    assert await crms.crm(OURS) is None
    settings = replace(CRM, target=target)
    await crms.put(settings)
    assert await crms.crm(OURS) == settings
    await crms.put(replace(settings, enabled=False, subject="Other"))
    assert await crms.crm(OURS) == replace(settings, enabled=False, subject="Other", revision=1)
    await crms.remove(OURS)
    assert await crms.crm(OURS) is None
    with pytest.raises(Unknown):
        await crms.remove(OURS)
    with pytest.raises(Unknown):
        await crms.put(replace(settings, account="nobody"))


@pytest.mark.parametrize("target", [ORG, REQUEST])
async def test_no_secret_is_readable_in_the_database(
    world: World, crms: StoredCrms, target: Salesforce | HttpRequest
) -> None:
    await crms.put(replace(CRM, target=target))
    [row] = await world.database.read(lambda c: c.execute(text("SELECT * FROM crms")).all())
    for secret in ("a private key", "whsec_x", "hidden"):
        assert secret not in repr(tuple(row))


async def test_with_another_key_secrets_are_lost_and_the_rest_is_not(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    others = StoredCrms(world.database, KeySealing(b"x" * 32))
    assert await others.crm(OURS) == replace(CRM, target=replace(ORG, secret=""))
    await crms.put(replace(CRM, account=THEIRS))
    moved = "UPDATE crms SET sealed = (SELECT sealed FROM crms WHERE account = 'theirs') WHERE account = 'ours'"
    await world.database.write(lambda c: c.execute(text(moved)))
    assert await crms.crm(OURS) == replace(CRM, target=replace(ORG, secret=""))


async def test_a_new_crm_begins_after_what_has_happened(world: World, crms: StoredCrms) -> None:
    assert await crms.cursor(CRM) is None
    await ended(world, "c1")
    await crms.put(CRM)
    assert await crms.cursor(CRM) == await StoredNotices(world.database).last(OURS) > 0
    assert await crms.cursor(replace(CRM, created_at=NOW + 1)) is None


async def test_each_call_is_taken_once(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    first, second = await ended(world, "c1", "c2")
    await crms.take(CRM, [first], 5, NOW)
    assert (await entry(crms, "c1")).task.number == "+442079460123"
    assert await crms.cursor(CRM) == 5
    done = replace(await entry(crms, "c1"), state=TaskState.DONE, settled_at=NOW)
    await crms.settle(OURS, done, NOW)
    await crms.take(CRM, [first, second, (99, "never-there")], 9, NOW + 1)
    assert [each.task.call_id for each in await crms.tasks(OURS, None, None, 10)] == ["c2", "c1"]
    assert await entry(crms, "c1") == done
    fresh = await entry(crms, "c2")
    assert (fresh.seq, fresh.state, fresh.due_at) == (second[0], TaskState.WAITING, NOW + 1)
    assert fresh.give_up_at == NOW + 1 + GIVE_UP_AFTER


async def test_nothing_is_taken_for_a_crm_that_is_gone_or_made_anew(world: World, crms: StoredCrms) -> None:
    taken = await ended(world, "c1")
    await crms.take(CRM, taken, 5, NOW)
    await crms.put(replace(CRM, created_at=NOW + 1))
    before = await crms.cursor(replace(CRM, created_at=NOW + 1))
    await crms.take(CRM, taken, 500, NOW)
    assert await crms.tasks(OURS, None, None, 10) == []
    assert await crms.cursor(replace(CRM, created_at=NOW + 1)) == before


async def test_what_is_due_is_told_longest_due_first(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    for number, taken in enumerate(await ended(world, "c1", "c2", "c3")):
        await crms.take(CRM, [taken], 1, NOW - number)
    later = replace(await entry(crms, "c2"), due_at=NOW + 500, attempts=2, error="no", status=500)
    await crms.settle(OURS, later, NOW)
    due = await crms.due(OURS, NOW, 10)
    assert [each.task.call_id for each in due.entries] == ["c3", "c1"]
    assert (due.waiting, due.next_at, due.oldest_at) == (3, NOW - 2, NOW)
    assert [each.task.call_id for each in (await crms.due(OURS, NOW + 500, 1)).entries] == ["c3"]
    assert (await crms.due(OURS, NOW, 0)).entries == []
    none = await crms.due(THEIRS, NOW, 10)
    assert (none.entries, none.waiting, none.next_at, none.oldest_at) == ([], 0, None, None)


async def test_what_became_of_a_task_is_kept_and_what_the_crm_said_last(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    for taken in await ended(world, "c1", "c2"):
        await crms.take(CRM, [taken], 1, NOW)
    dead = replace(await entry(crms, "c1"), state=TaskState.DEAD, attempts=3, status=400, error="no", settled_at=NOW)
    await crms.settle(OURS, dead, NOW)
    assert await entry(crms, "c1") == dead
    standing = await crms.standing(OURS)
    assert (standing.waiting, standing.done, standing.dead) == (1, 0, 1)
    assert (standing.error, standing.error_at) == ("no", NOW)
    done = replace(await entry(crms, "c2"), state=TaskState.DONE, record_id="00T1", settled_at=NOW)
    await crms.settle(OURS, done, NOW + 1)
    standing = await crms.standing(OURS)
    assert (standing.done, standing.error, standing.error_at) == (1, None, None)


async def test_dead_ones_are_told_again_and_what_waits_at_once(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    states = {"c1": TaskState.DEAD, "c2": TaskState.DONE, "c3": TaskState.WAITING}
    for taken in await ended(world, *states):
        await crms.take(CRM, [taken], 1, NOW)
        before = await entry(crms, taken[1])
        await crms.settle(OURS, replace(before, state=states[taken[1]], due_at=NOW + DAY, attempts=9), NOW)
    assert await crms.replay(OURS, None, NOW + 7) == 2
    assert {each.task.call_id for each in (await crms.due(OURS, NOW + 7, 10)).entries} == {"c1", "c3"}
    assert (await entry(crms, "c1")).give_up_at == NOW + 7 + GIVE_UP_AFTER
    assert await crms.replay(OURS, "c2", NOW + 7) == 1
    assert (await entry(crms, "c2")).state is TaskState.WAITING
    with pytest.raises(Unknown):
        await crms.replay(OURS, "never-there", NOW)


async def test_settings_that_change_have_what_waits_tried_at_once(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    await crms.take(CRM, await ended(world, "c1"), 1, NOW)
    await crms.settle(OURS, replace(await entry(crms, "c1"), due_at=NOW + DAY), NOW)
    cursor = await crms.cursor(CRM)
    await crms.put(replace(CRM, target=replace(ORG, secret="another")))
    assert len((await crms.due(OURS, NOW, 10)).entries) == 1
    assert await crms.cursor(CRM) == cursor


async def test_no_method_reaches_another_accounts_tasks(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    await crms.put(replace(CRM, account=THEIRS))
    await crms.take(CRM, await ended(world, "c1"), 1, NOW)
    before = await entry(crms, "c1")
    assert await crms.task(THEIRS, "c1") is None
    assert await crms.tasks(THEIRS, None, None, 10) == []
    assert (await crms.standing(THEIRS)).waiting == 0
    assert await crms.replay(THEIRS, None, NOW + 1) == 0
    with pytest.raises(Unknown):
        await crms.replay(THEIRS, "c1", NOW + 1)
    await crms.settle(THEIRS, replace(before, state=TaskState.DONE), NOW)
    await crms.take(replace(CRM, account=THEIRS), [(7, "c1")], 7, NOW)
    assert await crms.task(THEIRS, "c1") is None, "a call of one account was taken for another"
    assert await entry(crms, "c1") == before
    await crms.remove(THEIRS)
    assert await entry(crms, "c1") == before


async def test_tasks_are_paged_newest_first_and_by_state(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    await crms.take(CRM, await ended(world, "c1", "c2", "c3"), 1, NOW)
    await crms.settle(OURS, replace(await entry(crms, "c2"), state=TaskState.DEAD), NOW)
    first = await crms.tasks(OURS, None, None, 2)
    assert [each.task.call_id for each in first] == ["c3", "c2"]
    assert [each.task.call_id for each in await crms.tasks(OURS, None, first[-1].seq, 2)] == ["c1"]
    assert [each.task.call_id for each in await crms.tasks(OURS, TaskState.DEAD, None, 10)] == ["c2"]


async def test_those_that_tell_are_given_whoever_is_switched_on_with_its_networks(
    world: World, crms: StoredCrms
) -> None:
    account = await world.directory.account(OURS)
    assert account is not None
    await world.directory.change_account(replace(account, private_networks=("10.0.0.0/8",)))
    await crms.put(CRM)
    await crms.put(replace(CRM, account=THEIRS, enabled=False))
    [connection] = await crms.connections()
    assert (connection.settings, connection.private_networks) == (CRM, ("10.0.0.0/8",))


async def test_tasks_are_forgotten_with_their_calls_and_go_with_their_crm(world: World, crms: StoredCrms) -> None:
    await crms.put(CRM)
    await crms.take(CRM, await ended(world, "old"), 1, NOW)
    now = NOW + 40 * DAY
    await crms.take(CRM, await ended(world, "new", now=now), 1, now)
    await forget_old(world.database, 30, now)
    assert [each.task.call_id for each in await crms.tasks(OURS, None, None, 10)] == ["new"]
    await world.directory.remove_account(OURS)
    await world.directory.clear_removed()
    assert await crms.crm(OURS) is None
    assert await crms.tasks(OURS, None, None, 10) == []
