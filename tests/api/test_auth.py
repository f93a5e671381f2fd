"""Who may do what: tokens that are no good, accounts that see nothing of each other, scopes, and voiding at once."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from outdial.api.auth import AGENTS_READ, CALLS_CONTROL, CALLS_CREATE, CALLS_READ
from outdial.api.secrets import hash_secret
from outdial.api.tokens import fingerprint
from outdial.domain.directory import ApiClient
from support.api_world import (
    ACCOUNT,
    AGENT_TO_NUMBER,
    DIALLERS_SECRET,
    OPERATORS_SECRET,
    OTHER,
    OTHERS_SECRET,
    SECRETS,
    TOKEN_KEY,
    ApiWorld,
    bearer,
)

UNAUTHENTICATED = b'{"message": "The access token is invalid or has expired", "code": "unauthenticated"}'
NO_ID = "00000000-0000-4000-8000-000000000000"
EVERYTHING = [
    ("POST", "/calls/", CALLS_CREATE),
    ("GET", f"/calls/{NO_ID}", CALLS_READ),
    ("DELETE", f"/calls/{NO_ID}", CALLS_CONTROL),
    ("POST", f"/calls/{NO_ID}", CALLS_CONTROL),
    ("GET", "/agents/1234", AGENTS_READ),
    ("GET", "/agents/?availability=readyForPhoneCall", AGENTS_READ),
]


def unsigned() -> str:
    parts = [{"alg": "none"}, {"sub": ACCOUNT, "acc": ACCOUNT, "use": "account", "scope": CALLS_CREATE, "exp": 9e9}]
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


def signed(world: ApiWorld, **changes: object) -> str:
    """Signed with the right key, and not quite a token of ours."""
    secret_hash = hash_secret(SECRETS.api_token)
    claims = {
        "sub": ACCOUNT,
        "acc": ACCOUNT,
        "use": "account",
        "scope": CALLS_CREATE,
        "exp": world.time.now() // 1000 + 60,
        "fp": fingerprint(secret_hash),
    }
    claims = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(TOKEN_KEY))


@pytest.mark.parametrize(("method", "path", "scope"), EVERYTHING)
async def test_without_a_good_token_nothing_is_told(world: ApiWorld, method: str, path: str, scope: str) -> None:
    good = world.token()
    header, claims, signature = good.split(".")
    bad = [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {good}",
        good,
        "Bearer garbage",
        f"Bearer {good}x",
        f"Bearer {header}.{claims}.",
        f"Bearer {header}.{claims[:-2]}.{signature}",
        f"Bearer {unsigned()}",
        f"Bearer {world.token(key=b'another key, of more than thirty-two bytes')}",
        f"Bearer {world.token(lifetime_seconds=0)}",
        f"Bearer {world.token(secret='an old secret')}",
        f"Bearer {world.token('nobody')}",
        f"Bearer {good} {good}",
        "Bearer " + "x" * 20_000,
        f"Bearer {signed(world, fp=None)}",
        f"Bearer {signed(world, exp='soon')}",
        f"Bearer {signed(world, scope=7)}",
        f"Bearer {signed(world, use='client')}",
    ]
    for authorization in bad:
        world.client.headers.pop("Authorization", None)
        headers = {} if authorization is None else {"Authorization": authorization}
        response = await world.client.request(method, f"/v6/{ACCOUNT}{path}", json=AGENT_TO_NUMBER, headers=headers)
        assert (response.status_code, response.content) == (401, UNAUTHENTICATED), authorization
        assert response.headers["www-authenticate"] == "Bearer"


async def test_a_token_signed_by_hand_is_good(world: ApiWorld) -> None:
    """So that the bad ones above are bad for what they are meant to be."""
    assert (await world.place(headers=bearer(signed(world)))).status_code == 201


@pytest.mark.parametrize("word", ["bearer", "BEARER", "Bearer"])
async def test_the_word_before_a_token_may_be_in_any_case(world: ApiWorld, word: str) -> None:
    headers = {"Authorization": f"{word} {world.token()}"}
    assert (await world.place(headers=headers)).status_code == 201


async def test_a_token_expires(world: ApiWorld) -> None:
    headers = bearer(world.token(lifetime_seconds=60))
    url = f"/v6/{ACCOUNT}/agents/1234"
    world.time.pass_(59)
    assert (await world.client.get(url, headers=headers)).status_code == 200
    world.time.pass_(1)
    assert (await world.client.get(url, headers=headers)).status_code == 401


@pytest.mark.parametrize(("method", "path", "scope"), EVERYTHING)
async def test_the_token_of_another_account_opens_nothing_and_learns_nothing(
    world: ApiWorld, method: str, path: str, scope: str
) -> None:
    other = bearer(world.token(OTHER, secret=OTHERS_SECRET))
    there = await world.client.request(method, f"/v6/{ACCOUNT}{path}", json=AGENT_TO_NUMBER, headers=other)
    nowhere = await world.client.request(method, f"/v6/nosuchaccount{path}", json=AGENT_TO_NUMBER, headers=other)
    assert there.status_code == nowhere.status_code == 403
    assert there.content == nowhere.content
    assert not world.switch.performed


async def test_calls_and_agents_of_another_account_do_not_exist(world: ApiWorld) -> None:
    placed = (await world.place()).json()["id"]
    other = bearer(world.token(OTHER, secret=OTHERS_SECRET))
    for method in ("GET", "DELETE"):
        response = await world.client.request(method, f"/v6/{OTHER}/calls/{placed}", headers=other)
        assert (response.status_code, response.json()["code"]) == (404, "call-not-found")
    body = {"recordingStatus": "Paused"}
    response = await world.client.post(f"/v6/{OTHER}/calls/{placed}", json=body, headers=other)
    assert response.status_code == 404
    assert (await world.client.get(f"/v6/{OTHER}/agents/1234", headers=other)).status_code == 404
    listed = await world.client.get(f"/v6/{OTHER}/agents/?availability=readyForPhoneCall", headers=other)
    assert "1234" not in listed.text
    assert (await world.store.find(ACCOUNT, placed)).live  # type: ignore[union-attr]


@pytest.mark.parametrize(("method", "path", "scope"), EVERYTHING)
async def test_each_request_needs_its_scope(world: ApiWorld, method: str, path: str, scope: str) -> None:
    everything_else = frozenset({CALLS_CREATE, CALLS_READ, CALLS_CONTROL, AGENTS_READ, "admin"}) - {scope}
    lacking, having = bearer(world.token(scopes=everything_else)), bearer(world.token(scopes=frozenset({scope})))
    url = f"/v6/{ACCOUNT}{path}"
    response = await world.client.request(method, url, json=AGENT_TO_NUMBER, headers=lacking)
    message = "The access token does not allow this request"
    assert (response.status_code, response.json()) == (403, {"message": message, "code": "forbidden"})
    allowed = await world.client.request(method, url, json=AGENT_TO_NUMBER, headers=having)
    assert allowed.status_code not in (401, 403)


async def test_a_new_api_token_voids_the_tokens_of_the_old_one_at_once(world: ApiWorld) -> None:
    assert (await world.place()).status_code == 201
    await world.change_account(api_token_hash=hash_secret("a new one"))
    assert (await world.place()).status_code == 401
    headers = bearer(world.token(secret="a new one"))
    assert (await world.client.get(f"/v6/{ACCOUNT}/agents/1234", headers=headers)).status_code == 200


async def client_token(world: ApiWorld, client_id: str, secret: str, scope: str) -> dict[str, str]:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": scope}
    response = await world.client.post("/Auth/connect/token", data=form)
    assert response.status_code == 200
    return bearer(response.json()["access_token"])


CHANGES = {
    "revoked": {"revoked_at": 1},
    "a new secret": {"secret_hash": hash_secret("another")},
    "a scope less": {"scopes": (CALLS_READ,)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_a_changed_client_voids_its_tokens_at_once(world: ApiWorld, change: dict[str, object]) -> None:
    headers = await client_token(world, "dialler", DIALLERS_SECRET, CALLS_CREATE)
    assert (await world.place(headers=headers)).status_code == 201
    before = await world.directory.client("dialler")
    assert before is not None
    kept = {
        "id": before.id,
        "account": before.account,
        "name": before.name,
        "scopes": before.scopes,
        "secret_hash": before.secret_hash,
        "revoked_at": None,
    }
    await world.directory.change_client(ApiClient(**{**kept, **change}))  # type: ignore[arg-type]
    assert (await world.place(headers=headers)).status_code == 401


async def test_an_operator_may_act_in_every_account_and_is_told_which_there_are(world: ApiWorld) -> None:
    headers = await client_token(world, "operator", OPERATORS_SECRET, f"{CALLS_CREATE} {AGENTS_READ}")
    assert (await world.place(headers=headers)).status_code == 201
    assert (await world.client.get(f"/v6/{OTHER}/agents/10", headers=headers)).status_code == 200
    for nowhere in ("nosuchaccount", "no-key", "%00", "x" * 300):
        response = await world.client.get(f"/v6/{nowhere}/agents/10", headers=headers)
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


async def test_an_account_is_matched_in_any_case(world: ApiWorld) -> None:
    response = await world.client.get(f"/V6/{ACCOUNT.upper()}/Agents/1234")
    assert response.json()["links"][0]["href"].endswith(f"/v6/{ACCOUNT}/agents/1234")
