"""How the process says it is."""

import pytest

from outdial.api.parts import Health
from support.api_world import ApiWorld


async def test_it_is_alive_without_a_token(world: ApiWorld) -> None:
    del world.client.headers["Authorization"]
    response = await world.client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_it_is_ready_when_calls_are_taken(world: ApiWorld) -> None:
    response = await world.client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "database": True,
        "switch": True,
        "accepting": True,
        "switchVersion": "Asterisk 22.10.0",
        "reasons": [],
    }


@pytest.mark.parametrize(
    ("health", "reason"),
    [
        (Health(False, True, True), "the database does not answer, or can not be written"),
        (Health(True, False, True), "the switch can't be reached"),
        (Health(True, True, False), "no new calls are taken"),
        (
            Health(True, True, True, switch_trouble="sip_port 5060: Address already in use"),
            "the switch can't call or be called: sip_port 5060: Address already in use",
        ),
    ],
)
async def test_it_says_why_it_is_not_ready(world: ApiWorld, health: Health, reason: str) -> None:
    world.health.append(health)
    response = await world.client.get("/readyz")
    assert (response.status_code, response.json()["status"], response.json()["reasons"]) == (503, "not ready", [reason])
    assert response.headers["retry-after"] == "5"


async def test_metrics_are_given_as_they_are(world: ApiWorld) -> None:
    response = await world.client.get("/metrics")
    assert (response.status_code, response.text) == (200, "outdial_ready 1.0\n")
    assert response.headers["content-type"] == "text/plain; version=1.0.0; charset=utf-8"
