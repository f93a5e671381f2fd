"""The CRM over the management API: what may be set, what is never shown, and what is told again."""

from typing import Any

import pytest

from outdial.calls.crm import Attempt, TaskState, Verdict
from outdial.domain.crm import HttpRequest, Salesforce, Target
from support.api_world import ACCOUNT, OTHER, ApiWorld, NoCrms, bearer
from support.manage import operators_token
from support.salesforce import key_pair
from support.told_crm import ended_tasks, tasks_in

PATH = f"/manage/accounts/{ACCOUNT}/crm"
ORG = {"url": "https://example.my.salesforce.com", "clientId": "the-consumer-key", "clientSecret": "hidden-secret"}
REQUEST = {
    "url": "https://crm.example.com/calls/${callId}",
    "body": '{"title": "${subject}", "seconds": ${durationSeconds}}',
    "headers": [{"name": "Authorization", "value": "Bearer hidden-key"}],
}
NONE = {
    "kind": None,
    "enabled": False,
    "subject": "Outbound ${application} call to ${number}",
    "salesforce": None,
    "http": None,
    "secretSet": False,
    "createdAt": None,
    "waiting": 0,
    "done": 0,
    "deadLetters": 0,
    "lastError": None,
    "lastErrorAt": None,
}


async def put(world: ApiWorld, **body: Any) -> dict[str, Any]:
    response = await world.client.put(PATH, json=body)
    assert response.status_code == 200, response.text
    assert "hidden" not in response.text
    found: dict[str, Any] = response.json()
    return found


async def refused(world: ApiWorld, **body: Any) -> str:
    response = await world.client.put(PATH, json=body)
    assert response.status_code == 400, response.text
    return str(response.json()["message"])


async def get(world: ApiWorld, path: str = "") -> Any:
    response = await world.client.get(PATH + path)
    assert response.status_code == 200, response.text
    assert "hidden" not in response.text
    return response.json()


async def target(world: ApiWorld) -> Target:
    found = await world.parts.crms.crm(ACCOUNT)
    assert found is not None
    return found.target


def desk(world: ApiWorld) -> NoCrms:
    found = world.parts.crm_desk
    assert isinstance(found, NoCrms)
    return found


async def test_without_a_crm_there_is_nothing_to_see(world: ApiWorld) -> None:
    assert await get(world) == NONE
    assert await get(world, "/tasks") == {"items": [], "next": None}
    for method, path in (("DELETE", ""), ("POST", "/test"), ("POST", "/replay")):
        response = await world.client.request(method, PATH + path)
        assert (response.status_code, response.json()["message"]) == (404, "The account has no CRM")


async def test_a_salesforce_org_is_set_and_its_secret_never_shown(world: ApiWorld) -> None:
    found = await put(world, salesforce=ORG)
    assert found.pop("secret") is None
    assert found == {
        **NONE,
        "kind": "salesforce",
        "enabled": True,
        "secretSet": True,
        "createdAt": found["createdAt"],
        "salesforce": {
            "url": ORG["url"],
            "clientId": ORG["clientId"],
            "flow": "clientCredentials",
            "user": "",
            "audience": "https://login.salesforce.com",
            "apiVersion": "62.0",
            "externalIdField": "Outdial_Call_Id__c",
        },
    }
    assert await get(world) == found
    assert await target(world) == Salesforce(ORG["url"], ORG["clientId"], "hidden-secret")
    assert desk(world).told == 1


async def test_any_other_crm_is_set_and_what_signs_is_shown_once(world: ApiWorld) -> None:
    found = await put(world, http=REQUEST, subject="Call to ${number}", enabled=False)
    assert found["secret"].startswith("whsec_")
    assert (found["kind"], found["subject"], found["enabled"]) == ("http", "Call to ${number}", False)
    assert found["http"] == {
        "url": REQUEST["url"],
        "method": "POST",
        "contentType": "application/json",
        "headers": ["Authorization"],
        "body": REQUEST["body"],
    }
    assert found["secret"] not in str(await get(world))
    again = await put(world, http={**REQUEST, "body": "{}"})
    assert again["secret"] is None
    stored = await target(world)
    assert isinstance(stored, HttpRequest)
    assert (stored.secret, stored.body) == (found["secret"], "{}")


