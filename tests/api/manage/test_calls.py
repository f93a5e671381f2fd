"""Finding calls by what is known of them, and reading one with all that was decided."""

from typing import Any

import pytest

from outdial.domain.events import LegAnswered, LegEnded
from outdial.domain.legs import Side
from support.api_world import ApiWorld

CALLS = [
    {"from": {"agentId": "1234"}, "to": {"telephoneNumber": "020 7946 0001"}, "regarding": {"reference": "case1"}},
    {"from": {"agentId": "2001"}, "to": {"telephoneNumber": "020 7946 0002"}, "regarding": {"reference": "case2"}},
    {"from": {"agentId": "2002"}, "to": {"agentId": "4567"}},
]


@pytest.fixture
async def three(world: ApiWorld) -> list[str]:
    """Three calls, a minute apart; the second has ended."""
    ids = []
    for body in CALLS:
        ids.append((await world.place(body)).json()["id"])
        if len(ids) == 2:
            await world.engine.tell(ids[1], LegAnswered(Side.AGENT))
            await world.engine.tell(ids[1], LegEnded(Side.PARTY, 17, 486))
            await world.settled()
        world.time.pass_(60)
    return ids


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [2, 1, 0]),
        ("agentId=1234", [0]),
        ("agentId=4567", [2]),
        ("reference=case2", [1]),
        ("reference=case", []),
        ("number=020%207946%200001", [0]),
        ("number=%2B442079460002", [1]),
        ("live=true", [2, 0]),
        ("live=false", [1]),
        ("agentId=1234&live=false", []),
        ("from=2026-11-18T11:07:00Z", [2, 1]),
        ("to=2026-11-18T11:07:00%2B00:00", [0]),
        ("from=2026-11-18T11:07:00Z&to=2026-11-18T12:08:30%2B01:00", [1]),
    ],
)
async def test_whatever_is_given_must_match(ask: Any, three: list[str], query: str, found: list[int]) -> None:
    answer = await ask("GET", f"/calls?{query}")
    assert answer.status_code == 200, answer.text
    assert [call["id"] for call in answer.json()["items"]] == [three[number] for number in found]


async def test_calls_come_in_pages_newest_first(ask: Any, three: list[str]) -> None:
    first = (await ask("GET", "/calls?limit=2")).json()
    assert [call["id"] for call in first["items"]] == [three[2], three[1]]
    second = (await ask("GET", f"/calls?limit=2&cursor={first['next']}")).json()
    assert ([call["id"] for call in second["items"]], second["next"]) == ([three[0]], None)


async def test_a_call_is_told_with_its_legs_and_why(ask: Any, three: list[str]) -> None:
    call = (await ask("GET", f"/calls/{three[1]}")).json()
    assert (call["state"], call["live"], call["hungUpBy"]) == ("ended", False, "Party")
    assert call["result"] == {"code": "Failure", "party": "Destination", "reason": "NumberBusy", "detail": None}
    assert call["agentLeg"]["phone"] == "sip a1b2c3d4e5-2001"
    assert call["partyLeg"]["trunk"] == "carrier"
    assert (call["partyLeg"]["sipCode"], call["partyLeg"]["shown"]) == (486, "+442079460100")
    assert call["reasons"]["agent"] == "named in the request"
    assert call["createdAt"] == "2026-11-18T11:07:40.000Z"
    assert (await ask("GET", "/calls/nothing")).json()["message"] == "The account has no such call"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("from=yesterday", "from must be a date and time with its offset, such as 2026-11-24T09:30:00Z"),
        ("to=2026-11-24", "to must be a date and time with its offset, such as 2026-11-24T09:30:00Z"),
        ("to=2026-11-24T09:30:00", "to must be a date and time with its offset, such as 2026-11-24T09:30:00Z"),
        ("number=999", "number must be a telephone number that can be dialled, such as +442079460123"),
        ("agentId=x", "agentId must be 1 to 11 digits"),
        ("live=perhaps", "live must be true or false"),
        ("reference=a%00b", "reference must be 1 to 2000 printable ASCII characters without blanks"),
        ("cursor=x", "cursor must be the `next` of an earlier page"),
        ("cursor=00000000-0000-0000-0000-000000000000", "cursor must be the `next` of an earlier page"),
        ("agent=1", "Unknown member agent; did you mean agentId?"),
    ],
)
async def test_what_can_not_be_looked_for(ask: Any, query: str, said: str) -> None:
    answer = await ask("GET", f"/calls?{query}")
    assert (answer.status_code, answer.json()["message"]) == (400, said)
