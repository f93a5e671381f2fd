"""Webhooks over the management API: what may be set, what is shown once, what is replayed, and whose they are."""

from typing import Any

import jwt
import pytest

from outdial.calls.change_webhook import new_secret
from outdial.calls.webhooks import Attempt, Delivery, Progress, Settled
from outdial.domain.deliveries import Outcome
from outdial.domain.webhooks import MOST_WEBHOOKS, SignatureForm, Webhook, check_secret, secret_of
from outdial.storage.deliveries import StoredDeliveries
from outdial.webhooks.signing import signed
from support.api_world import ACCOUNT, OTHER, ApiWorld, NoDeliveries, bearer
from support.manage import operators_token

PATH = f"/manage/accounts/{ACCOUNT}/webhooks"
URL = "https://crm.example.com/outdial"


async def add(world: ApiWorld, **body: Any) -> dict[str, Any]:
    response = await world.client.post(PATH, json={"url": URL, **body})
    assert response.status_code == 201, response.text
    added: dict[str, Any] = response.json()
    return added


async def get(world: ApiWorld, path: str = "") -> Any:
    response = await world.client.get(PATH + path)
    assert response.status_code == 200, response.text
    return response.json()


async def stored(world: ApiWorld, webhook_id: str) -> Webhook:
    found = await world.parts.webhooks.webhook(ACCOUNT, webhook_id)
    assert found is not None
    return found


def told(world: ApiWorld) -> int:
    """How often those that deliver were told to look."""
    deliveries = world.parts.deliveries
    assert isinstance(deliveries, NoDeliveries)
    return deliveries.told


async def test_a_webhook_is_added_and_its_secret_shown_once(world: ApiWorld) -> None:
    added = await add(world, types=["call.*"], name="The CRM")
    secret = added.pop("secret")
    assert secret.startswith("whsec_")
    assert added == {
        "id": added["id"],
        "name": "The CRM",
        "url": URL,
        "types": ["call.*"],
        "signature": "standard",
        "enabled": True,
        "disabledReason": None,
        "createdAt": added["createdAt"],
        "previousSecretUntil": None,
    }
    detail = await get(world, f"/{added['id']}")
    assert detail == {
        **added,
        "deliveredUpTo": detail["newestEvent"],
        "newestEvent": detail["newestEvent"],
        "waiting": 0,
        "deadLetters": 0,
        "failingSince": None,
    }
    assert (await get(world))["items"] == [added]
    assert secret not in str(await get(world)) + str(detail)
    assert told(world) == 1


async def test_without_more_said_it_is_told_everything(world: ApiWorld) -> None:
    assert (await add(world))["types"] == ["*"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"url": "http://crm.example.com/"}, None),
        ({"url": "https://169.254.169.254/"}, "The URL can't be used: the address 169.254.169.254 is link-local"),
        ({"url": "https://2130706433/"}, "The URL can't be used: the address 2130706433 is no address"),
        ({"types": ["call.ended"]}, "No type of event matches 'call.ended' (did you mean call.ended.v1?)"),
        ({"types": []}, "types must be a list of at least 1"),
        ({"secret": "x" * 32}, "The secret can't be used: it must be whsec_ and 24 to 64 bytes in base64"),
        ({"signature": "md5"}, "signature must be one of standard, vonage"),
        ({"colour": "red"}, "Unknown member colour"),
    ],
)
async def test_what_can_not_be_used_is_said(world: ApiWorld, body: dict[str, Any], message: str | None) -> None:
    await world.change_account(private_networks=())
    response = await world.client.post(PATH, json={"url": URL, **body})
    assert response.status_code == 400
    assert message is None or response.json()["message"] == message
    assert (await get(world))["items"] == []