async def test_secrets_that_are_left_out_stay(world: ApiWorld) -> None:
    await put(world, salesforce=ORG)
    without = {name: value for name, value in ORG.items() if name != "clientSecret"}
    await put(world, salesforce={**without, "apiVersion": "60.0"})
    stored = await target(world)
    assert (stored.secret, stored.api_version) == ("hidden-secret", "60.0")  # type: ignore[union-attr]
    await put(world, http=REQUEST)
    await put(world, http={"url": "https://crm.example.com/other", "body": "{}"})
    stored = await target(world)
    assert isinstance(stored, HttpRequest)
    assert stored.headers == (("Authorization", "Bearer hidden-key"),)
    await put(world, http={"url": "https://crm.example.com/other", "body": "{}", "headers": []})
    stored = await target(world)
    assert isinstance(stored, HttpRequest)
    assert stored.headers == ()


@pytest.mark.parametrize(
    "change", [{"url": "https://evil.example.com"}, {"clientId": "other"}, {"flow": "jwtBearer", "user": "x"}]
)
async def test_a_secret_goes_to_nobody_whom_it_was_not_given_for(world: ApiWorld, change: dict[str, str]) -> None:
    """Whoever may set a CRM could have it sent to themselves."""
    await put(world, salesforce=ORG)
    without = {name: value for name, value in ORG.items() if name != "clientSecret"}
    assert "sent, as this URL, flow and client have none yet" in await refused(world, salesforce={**without, **change})
    assert (await target(world)).secret == "hidden-secret"


async def test_headers_go_to_no_other_host(world: ApiWorld) -> None:
    first = await put(world, http=REQUEST)
    moved = await put(world, http={"url": "https://evil.example.com/", "body": "{}"})
    stored = await target(world)
    assert isinstance(stored, HttpRequest)
    assert stored.headers == ()
    assert moved["secret"] not in (None, first["secret"])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "salesforce must be sent, or http, and not both"),
        ({"salesforce": ORG, "http": REQUEST}, "salesforce must be sent, or http, and not both"),
        ({"salesforce": {**ORG, "url": "https://10.0.0.1"}}, "The URL can't be used: the address 10.0.0.1 is private"),
        ({"salesforce": {**ORG, "url": "http://x.example.com"}}, None),
        ({"salesforce": {**ORG, "privateKey": "x"}}, "salesforce.flow must be the one that privateKey is for"),
        ({"salesforce": {**ORG, "flow": "jwtBearer"}}, "salesforce.flow must be the one that clientSecret is for"),
        ({"salesforce": {**ORG, "flow": "password"}}, "salesforce.flow must be one of clientCredentials, jwtBearer"),
        (
            {"salesforce": {**ORG, "apiVersion": "v62"}},
            "salesforce.apiVersion must be a version of the REST API, such as 62.0",
        ),
        (
            {"salesforce": {**ORG, "externalIdField": "a/../b"}},
            "salesforce.externalIdField must be the API name of a field, such as Outdial_Call_Id__c",
        ),
        ({"salesforce": ORG, "subject": "${numbre}"}, None),
        ({"salesforce": ORG, "colour": "red"}, "Unknown member colour"),
        ({"http": {**REQUEST, "url": "https://2130706433/"}}, None),
        (
            {"http": {**REQUEST, "url": "https://${callId}.example.com/"}},
            "http.url can't be used: the host can't be filled in",
        ),
        ({"http": {**REQUEST, "method": "GET"}}, "http.method must be one of POST, PUT, PATCH"),
        ({"http": {**REQUEST, "body": '{"a": ${subject}'}}, None),
        ({"http": {**REQUEST, "contentType": "image/png"}}, None),
        (
            {"http": {**REQUEST, "secret": "x" * 32}},
            "The secret can't be used: it must be whsec_ and 24 to 64 bytes in base64",
        ),
        (
            {"http": {**REQUEST, "headers": [{"name": "webhook-id", "value": "1"}]}},
            "http.headers[0].name must be a header that we don't set ourselves",
        ),
        (
            {"http": {**REQUEST, "headers": [{"name": "A B", "value": "1"}]}},
            "http.headers[0].name must be the name of a header",
        ),
        ({"http": {**REQUEST, "headers": [{"name": "A", "value": "1\r\nB: 2"}]}}, None),
    ],
)
async def test_what_can_not_be_used_is_said(world: ApiWorld, body: dict[str, Any], message: str | None) -> None:
    await world.change_account(private_networks=())
    said = await refused(world, **body)
    assert message is None or said == message
    assert await get(world) == NONE


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("no key", "it must be an RSA private key in PEM, without a passphrase"),
        (key_pair()[1], "it must be an RSA private key in PEM, without a passphrase"),
        (key_pair(1024)[0], "it must have at least 2048 bits"),
    ],
)
async def test_a_key_that_can_not_sign_is_refused(world: ApiWorld, key: str, said: str) -> None:
    org = {"url": ORG["url"], "clientId": "key", "flow": "jwtBearer", "user": "u@example.com", "privateKey": key}
    assert await refused(world, salesforce=org) == f"The secret can't be used: {said}"


