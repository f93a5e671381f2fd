"""The CRM with commands: from setting it to telling again what it did not take."""

from pathlib import Path
from typing import Any

import pytest

from outdial.calls.crm import Attempt, TaskState, Verdict
from support.api_world import ACCOUNT, NoCrms
from support.command_line import Line
from support.salesforce import key_pair
from support.told_crm import ended_tasks, tasks_in

OF = ("--account", ACCOUNT)
ORG = "https://example.my.salesforce.com"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Any:
    def type_(secret: str) -> None:
        monkeypatch.setattr("outdial.cli.crm.password", lambda _: secret)

    return type_


async def test_a_salesforce_org_is_set_with_a_secret_that_is_asked_for(line: Line, typed: Any) -> None:
    assert "No CRM is told" in (await line.run("crm", "show", *OF)).out
    typed("the-consumer-secret")
    ran = await line.run("crm", "set", "--salesforce", ORG, "--client-id", "key", "--ask-secret", *OF)
    assert ran.status == 0, ran
    assert "the-consumer-secret" not in ran.out
    shown = await line.json("crm", "show", *OF)
    assert (shown["kind"], shown["salesforce"]["url"], shown["secretSet"]) == ("salesforce", ORG, True)
    assert shown["subject"] == "Outbound ${application} call to ${number}"
    changed = await line.json(
        *("crm", "set", "--salesforce", ORG, "--client-id", "key", "--field", "Call__c", "--disabled", *OF)
    )
    assert (changed["salesforce"]["externalIdField"], changed["enabled"], changed["secretSet"]) == (
        "Call__c",
        False,
        True,
    )


async def test_a_key_is_read_from_its_file(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(key_pair()[0])
    words = ("--client-id", "key", "--private-key", str(file), "--user", "integration@example.com")
    found = await line.json("crm", "set", "--salesforce", ORG, *words, *OF)
    assert (found["salesforce"]["flow"], found["salesforce"]["user"]) == ("jwtBearer", "integration@example.com")
    file.write_bytes(b"\xff")
    ran = await line.run("crm", "set", "--salesforce", ORG, *words, *OF)
    assert (ran.status, ran.err) == (1, f"outdial: {file}: can't be read as text\n")


async def test_any_other_crm_is_set_from_files_and_what_signs_is_shown_once(line: Line, tmp_path: Path) -> None:
    body, headers = tmp_path / "body.json", tmp_path / "headers"
    body.write_text('{"title": "${subject}"}')
    headers.write_text("Authorization: Bearer abc:def\n\nX-Team: ${agent}\n")
    words = ("--http", "https://crm.example.com/calls", "--body", str(body), "--headers", str(headers))
    ran = await line.run("crm", "set", *words, "--subject", "Call to ${number}", *OF)
    assert "whsec_" in ran.out
    assert "Bearer" not in ran.out
    shown = await line.json("crm", "show", *OF)
    assert (shown["http"]["headers"], shown["subject"]) == (["Authorization", "X-Team"], "Call to ${number}")
    settings = await line.world.parts.crms.crm(ACCOUNT)
    assert settings is not None
    assert settings.target.headers == (("Authorization", "Bearer abc:def"), ("X-Team", "${agent}"))  # type: ignore[union-attr]
    headers.write_text("nonsense")
    ran = await line.run("crm", "set", *words, *OF)
    assert (ran.status, ran.err) == (1, f"outdial: {headers}: every line must be `Name: value`\n")
    assert (await line.run("crm", "remove", *OF)).out == "No CRM is told any more.\n"
    assert (await line.json("crm", "show", *OF))["kind"] is None


async def test_it_must_be_one_or_the_other(line: Line) -> None:
    ran = await line.run("crm", "set", *OF)
    assert (ran.status, ran.err) == (1, "outdial: say --salesforce URL, or --http URL for any other CRM\n")


async def test_a_test_says_what_came_of_it_and_ends_with_1_where_it_failed(line: Line) -> None:
    await tasks_in(line.world)
    ran = await line.run("crm", "test", *OF)
    assert (ran.status, ran.out) == (0, "Works: 200 after 7 ms.\n")
    desk = line.world.parts.crm_desk
    assert isinstance(desk, NoCrms)
    desk.attempt = Attempt(Verdict.DOWN, error="no answer within 30 s", took=30_000)
    ran = await line.run("crm", "test", *OF)
    assert (ran.status, ran.out) == (1, "Failed: no answer within 30 s, after 30000 ms.\n")


async def test_tasks_are_listed_and_told_again(line: Line) -> None:
    await tasks_in(line.world)
    [done, dead] = await ended_tasks(line.world, TaskState.DONE, TaskState.DEAD)
    ran = await line.run("crm", "tasks", *OF)
    assert "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: no" in ran.out
    found = await line.json("crm", "tasks", "--state", "dead", *OF)
    assert [each["callId"] for each in found] == [dead]
    ran = await line.run("crm", "replay", *OF)
    assert ran.out == "Told again: 1.\n"
    assert await line.json("crm", "replay", "--call", done, *OF) == {"tasks": 1}
    assert len(await line.json("crm", "tasks", "--state", "waiting", *OF)) == 2
    ran = await line.run("crm", "replay", "--call", "nobody", *OF)
    assert ran.status == 1