async def test_only_an_operator_opens_private_networks(world: ApiWorld) -> None:
    account = f"/manage/accounts/{ACCOUNT}"
    await world.change_account(private_networks=())
    body = {"privateNetworks": ["10.1.0.0/16"]}
    refused = await world.client.patch(account, json=body)
    assert (refused.status_code, refused.json()["message"]) == (403, "Only an operator may change privateNetworks")
    operator = bearer(operators_token(world))
    for wrong in ("10.1.0.1/16", "10.1.0.0/99", "everywhere"):
        response = await world.client.patch(account, json={"privateNetworks": [wrong]}, headers=operator)
        assert response.status_code == 400
    response = await world.client.patch(account, json=body, headers=operator)
    assert response.json()["privateNetworks"] == ["10.1.0.0/16"]
    await add(world, url="http://10.1.2.3:8000/")
    assert (await world.client.post(PATH, json={"url": "http://10.2.0.1/"})).status_code == 400


async def test_members_that_are_sent_change_and_the_others_stay(world: ApiWorld) -> None:
    added = await add(world, types=["call.*"])
    response = await world.client.patch(f"{PATH}/{added['id']}", json={"enabled": False, "name": "Old"})
    assert response.json()["disabledReason"] == "switched off by an administrator"
    assert (response.json()["types"], response.json()["name"]) == (["call.*"], "Old")
    response = await world.client.patch(f"{PATH}/{added['id']}", json={"enabled": True})
    assert (response.json()["enabled"], response.json()["disabledReason"]) == (True, None)
    assert (await world.client.patch(f"{PATH}/{added['id']}", json={"url": "https://10.0.0.1"})).status_code == 400
    assert told(world) == 3


async def test_a_secret_is_replaced_with_an_overlap(world: ApiWorld) -> None:
    added = await add(world)
    path = f"{PATH}/{added['id']}/secret"
    response = await world.client.post(path, json={"overlapSeconds": 60})
    assert response.status_code == 201
    webhook = await stored(world, added["id"])
    assert (webhook.secret, webhook.previous_secret) == (response.json()["secret"], added["secret"])
    assert webhook.secrets_at(world.time.now() + 59_999) == (webhook.secret, added["secret"])
    assert webhook.secrets_at(world.time.now() + 60_000) == (webhook.secret,)
    own = secret_of(bytes(32))
    assert (await world.client.post(path, json={"secret": own, "overlapSeconds": 0})).json() == {
        "secret": own,
        "previousSecretUntil": None,
    }
    assert (await stored(world, added["id"])).previous_secret is None
    assert (await world.client.post(path, json={"secret": "x" * 40})).status_code == 400


async def test_a_secret_of_an_existing_receiver_can_be_brought(world: ApiWorld) -> None:
    """Whoever moves from the system we implement need not change their receiver."""
    secret = "the signature secret of their old system, as it was"[:40].replace(" ", "-")
    added = await add(world, signature="vonage", secret=secret)
    assert added["secret"] == secret
    headers = signed(await stored(world, added["id"]), "e", "{}", world.time.now())
    token = headers["Vonage-Signature"].removeprefix("Bearer ")
    jwt.decode(token, secret, algorithms=["HS256"], options={"verify_exp": False})


async def test_a_test_delivery_says_what_came_of_it(world: ApiWorld) -> None:
    added = await add(world)
    response = await world.client.post(f"{PATH}/{added['id']}/test")
    assert response.json() == {"delivered": True, "status": 204, "error": None, "tookMs": 7}
    deliveries = world.parts.deliveries
    assert isinstance(deliveries, NoDeliveries)
    [subscription] = deliveries.tested
    assert (subscription.webhook.id, subscription.private_networks) == (added["id"], ("127.0.0.0/8",))


async def furnished(world: ApiWorld) -> str:
    """A webhook with three dead deliveries, one that waits, and a log."""
    added = await add(world)
    webhook = await stored(world, added["id"])
    found = [Delivery(seq, f"id{seq}", "call.placed.v1", "calls/c", "{}", 17, 0, 5_000, 0) for seq in range(1, 5)]
    attempts = [
        Attempt(seq, seq, f"id{seq}", "call.placed.v1", 1, Outcome(500, "answered 500", 3)) for seq in range(1, 4)
    ]
    settled = Settled(Progress(4), parked=found[3:], dead=found[:3], attempts=attempts)
    assert await StoredDeliveries(world.database).settle(webhook, settled)
    return str(added["id"])


