"""The order of the checks: of two rules broken at once, the earlier one is told."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import httpx
import pytest

from outdial.domain.commands import Ring
from outdial.domain.events import LegRefused
from outdial.domain.legs import Side
from outdial.domain.presence import Presence
from support.api_world import ACCOUNT, OTHER, OTHERS_SECRET, ApiWorld


@dataclass
class Request:
    """A request that would be granted, until it is spoilt."""

    body: dict[str, Any] = field(
        default_factory=lambda: {
            "from": {"agentId": "1234", "consent": "OneParty"},
            "to": {"telephoneNumber": "02072068888", "consent": "OneParty"},
        }
    )
    content: str | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    async def send(self, world: ApiWorld) -> httpx.Response:
        url = f"/v6/{ACCOUNT}/calls/"
        if self.content is None:
            return await world.client.post(url, json=self.body, headers=self.headers)
        return await world.client.post(url, content=self.content, headers=self.headers)


Spoil = Callable[[ApiWorld, Request], Awaitable[None]]


async def no_token(world: ApiWorld, request: Request) -> None:
    request.headers["Authorization"] = "Bearer x"


async def other_account(world: ApiWorld, request: Request) -> None:
    request.headers.setdefault("Authorization", f"Bearer {world.token(OTHER, secret=OTHERS_SECRET)}")


async def content_type(world: ApiWorld, request: Request) -> None:
    request.headers["Content-Type"] = request.headers["Content-Type"].replace("application/json", "text/plain")


async def too_large(world: ApiWorld, request: Request) -> None:
    request.content = "{" + " " * 102_400


async def not_json(world: ApiWorld, request: Request) -> None:
    request.content = request.content or "{"


async def version(world: ApiWorld, request: Request) -> None:
    request.headers["Content-Type"] += "; version=9"


async def structure(world: ApiWorld, request: Request) -> None:
    request.body["to"]["groups"] = ["030"]


async def characters(world: ApiWorld, request: Request) -> None:
    request.body["application"] = "a-b"


async def consent(world: ApiWorld, request: Request) -> None:
    request.body["from"]["consent"] = None


async def switched_off(world: ApiWorld, request: Request) -> None:
    await world.change_account(outbound_enabled=False)


async def unknown(world: ApiWorld, request: Request) -> None:
    request.body["from"]["agentId"] = "99"


async def not_free(world: ApiWorld, request: Request) -> None:
    await world.presence("1234", Presence.AWAY)


async def number(world: ApiWorld, request: Request) -> None:
    request.body["to"]["telephoneNumber"] = "1212"


async def caller_id(world: ApiWorld, request: Request) -> None:
    request.body["from"]["presentedCLID"] = "1"


async def policy(world: ApiWorld, request: Request) -> None:
    await world.change_account(home_country="GB", allowed_countries=("FR",))


async def placing(world: ApiWorld, request: Request) -> None:
    world.switch.script[Ring] = LegRefused(Side.AGENT, "Allocation failed")


ORDER: list[tuple[Spoil, int, str]] = [
    (no_token, 401, "unauthenticated"),
    (other_account, 403, "forbidden"),
    (content_type, 415, "unsupported-media-type"),
    (too_large, 413, "body-too-large"),
    (not_json, 400, "malformed-json"),
    (version, 400, "unsupported-version"),
    (structure, 400, "groups-not-supported"),
    (characters, 400, "application-invalid"),
    (consent, 400, "consent-rule-broken"),
    (switched_off, 400, "account-disabled"),
    (unknown, 400, "unknown-agent"),
    (not_free, 400, "agent-busy"),
    (number, 400, "invalid-number"),
    (caller_id, 400, "caller-id-invalid"),
    (policy, 400, "destination-not-allowed"),
    (placing, 400, "agent-not-reached"),
]


PAIRS = list(combinations(ORDER, 2))


def name(spoil: Spoil) -> str:
    return spoil.__name__


@pytest.mark.parametrize("rule", ORDER, ids=lambda rule: name(rule[0]))
async def test_each_rule_alone(world: ApiWorld, rule: tuple[Spoil, int, str]) -> None:
    spoil, status, code = rule
    request = Request()
    await spoil(world, request)
    response = await request.send(world)
    assert (response.status_code, response.json()["code"]) == (status, code)


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=[f"{name(a[0])}-{name(b[0])}" for a, b in PAIRS])
async def test_the_earlier_of_two_is_told(
    world: ApiWorld, first: tuple[Spoil, int, str], second: tuple[Spoil, int, str]
) -> None:
    request = Request()
    await first[0](world, request)
    await second[0](world, request)
    response = await request.send(world)
    assert (response.status_code, response.json()["code"]) == first[1:]
