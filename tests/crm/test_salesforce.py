"""Calls become tasks of a Salesforce org, each one task, whatever goes wrong on the way."""

import asyncio
import re

import pytest

from outdial.calls.crm import Connection, TaskState, Verdict
from outdial.crm import exchange as exchange_module
from outdial.domain.crm import Flow
from outdial.domain.crm_task import LONGEST_SUBJECT
from outdial.domain.legs import Side
from outdial.domain.recordings import SpoolFile
from outdial.domain.salesforce_ids import check_letters
from support import salesforce as tricks
from support.posting import until
from support.salesforce import ACCOUNT, AUDIENCE, CONTACT, FIELD, LEAD, USER, VERSION, Org, Trick, answers, key_pair
from support.stored import OURS, THEIRS
from support.telling import Telling, org_of

DONE, DEAD, WAITING = TaskState.DONE, TaskState.DEAD, TaskState.WAITING


async def test_the_page_s_example_to_the_letter(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", sent="02072068888", reference="0012400000ATTUQ", application="appName")
        await telling.call("c2", sent="02072068888")
        await telling.until_state(DONE, "c1", "c2")
    assert org.tasks["c1"]["Subject"] == "Outbound appName call to 02072068888"
    assert org.tasks["c1"]["WhatId"] == "0012400000ATTUQ"
    assert org.tasks["c2"]["Subject"] == "Outbound call to 02072068888"
    assert org.requests == [
        ("PATCH", f"/services/data/v{VERSION}/sobjects/Task/{FIELD}/{call}") for call in ("c1", "c2")
    ]


async def test_a_task_has_every_field_of_a_call(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        call = await telling.call("c1", sent="020 7206 8888", answered=True, reference=CONTACT)
        await telling.until_state(DONE, "c1")
    task = org.tasks["c1"]
    description = task.pop("Description")
    assert task == {
        "Id": task["Id"],
        "Subject": "Outbound call to 020 7206 8888",
        "Status": "Completed",
        "TaskSubtype": "Call",
        "ActivityDate": task["ActivityDate"],
        "CallType": "Outbound",
        "CallObject": "c1",
        "CallDurationInSeconds": 0,
        "CallDisposition": "Success",
        "WhoId": CONTACT,
    }
    assert re.fullmatch(
        r"Number: 020 7206 8888\nAgent: 1\nStarted: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\nDuration: 0 s\n"
        r"Outcome: Success\nHung up by: Api\nCall: c1",
        description,
    )
    assert f"Started: {task['ActivityDate']}" in description
    entry = await telling.entry("c1")
    assert (entry.record_id, entry.status, entry.attempts) == (task["Id"], 201, 1)
    assert call.plan.reference == CONTACT


@pytest.mark.parametrize(
    ("reference", "field"),
    [
        (CONTACT, "WhoId"),
        (LEAD, "WhoId"),
        (LEAD + check_letters(LEAD), "WhoId"),
        (ACCOUNT, "WhatId"),
        ("0062400000ATTUQ", "WhatId"),
        ("5002400000ATTUQ", "WhatId"),
        ("00U2400000ATTUQ", "WhatId"),
        (ACCOUNT + check_letters(ACCOUNT), "WhatId"),
        (ACCOUNT + "AAA", None),
        ("4711", None),
        ("https://crm.example.com/cases/4711?tab=calls", None),
    ],
)
async def test_the_reference_is_linked_by_its_prefix_or_goes_into_the_description(
    telling: Telling, org: Org, reference: str, field: str | None
) -> None:
    org.records.add(reference[:15])
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", reference=reference)
        await telling.until_state(DONE, "c1")
    task = org.tasks["c1"]
    assert {name: task[name] for name in ("WhoId", "WhatId") if name in task} == ({field: reference} if field else {})
    assert (f"Reference: {reference}" in task["Description"]) == (field is None)
    assert len(org.requests) == 1


@pytest.mark.parametrize(
    "trick",
    [
        answers(400, "INVALID_CROSS_REFERENCE_KEY"),
        answers(400, "MALFORMED_ID", "Related To ID: id value of incorrect type", "WhatId"),
        answers(400, "FIELD_INTEGRITY_EXCEPTION", "Related To ID: id value of incorrect type", "WhatId"),
        answers(403, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY"),
        answers(400, "ENTITY_IS_DELETED"),
    ],
)
async def test_a_record_that_salesforce_does_not_know_goes_into_the_description(
    telling: Telling, org: Org, trick: Trick
) -> None:
    org.tricks.append(trick)
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", reference="0062400000XXXXX")
        await telling.until_state(DONE, "c1")
    assert "WhatId" not in org.tasks["c1"]
    assert "Reference: 0062400000XXXXX" in org.tasks["c1"]["Description"]
    assert len(org.requests) == 2
    assert (await telling.entry("c1")).attempts == 1


async def test_a_call_between_agents_is_internal(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", asked={"to": {"agentId": "2"}}, called_agent_id="2", number=None)
        await telling.until_state(DONE, "c1")
    assert (org.tasks["c1"]["Subject"], org.tasks["c1"]["CallType"]) == ("Outbound call to 2", "Internal")


async def test_a_recording_is_linked_to(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.record("c1", SpoolFile(Side.AGENT, 0))
        await telling.until_state(DONE, "c1")
    assert f"\nRecording: https://calls.example.com/v6/{OURS}/recordings/c1\n" in org.tasks["c1"]["Description"]


async def test_the_subject_is_the_account_s_own_and_is_cut_where_it_is_too_long(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org), subject="${outcome} ($$) – ${application} ${number} ${reference}")
    async with telling.working():
        await telling.call("c1", reference="x" * 2000)
        await telling.until_state(DONE, "c1")
    subject = org.tasks["c1"]["Subject"]
    assert subject.startswith("Failure: CallFailed ($) – 02072068888 xxx") or subject.startswith("Failure: Normal ($)")
    assert len(subject) == LONGEST_SUBJECT


# Tokens.


async def test_one_token_serves_many_calls(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        calls = [f"c{number}" for number in range(20)]
        for call in calls:
            await telling.call(call)
        await telling.until_state(DONE, *calls)
    assert org.given == 1
    assert sorted(org.made) == sorted(calls)


async def test_an_expired_session_is_renewed_at_once(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
        org.expire()
        await telling.call("c2")
        await telling.until_state(DONE, "c2")
    assert org.given == 2
    assert (await telling.entry("c2")).attempts == 1


async def test_a_session_that_is_never_good_is_tried_later(telling: Telling, org: Org) -> None:
    org.tricks += [tricks.expires] * 4
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
    entry = await telling.entry("c1")
    assert (entry.attempts, org.given, org.made) == (3, 5, ["c1"])


async def test_a_signed_assertion_gets_a_token(telling: Telling, org: Org) -> None:
    private, org.public_key = key_pair()
    target = org_of(org, flow=Flow.JWT_BEARER, secret=private, user=USER, audience=AUDIENCE)
    await telling.connect(target)
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
    assert org.given == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": "wrong"}, "no access token: invalid_client: invalid client credentials"),
        ({"client_id": "wrong"}, "no access token: invalid_client_id: client identifier invalid"),
        ({"secret": ""}, "no access token: what it is asked for with can't be read; set it again"),
    ],
)
async def test_without_a_token_everything_waits_and_goes_on_when_it_is_set_right(
    telling: Telling, org: Org, change: dict[str, str], said: str
) -> None:
    await telling.connect(org_of(org, **change))
    async with telling.working():
        await telling.call("c1")
        await telling.call("c2")
        entry = await telling.until_tried("c1", 2)
        assert (entry.state, entry.error) == (WAITING, said)
        assert (await telling.crms.standing(OURS)).error == said
        await telling.connect(org_of(org))
        await telling.until_state(DONE, "c1", "c2")
        assert (await telling.crms.standing(OURS)).error is None


async def test_the_secret_is_in_no_error(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org, secret="a wrong secret"))
    async with telling.working():
        await telling.call("c1")
        entry = await telling.until_tried("c1")
    assert "a wrong secret" not in repr(entry) + repr(await telling.crms.crm(OURS))


# Once, whatever goes wrong.


@pytest.mark.parametrize("trick", [tricks.loses_the_answer, tricks.makes_it_twice])
async def test_a_task_that_is_made_already_is_found_and_not_made_again(
    telling: Telling, org: Org, trick: Trick
) -> None:
    """The subtype can't be set again, so the second upsert leaves it out."""
    org.tricks.append(trick)
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", reference=ACCOUNT)
        await telling.until_state(DONE, "c1")
    assert org.made == ["c1"]
    assert (org.tasks["c1"]["TaskSubtype"], org.tasks["c1"]["WhatId"]) == ("Call", ACCOUNT)
    assert (await telling.entry("c1")).record_id == org.tasks["c1"]["Id"]


async def test_no_answer_in_time_is_tried_again(telling: Telling, org: Org, monkeypatch: pytest.MonkeyPatch) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        # It has a token before the time is short: what is asked for that would not be answered in time either.
        await telling.call("c0")
        await telling.until_state(DONE, "c0")
        monkeypatch.setattr(exchange_module, "ANSWER_SECONDS", 0.3)
        org.tricks.append(tricks.hangs)
        await telling.call("c1")
        entry = await telling.until_tried("c1")
        assert entry.error is None or entry.error == "no answer within 0.3 s"
        await telling.until_state(DONE, "c1")
    assert org.made == ["c0", "c1"]


@pytest.mark.parametrize(
    "trick",
    [
        answers(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        answers(503, "SERVER_UNAVAILABLE"),
        answers(500, "UNKNOWN_EXCEPTION"),
        tricks.plainly(502),
        tricks.plainly(429, Retry_After="0"),
        answers(400, "UNABLE_TO_LOCK_ROW"),
    ],
)
async def test_limits_faults_and_locks_are_waited_for(telling: Telling, org: Org, trick: Trick) -> None:
    org.tricks += [trick, trick]
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
    assert (org.made, (await telling.entry("c1")).attempts) == (["c1"], 3)


async def test_a_crm_that_takes_nothing_is_asked_by_one_at_a_time(telling: Telling, org: Org) -> None:
    org.tricks += [answers(403, "REQUEST_LIMIT_EXCEEDED")] * 12
    await telling.connect(org_of(org))
    calls = [f"c{number}" for number in range(20)]
    for call in calls:
        await telling.call(call)
    async with telling.working():
        await telling.until_state(DONE, *calls)
    assert sorted(org.made) == sorted(calls)
    # Eight were under way when the first was refused; then one after the other until one is taken.
    assert len(org.requests) == 12 + 20
    assert telling.counted.verdicts.count("down") == 12


async def test_what_salesforce_refuses_is_dead_seen_and_can_be_told_again(telling: Telling, org: Org) -> None:
    said = "Calls need a\ncampaign"
    org.tricks.append(answers(400, "FIELD_CUSTOM_VALIDATION_EXCEPTION", said))
    await telling.connect(org_of(org))
    async with telling.working() as worker:
        await telling.call("c1")
        await telling.until_state(DEAD, "c1")
        await telling.call("c2")
        await telling.until_state(DONE, "c2")
        entry = await telling.entry("c1")
        assert entry.error == "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: Calls need a campaign"
        assert [each.task.call_id for each in await telling.crms.tasks(OURS, DEAD, None, 10)] == ["c1"]
        assert telling.counted.given_up == 1
        assert await telling.crms.replay(OURS, "c1", 0) == 1
        worker.changed()
        await telling.until_state(DONE, "c1")
    assert org.made == ["c2", "c1"]


@pytest.mark.parametrize(
    ("trick", "said"),
    [
        (tricks.plainly(300, "[]"), "300 MULTIPLE_CHOICES: more than one task has this call's id"),
        (answers(400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [X]", "X"), "400 REQUIRED_FIELD_MISSING"),
        (answers(403, "INSUFFICIENT_ACCESS_OR_READONLY", "no"), "403 INSUFFICIENT_ACCESS_OR_READONLY: no"),
        (tricks.plainly(400, "{}"), "answered 400"),
        (tricks.plainly(400, "[[]]"), "answered 400"),
    ],
)
async def test_whatever_is_refused_is_told_in_salesforce_s_words(
    telling: Telling, org: Org, trick: Trick, said: str
) -> None:
    org.tricks.append(trick)
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1", reference="4711")
        await telling.until_state(DEAD, "c1")
    assert said in ((await telling.entry("c1")).error or "")


async def test_a_wrong_field_holds_everything_up_and_loses_nothing(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org, external_id_field="Wrong__c"))
    async with telling.working():
        await telling.call("c1")
        entry = await telling.until_tried("c1", 2)
        assert entry.state is WAITING
        assert "Provided external ID field does not exist" in (entry.error or "")
        await telling.connect(org_of(org))
        await telling.until_state(DONE, "c1")


async def test_accounts_have_nothing_to_do_with_each_other(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("theirs", account=THEIRS)
        await telling.call("ours")
        await telling.until_state(DONE, "ours")
        assert await telling.crms.task(THEIRS, "theirs") is None
    assert org.made == ["ours"]


async def test_calls_that_reached_nobody_are_not_told(telling: Telling, org: Org) -> None:
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.refuse("refused")
        await telling.call("placed")
        await telling.until_state(DONE, "placed")
        assert await telling.crms.task(OURS, "refused") is None
    assert org.made == ["placed"]


async def test_calls_that_ended_before_the_crm_was_set_are_not_told(telling: Telling, org: Org) -> None:
    await telling.call("before")
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("after")
        await telling.until_state(DONE, "after")
    assert org.made == ["after"]


async def test_switched_off_it_is_told_nothing_and_goes_on_where_it_stopped(telling: Telling, org: Org) -> None:
    async with telling.working():
        await telling.connect(org_of(org), enabled=False)
        await telling.call("c1")
        assert telling.worker is not None
        await until(lambda: _looked(telling))
        assert org.made == []
        await telling.connect(org_of(org))
        await telling.until_state(DONE, "c1")
    assert telling.counted.waiting == {OURS: None}


async def _looked(telling: Telling) -> bool:
    assert telling.worker is not None
    return not telling.worker._clerks and not telling.worker._news.is_set()


# What an org may lead us to.


async def test_an_instance_that_may_not_be_reached_gets_no_token(telling: Telling, org: Org) -> None:
    org.instance = "http://169.254.169.254"
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        entry = await telling.until_tried("c1")
    assert (
        entry.error == "no access token: instance_url: The URL can't be used: the address 169.254.169.254 is link-local"
    )


async def test_without_the_operator_s_word_nothing_private_is_reached(telling: Telling, org: Org) -> None:
    settings = await telling.connect(org_of(org))
    async with telling.working() as worker:
        await until(lambda: _runs(telling))
        attempt = await worker.test(Connection(settings, ()))
    assert (attempt.verdict, attempt.error) == (Verdict.DOWN, "no access token: refused: 127.0.0.1 is loopback")


async def test_redirects_are_not_followed(telling: Telling, org: Org) -> None:
    org.tricks.append(tricks.plainly(302, Location="http://127.0.0.1:1/"))
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await telling.until_state(DONE, "c1")
    assert len(org.requests) == 2


# Trying it out.


async def _runs(telling: Telling) -> bool:
    return telling.worker is not None and telling.worker._sessions is not None


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"externalId": True, "createable": True}, None),
        ({"externalId": False, "createable": True}, f"{FIELD} is not marked as external id"),
        ({"externalId": True, "createable": False}, f"this user may not write {FIELD}"),
        ({"name": "Other__c"}, f"tasks have no field {FIELD}, or this user may not see it"),
    ],
)
async def test_a_test_asks_for_a_token_and_looks_for_the_field(
    telling: Telling, org: Org, described: dict[str, object], said: str | None
) -> None:
    org.described = described
    settings = await telling.connect(org_of(org))
    async with telling.working() as worker:
        await until(lambda: _runs(telling))
        attempt = await worker.test(Connection(settings, ("127.0.0.0/8",)))
    assert (attempt.error, attempt.verdict) == (said, Verdict.DOWN if said else Verdict.DONE)
    assert org.made == []


async def test_a_change_waits_for_what_is_under_way(telling: Telling, org: Org) -> None:
    """Two who tell the same call at the same moment could make two tasks of it."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def slow(org: Org, request: object) -> None:
        reached.set()
        await go_on.wait()

    org.tricks.append(slow)
    await telling.connect(org_of(org))
    async with telling.working():
        await telling.call("c1")
        await reached.wait()
        await telling.connect(org_of(org), subject="Other")
        await telling.call("c2")
        await until(lambda: _stopping(telling))
        assert len(org.requests) == 1
        go_on.set()
        await telling.until_state(DONE, "c1", "c2")
    assert (org.made, org.tasks["c2"]["Subject"]) == (["c1", "c2"], "Other")
    assert (await telling.entry("c1")).attempts == 1


async def _stopping(telling: Telling) -> bool:
    assert telling.worker is not None
    return telling.worker._clerks[OURS][0]._stopping