async def test_the_log_and_what_was_not_delivered_are_shown_in_pages(world: ApiWorld) -> None:
    webhook = await furnished(world)
    log = await get(world, f"/{webhook}/attempts?limit=2")
    assert [line["event"] for line in log["items"]] == [3, 2]
    assert (log["items"][0]["error"], log["items"][0]["delivered"]) == ("answered 500", False)
    rest = await get(world, f"/{webhook}/attempts?limit=2&cursor={log['next']}")
    assert ([line["event"] for line in rest["items"]], rest["next"]) == ([1], None)
    dead = await get(world, f"/{webhook}/deliveries?limit=2")
    assert [each["event"] for each in dead["items"]] == [1, 2]
    rest = await get(world, f"/{webhook}/deliveries?cursor={dead['next']}")
    assert ([each["event"] for each in rest["items"]], rest["next"]) == ([3], None)
    waiting = await get(world, f"/{webhook}/deliveries?state=waiting")
    assert [(each["event"], each["nextAttemptAt"]) for each in waiting["items"]] == [(4, "1970-01-01T00:00:05.000Z")]


async def test_dead_letters_and_whole_stretches_are_delivered_again(world: ApiWorld) -> None:
    webhook = await furnished(world)
    path = f"{PATH}/{webhook}/replay"
    response = await world.client.post(path, json={"deadLetters": [1, 2]})
    assert (response.status_code, response.json()) == (202, {"deadLetters": 2})
    assert (await world.client.post(path, json={})).json() == {"deadLetters": 1}
    assert (await get(world, f"/{webhook}"))["deadLetters"] == 0
    assert (await world.client.post(path, json={"after": 0})).json() == {"deadLetters": None}
    assert (await get(world, f"/{webhook}"))["deliveredUpTo"] == 0
    for wrong in ({"after": 10**9}, {"after": 0, "deadLetters": [1]}, {"deadLetters": []}):
        assert (await world.client.post(path, json=wrong)).status_code == 400
    assert told(world) == 4


async def test_a_removed_webhook_is_gone(world: ApiWorld) -> None:
    added = await add(world)
    assert (await world.client.delete(f"{PATH}/{added['id']}")).status_code == 204
    assert (await world.client.get(f"{PATH}/{added['id']}")).status_code == 404
    assert (await world.client.delete(f"{PATH}/{added['id']}")).status_code == 404


async def test_an_account_has_so_many(world: ApiWorld) -> None:
    for _ in range(MOST_WEBHOOKS):
        await add(world)
    response = await world.client.post(PATH, json={"url": URL})
    assert (response.status_code, response.json()["code"]) == (400, "too-many-webhooks")


async def test_nobody_manages_another_accounts_webhooks(world: ApiWorld) -> None:
    added = await add(world)
    for method, path, body in (
        ("GET", "", None),
        ("POST", "", {"url": URL}),
        ("GET", f"/{added['id']}", None),
        ("PATCH", f"/{added['id']}", {"enabled": False}),
        ("DELETE", f"/{added['id']}", None),
        ("POST", f"/{added['id']}/secret", {}),
        ("POST", f"/{added['id']}/test", None),
        ("GET", f"/{added['id']}/attempts", None),
        ("GET", f"/{added['id']}/deliveries", None),
        ("POST", f"/{added['id']}/replay", {}),
    ):
        ours = f"/manage/accounts/{OTHER}/webhooks{path}"
        response = await world.client.request(method, ours, json=body)
        assert response.status_code == 403, (method, path)
        operator = await world.client.request(method, ours, json=body, headers=bearer(operators_token(world)))
        assert operator.status_code == (404 if path else operator.status_code), (method, path)
        reader = bearer(world.token(scopes=frozenset({"events:read"})))
        response = await world.client.request(method, PATH + path, json=body, headers=reader)
        assert response.status_code == 403, (method, path)
    assert (await stored(world, added["id"])).enabled


def test_secrets_of_our_own_making_are_good_in_either_form() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    for form in SignatureForm:
        check_secret(first, form)
