"""The two token endpoints: OAuth 2.0 client credentials in each form, its errors, and guessing made useless."""

import base64
from dataclasses import replace
from typing import Any

import httpx
import pytest

from outdial.api.attempts import MOST_OF_A_CLIENT, MOST_OF_AN_ADDRESS, WINDOW_SECONDS, Attempts
from outdial.api.auth import CALLS_CREATE, CALLS_READ, SCOPES
from outdial.api.tokens import Tokens
from support.api_world import (
    ACCOUNT,
    DIALLERS_SECRET,
    OPERATORS_SECRET,
    SECRETS,
    TOKEN_KEY,
    ApiWorld,
    MovableTime,
    bearer,
)

FORM = "application/x-www-form-urlencoded"
GRANT = {"grant_type": "client_credentials"}


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def ask(world: ApiWorld, url: str = "/v0/oauth2/token", form: Any = None, **headers: str) -> httpx.Response:
    """As a client that has no token yet."""
    world.client.headers.pop("Authorization", None)
    return await world.client.post(url, data=GRANT if form is None else form, headers=headers)


def as_client(scope: str | None = None, client_id: str = "dialler", secret: str = DIALLERS_SECRET) -> dict[str, str]:
    form = {**GRANT, "client_id": client_id, "client_secret": secret}
    return form if scope is None else {**form, "scope": scope}


@pytest.mark.parametrize("way", ["basic", "form"])
@pytest.mark.parametrize("url", ["/v0/oauth2/token", "/V6/OAuth2/Token/"])
async def test_an_account_gets_a_token_for_an_hour_and_every_scope(world: ApiWorld, way: str, url: str) -> None:
    secret = SECRETS.api_token
    if way == "basic":
        response = await ask(world, url, **basic(ACCOUNT.upper(), secret))
    else:
        response = await ask(world, url, {**GRANT, "client_id": ACCOUNT, "client_secret": secret})
    assert response.status_code == 200
    said = response.json()
    assert (said["expires_in"], said["token_type"]) == (3600, "Bearer")
    assert response.headers["cache-control"] == "no-store"
    claims = Tokens(TOKEN_KEY).read(said["access_token"], world.time.now())
    assert claims.scopes == frozenset(SCOPES)
    assert claims.expires_at == world.time.now() // 1000 * 1000 + 3_600_000
    assert (await world.place(headers=bearer(said["access_token"]))).status_code == 201


async def test_a_client_gets_a_token_for_two_hours_and_what_it_asked_for(world: ApiWorld) -> None:
    response = await ask(world, "/Auth/connect/token", as_client(CALLS_CREATE))
    said = response.json()
    assert list(said) == ["access_token", "expires_in", "token_type"]
    assert (said["expires_in"], said["token_type"]) == (7200, "Bearer")
    assert (await world.place(headers=bearer(said["access_token"]))).status_code == 201
    assert Tokens(TOKEN_KEY).read(said["access_token"], world.time.now()).scopes == {CALLS_CREATE}


async def test_a_client_that_asks_for_no_scope_gets_its_own_and_is_told(world: ApiWorld) -> None:
    said = (await ask(world, "/auth/connect/token", as_client(client_id="operator", secret=OPERATORS_SECRET))).json()
    assert said["scope"].split() == sorted(SCOPES)


