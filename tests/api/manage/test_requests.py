"""What all of the management API does alike: bodies, errors, secrets and the log."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from outdial.api.manage.errors import refusal_of
from outdial.api.manage.routes import RESOURCES
from support.api_world import ACCOUNT, OTHER, ApiWorld

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("content", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "malformed-json"),
        (b'{"name": "a", "name": "b"}', JSON, 400, "malformed-json"),
        (b'{"name": NaN}', JSON, 400, "malformed-json"),
        (b'{"name": "\xff"}', JSON, 400, "malformed-json"),
        (b'{"name": "\\ud800"}', JSON, 400, "malformed-json"),
        (b"[]", JSON, 400, "not-an-object"),
        (b"null", JSON, 400, "not-an-object"),
        (b"", JSON, 400, "malformed-json"),
        (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported-media-type"),
        (b"{}", {}, 415, "unsupported-media-type"),
        (b'{"name": "' + b"x" * 102_400 + b'"}', JSON, 413, "body-too-large"),
    ],
)
async def test_a_body_is_a_json_object_of_a_sensible_size(
    world: ApiWorld, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    url = f"/manage/accounts/{ACCOUNT}/groups"
    answer = await world.client.post(url, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    # A bad token comes first: a stranger is not told what is wrong with the rest.
    stranger = await world.client.post(url, content=content, headers={**headers, "Authorization": "Bearer x"})
    assert stranger.status_code == 401


async def test_a_merge_patch_may_say_that_it_is_one(ask: Any) -> None:
    content = json.dumps({"name": "Renamed"}).encode()
    answer = await ask("PATCH", content=content, headers={"Content-Type": "application/merge-patch+json"})
    assert (answer.status_code, answer.json()["name"]) == (200, "Renamed")


async def test_a_method_that_a_page_does_not_have(world: ApiWorld) -> None:
    answer = await world.client.put(f"/manage/accounts/{ACCOUNT}/agents/1234", json={})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PATCH")


async def test_an_unknown_member_comes_before_a_missing_one(ask: Any) -> None:
    answer = await ask("POST", "/groups", {"ID": "x"})
    assert answer.json() == {
        "message": "Unknown member ID; did you mean id?",
        "code": "unknown-member",
        "member": "ID",
    }
    assert (await ask("POST", "/groups", {"id": "x"})).json()["message"] == "name is required"


def test_words_that_nobody_wrote_a_sentence_for_are_still_a_sentence() -> None:
    refusal = refusal_of([{"type": "never_heard_of", "loc": ("body", "a", 0, "b"), "msg": "pydantic's own words"}])
    assert refusal.message == "a[0].b must be something else"


def test_the_account_is_a_parameter_of_every_route_below_it() -> None:
    for resource in RESOURCES:
        for route in resource.router.routes:
            path = getattr(route, "path", "")
            assert "{account}" in path or not path.startswith("/accounts/"), path


async def test_no_secret_is_kept_or_logged(
    world: ApiWorld, ask: Any, operate: Any, log: list[Any], database_file: Path
) -> None:
    made = [
        (await operate("POST", "/accounts", {"key": "acme", "name": "Acme", "homeCountry": "GB"})).json()["apiToken"],
        (await ask("POST", "/clients", {"name": "CRM", "scopes": ["calls:read"]})).json()["clientSecret"],
        (await ask("POST", "/clients/dialler/secret")).json()["clientSecret"],
        (await ask("POST", "/agents", {"id": "7", "name": "Ann"})).json()["phonePassword"],
        (await ask("POST", "/agents/1234/phone-password", {})).json()["password"],
    ]
    await ask("POST", "/trunks", {"id": "t", "host": "h", "username": "u", "password": "carriers-own"})
    made.append((await ask("POST", "/api-token")).json()["apiToken"])
    await world.settled()
    with sqlite3.connect(database_file) as database:
        stored = "\n".join(database.iterdump())
    assert len(log) == len(made) + 1
    for secret in made:
        assert len(secret) >= 32
        assert secret not in stored
        assert secret not in str(log)
    assert "carriers-own" not in str(log)


async def test_each_change_is_one_line_in_the_log(ask: Any, operate: Any, log: list[Any]) -> None:
    await ask("PATCH", "/agents/1234", {"name": "Ann", "callerId": None})
    await ask("PUT", "/agents/1234/presence", {"presence": "Away"})
    await operate("DELETE", f"/accounts/{OTHER}")
    await operate("POST", "/clients", {"id": "second", "name": "Second", "scopes": ["admin"]})
    line = {"event": "managed", "log_level": "info"}
    assert log == [
        {
            **line,
            "action": "agent changed",
            "by": ACCOUNT,
            "account": ACCOUNT,
            "agent": "1234",
            "members": ["caller_id", "name"],
        },
        {
            **line,
            "action": "agent's presence set",
            "by": ACCOUNT,
            "account": ACCOUNT,
            "agent": "1234",
            "presence": "Away",
        },
        {**line, "action": "account removed", "by": "operator", "account": OTHER},
        {**line, "action": "client added", "by": "operator", "account": None, "client": "second", "scopes": "admin"},
    ]


async def test_what_is_refused_or_only_read_is_not_logged(ask: Any, log: list[Any]) -> None:
    await ask("GET", "/agents")
    await ask("POST", "/groups", {"id": "030", "name": "Taken"})
    await ask("DELETE", "/groups/nothing")
    assert log == []
