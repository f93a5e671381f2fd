"""`Idempotency-Key`: one call for one key, whatever is repeated, whatever fails."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from outdial.api.idempotency import hash_of
from outdial.calls.place_call import place_call
from outdial.domain.commands import Ring
from outdial.domain.presence import Presence
from outdial.domain.request import parse_call_request
from outdial.storage.idempotency import StoredIdempotency
from support.api_world import ACCOUNT, AGENT_TO_NUMBER, OTHER, OTHERS_SECRET, ApiWorld, bearer

GROUP_TO_NUMBER = {"from": {"groups": ["030"]}, "to": {"telephoneNumber": "02072068888"}}


async def place(world: ApiWorld, key: str = "k1", body: object = GROUP_TO_NUMBER, **more: Any) -> httpx.Response:
    return await world.place(body, headers={"Idempotency-Key": key, **more})


async def test_the_same_key_and_body_get_the_first_answer_and_no_second_call(world: ApiWorld) -> None:
    first, second = await place(world), await place(world)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["content-type"] == first.headers["content-type"] == "application/json; version=6"
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert [type(command) for _, command in world.switch.performed] == [Ring]


@pytest.mark.parametrize(
    "again",
    [
        b'{"to":{"telephoneNumber":"02072068888"},"from":{"groups":["030"]}}',
        b'{ "from": {"groups": [ "030" ]},\n "to": {"telephoneNumber": "0207206888\\u0038"} }',
    ],
)
async def test_blanks_and_order_make_no_other_body(world: ApiWorld, again: bytes) -> None:
    first = await place(world)
    headers = {"Idempotency-Key": '"k1"', "Content-Type": "application/json"}
    second = await world.client.post(f"/v6/{ACCOUNT}/calls/", content=again, headers=headers)
    assert second.content == first.content


@pytest.mark.parametrize(
    "broken",
    [
        b'{"from":{"agentId":"9"},"from":{"groups":["030"]},"to":{"telephoneNumber":"02072068888"}}',
        b"\xef\xbb\xbf" + json.dumps(GROUP_TO_NUMBER).encode(),
        json.dumps(GROUP_TO_NUMBER).encode("utf-16"),
    ],
    ids=["a member twice", "byte order mark", "UTF-16"],
)
async def test_a_body_that_was_mended_is_not_taken_for_the_broken_one(world: ApiWorld, broken: bytes) -> None:
    headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    first = await world.client.post(f"/v6/{ACCOUNT}/calls/", content=broken, headers=headers)
    assert (first.status_code, first.json()["code"]) == (400, "malformed-json")
    assert (await place(world)).status_code == 422


async def test_another_body_under_the_same_key_is_refused(world: ApiWorld) -> None:
    await place(world)
    response = await place(world, body=AGENT_TO_NUMBER)
    message = "This Idempotency-Key was used with a different request body"
    assert (response.status_code, response.json()) == (422, {"message": message, "code": "idempotency-key-reused"})
    assert len(world.switch.performed) == 1


async def test_after_a_day_a_key_is_free_again(world: ApiWorld) -> None:
    first = await place(world)
    world.time.pass_(24 * 3600)
    second = await place(world, Authorization=f"Bearer {world.token()}")
    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


async def test_of_requests_at_once_one_places_and_the_others_are_told(world: ApiWorld) -> None:
    answers = await asyncio.gather(*(place(world) for _ in range(12)))
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {201, 409}
    assert statuses.count(409) >= 1
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert len(world.switch.performed) == 1
    told = next(answer for answer in answers if answer.status_code == 409)
    message = "A request with this Idempotency-Key is under way"
    assert told.json() == {"message": message, "code": "idempotency-key-in-use"}
    assert (await place(world)).headers["idempotent-replayed"] == "true"


async def test_keys_of_accounts_are_apart(world: ApiWorld) -> None:
    await place(world)
    other = {"Idempotency-Key": "k1", **bearer(world.token(OTHER, secret=OTHERS_SECRET))}
    response = await world.client.post(f"/v6/{OTHER}/calls/", json=AGENT_TO_NUMBER, headers=other)
    assert response.json()["code"] == "unknown-agent"
    stranger = await world.client.post(f"/v6/{ACCOUNT}/calls/", json=GROUP_TO_NUMBER, headers=other)
    assert stranger.status_code == 403


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"from": {}}', "agent-not-specified"),
        (b"{", "malformed-json"),
        (b'{"from": {"agentId": "1234"}, "to": {"telephoneNumber": "1212"}}', "invalid-number"),
    ],
)
async def test_refusals_are_replayed(world: ApiWorld, body: bytes, code: str) -> None:
    headers = {"Idempotency-Key": "k1", "Content-Type": "application/json"}
    first, second = [await world.client.post(f"/v6/{ACCOUNT}/calls/", content=body, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["code"]) == (400, code)
    assert (second.status_code, second.content) == (400, first.content)
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["content-type"] == first.headers["content-type"]


async def test_a_busy_agent_is_a_lasting_answer_too(world: ApiWorld) -> None:
    await world.presence("1234", Presence.AWAY)
    first = await place(world, body=AGENT_TO_NUMBER)
    await world.presence("1234", Presence.READY)
    assert (await place(world, body=AGENT_TO_NUMBER)).content == first.content


async def test_too_many_calls_and_no_switch_free_the_key(world: ApiWorld) -> None:
    await world.change_account(max_concurrent_calls=0)
    assert (await place(world)).status_code == 429
    await world.change_account(max_concurrent_calls=10)
    world.switch.reachable = False
    assert (await place(world)).status_code == 503
    world.switch.reachable = True
    response = await place(world)
    assert response.status_code == 201
    assert "idempotent-replayed" not in response.headers


async def test_a_fault_frees_the_key(world: ApiWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr("outdial.api.calls.parse_call_request", breaks)
        response = await place(world)
        assert (response.status_code, response.json()["code"]) == (500, "internal-error")
        assert "fault of ours" not in response.text
    assert (await place(world)).status_code == 201


async def test_a_fault_after_the_call_was_placed_does_not_place_another(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr("outdial.api.calls.placed", breaks)
        assert (await place(world)).status_code == 500
    assert len(world.engine.live) == 1
    response = await place(world)
    assert (response.status_code, response.headers["idempotent-replayed"]) == (201, "true")
    assert [response.json()["id"]] == list(world.engine.live)


async def test_an_answer_that_can_not_be_kept_is_given_all_the_same(
    world: ApiWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(StoredIdempotency, "settle", breaks)
        first = await place(world)
    assert first.status_code == 201
    assert len(world.engine.live) == 1


async def test_a_call_that_a_dead_process_placed_is_found_again(world: ApiWorld) -> None:
    """The process died after the call was stored and before its answer was kept; the next one takes its place."""
    claimed = await world.parts.idempotency.claim(ACCOUNT, "k1", _hash(GROUP_TO_NUMBER), world.time.now())
    request = parse_call_request(GROUP_TO_NUMBER, 6)
    call = await place_call(world.parts.placing, ACCOUNT, request, version=6, idempotency_id=claimed.idempotency_id)
    successor = StoredIdempotency(world.database, "this process")
    object.__setattr__(world.parts, "idempotency", successor)
    response = await place(world)
    assert response.status_code == 201
    assert response.headers["idempotent-replayed"] == "true"
    assert response.json()["id"] == call.id
    assert response.headers["location"].endswith(call.id)
    assert len(world.switch.performed) == 1


def _hash(body: object) -> str:
    return hash_of(json.dumps(body).encode())


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, '"', "a\tb"])
async def test_keys_that_can_not_be_kept(world: ApiWorld, key: str) -> None:
    response = await place(world, key=key)
    assert (response.status_code, response.json()["code"]) == (400, "idempotency-key-invalid")
    assert not world.switch.performed


async def test_a_bad_token_claims_nothing(world: ApiWorld) -> None:
    assert (await place(world, Authorization="Bearer x")).status_code == 401
    assert "idempotent-replayed" not in (await place(world)).headers