async def test_a_key_that_can_sign_is_taken(world: ApiWorld) -> None:
    org = {"url": ORG["url"], "clientId": "key", "flow": "jwtBearer", "user": "u@example.com"}
    found = await put(world, salesforce={**org, "privateKey": key_pair()[0]})
    assert "PRIVATE KEY" not in str(found)
    assert (await get(world))["salesforce"]["flow"] == "jwtBearer"


async def test_a_test_says_what_came_of_it(world: ApiWorld) -> None:
    await put(world, salesforce=ORG)
    response = await world.client.post(f"{PATH}/test")
    assert response.json() == {"passed": True, "status": 200, "error": None, "tookMs": 7}
    [connection] = desk(world).tested
    assert connection.private_networks == ("127.0.0.0/8",)
    desk(world).attempt = Attempt(Verdict.DOWN, error="no access token")
    response = await world.client.post(f"{PATH}/test")
    assert response.json() == {"passed": False, "status": None, "error": "no access token", "tookMs": 0}


async def test_tasks_are_shown_in_pages_with_what_became_of_each(world: ApiWorld) -> None:
    await tasks_in(world)
    waiting, done, dead = await ended_tasks(world, TaskState.WAITING, TaskState.DONE, TaskState.DEAD)
    page = await get(world, "/tasks?limit=2")
    assert [each["callId"] for each in page["items"]] == [dead, done]
    rest = await get(world, f"/tasks?limit=2&cursor={page['next']}")
    assert ([each["callId"] for each in rest["items"]], rest["next"]) == ([waiting], None)
    assert [each["callId"] for each in (await get(world, "/tasks?state=done"))["items"]] == [done]
    task = await get(world, f"/tasks/{dead}")
    assert (task["state"], task["error"]) == ("dead", "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: no")
    assert (task["number"], task["agentId"], task["durationSeconds"]) == ("02072068888", "1234", 0)
    assert (task["nextAttemptAt"], task["settledAt"] is None) == (None, False)
    detail = await get(world)
    assert (detail["waiting"], detail["done"], detail["deadLetters"]) == (1, 1, 1)
    assert detail["lastError"] == "400 FIELD_CUSTOM_VALIDATION_EXCEPTION: no"


async def test_tasks_are_told_again_one_or_all(world: ApiWorld) -> None:
    await tasks_in(world)
    done, dead = await ended_tasks(world, TaskState.DONE, TaskState.DEAD)
    response = await world.client.post(f"{PATH}/tasks/{done}/replay")
    assert (response.status_code, response.json()) == (202, {"tasks": 1})
    assert (await get(world, f"/tasks/{done}"))["state"] == "waiting"
    response = await world.client.post(f"{PATH}/replay")
    assert (response.status_code, response.json()) == (202, {"tasks": 2})
    assert (await get(world))["deadLetters"] == 0
    assert desk(world).told == 2
    for nobody in ("nobody", "x" * 65, "%00", "ü"):
        assert (await world.client.post(f"{PATH}/tasks/{nobody}/replay")).status_code == 404
        assert (await world.client.get(f"{PATH}/tasks/{nobody}")).status_code == 404
    assert dead


async def test_a_removed_crm_is_gone_with_its_tasks(world: ApiWorld) -> None:
    await tasks_in(world)
    await ended_tasks(world, TaskState.DEAD)
    assert (await world.client.delete(PATH)).status_code == 204
    assert await get(world) == NONE
    assert (await get(world, "/tasks"))["items"] == []


async def test_nobody_manages_another_accounts_crm(world: ApiWorld) -> None:
    await tasks_in(world)
    [call] = await ended_tasks(world, TaskState.DEAD)
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", {"salesforce": ORG}),
        ("DELETE", "", None),
        ("POST", "/test", None),
        ("POST", "/replay", None),
        ("GET", "/tasks", None),
        ("GET", f"/tasks/{call}", None),
        ("POST", f"/tasks/{call}/replay", None),
    ):
        others = f"/manage/accounts/{OTHER}/crm{path}"
        assert (await world.client.request(method, others, json=body)).status_code == 403, (method, path)
        reader = bearer(world.token(scopes=frozenset({"events:read"})))
        assert (await world.client.request(method, PATH + path, json=body, headers=reader)).status_code == 403
    operator = bearer(operators_token(world))
    response = await world.client.get(f"/manage/accounts/{OTHER}/crm/tasks/{call}", headers=operator)
    assert response.status_code == 404