Wrong = tuple[dict[str, Any], dict[str, str], int, str]
WRONG: dict[str, Wrong] = {
    "no client": (GRANT, {}, 401, "invalid_client"),
    "an unknown client": (as_client(client_id="nobody"), {}, 401, "invalid_client"),
    "a wrong secret": (as_client(secret="x"), {}, 401, "invalid_client"),
    "an empty secret": (as_client(secret=""), {}, 401, "invalid_client"),
    "an account at the wrong door": (as_client(client_id=ACCOUNT), {}, 401, "invalid_client"),
    "no client id": ({**GRANT, "client_secret": "x"}, {}, 401, "invalid_client"),
    "a client id that can't be": (as_client(client_id="\0"), {}, 401, "invalid_client"),
    "a scope too much": (as_client(f"{CALLS_CREATE} {CALLS_READ}"), {}, 400, "invalid_scope"),
    "an unknown scope": (as_client("everything"), {}, 400, "invalid_scope"),
    "a blank scope": (as_client(" "), {}, 400, "invalid_scope"),
    "another grant": ({**as_client(), "grant_type": "password"}, {}, 400, "unsupported_grant_type"),
    "no grant": ({"client_id": "dialler"}, {}, 400, "invalid_request"),
    "nothing": ({"x": ""}, {}, 400, "invalid_request"),
    "a field twice": ({**as_client(), "scope": [CALLS_CREATE, CALLS_CREATE]}, {}, 400, "invalid_request"),
    "two ways at once": (as_client(), basic("dialler", DIALLERS_SECRET), 400, "invalid_request"),
    "basic garbage": (GRANT, {"Authorization": "Basic !!!"}, 401, "invalid_client"),
    "basic without colon": (GRANT, {"Authorization": "Basic eHh4"}, 401, "invalid_client"),
    "basic that is no text": (GRANT, {"Authorization": "Basic /////w=="}, 401, "invalid_client"),
    "another way": (GRANT, {"Authorization": "Bearer x"}, 401, "invalid_client"),
    "not a form": (GRANT, {"Content-Type": "application/json"}, 400, "invalid_request"),
    "too many fields": ({f"f{n}": "1" for n in range(60)}, {}, 400, "invalid_request"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_errors_are_in_oauths_own_form(world: ApiWorld, wrong: Wrong) -> None:
    form, headers, status, error = wrong
    response = await ask(world, "/Auth/connect/token", form, **headers)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert list(response.json()) == ["error", "error_description"]
    assert response.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in response.headers) == (status == 401)


async def test_a_form_that_is_no_text_is_refused(world: ApiWorld) -> None:
    for content in (b"grant_type=%ff", b"grant_type=\xff"):
        headers = {"Content-Type": FORM}
        response = await world.client.post("/Auth/connect/token", content=content, headers=headers)
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_an_account_without_an_api_token_gets_none(world: ApiWorld) -> None:
    await world.change_account(api_token_hash=None)
    response = await ask(world, **basic(ACCOUNT, SECRETS.api_token))
    assert response.json()["error"] == "invalid_client"


async def test_a_revoked_client_gets_no_token(world: ApiWorld) -> None:
    client = await world.directory.client("dialler")
    assert client is not None
    await world.directory.change_client(replace(client, revoked_at=1))
    assert (await ask(world, "/Auth/connect/token", as_client())).json()["error"] == "invalid_client"


async def test_whoever_guesses_has_to_wait_and_the_rightful_client_is_not_locked_out_elsewhere(world: ApiWorld) -> None:
    for _ in range(MOST_OF_A_CLIENT):
        assert (await ask(world, "/Auth/connect/token", as_client(secret="x"))).status_code == 401
    even_right = await ask(world, "/Auth/connect/token", as_client())
    assert even_right.status_code == 429
    assert 0 < int(even_right.headers["retry-after"]) <= WINDOW_SECONDS
    transport = httpx.ASGITransport(world.app, client=("192.0.2.9", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://calls.test") as elsewhere:
        assert (await elsewhere.post("/Auth/connect/token", data=as_client())).status_code == 200
    world.time.pass_(WINDOW_SECONDS)
    assert (await ask(world, "/Auth/connect/token", as_client())).status_code == 200


def test_one_address_may_not_try_many_names_either() -> None:
    time = MovableTime()
    attempts = Attempts(time)
    for name in range(MOST_OF_AN_ADDRESS):
        assert attempts.wait_seconds("2001:db8::1", str(name)) == 0
        attempts.failed("2001:db8::1", str(name))
    assert attempts.wait_seconds("2001:db8::ffff", "anybody") == WINDOW_SECONDS
    assert attempts.wait_seconds("2001:db8:0:1::1", "anybody") == 0


def test_what_is_remembered_of_guessers_is_bounded() -> None:
    attempts = Attempts(MovableTime())
    for number in range(30_000):
        attempts.failed(f"10.0.{number // 250}.{number % 250}", "x")
    assert len(attempts) <= 10_000
