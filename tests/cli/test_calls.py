"""Placing, watching, finding and hanging up calls with commands."""

import pytest

from outdial.domain.commands import Ring
from outdial.domain.events import LegAnswered, LegEnded, LegRefused
from outdial.domain.legs import Side
from support.api_world import ACCOUNT
from support.command_line import FarEnd, Line

OF = ("--account", ACCOUNT)


async def test_a_call_is_placed_and_watched_to_its_end(line: Line) -> None:
    far_end = FarEnd(line.world, LegAnswered(Side.AGENT), LegAnswered(Side.PARTY), LegEnded(Side.PARTY, 16))
    ran = await line.run("call", "place", "02072068888", "--agent", "1234", "--reference", "case7", *OF)
    await far_end.done
    assert ran.status == 0
    assert "both sides were joined" in ran.out
    assert "both sides were joined" in ran.err.splitlines()[-1]


async def test_a_call_that_was_never_joined_ends_the_command_with_1(line: Line) -> None:
    far_end = FarEnd(line.world, LegAnswered(Side.AGENT), LegEnded(Side.PARTY, 17, 486))
    ran = await line.run("call", "place", "02072068888", "--agent", "1234", *OF, "--json")
    await far_end.done
    assert (ran.status, ran.err) == (1, "")
    assert ran.document["result"] == {"code": "Failure", "party": "Destination", "reason": "NumberBusy"}


async def test_a_group_and_every_other_word_reaches_the_request(line: Line) -> None:
    words = ("--group", "030", "--group", "200", "--application", "crm", "--consent-to", "OneParty")
    placed = await line.json("call", "place", "02072068888", *words, "--caller-id", "02079460100", "--no-wait", *OF)
    assert placed["from"]["groups"] == ["030", "200"]
    assert placed["from"]["presentedCLID"] == "02079460100"
    assert (placed["to"]["consent"], placed["application"]) == ("OneParty", "crm")


async def test_the_same_idempotency_key_places_one_call(line: Line) -> None:
    words = ("call", "place", "02072068888", "--agent", "1234", "--idempotency-key", "k1", "--no-wait", *OF)
    first, second = await line.json(*words), await line.json(*words)
    assert first["id"] == second["id"]
    assert len(line.world.engine.live) == 1


async def test_a_call_is_found_shown_and_hung_up(line: Line) -> None:
    placed = await line.json(
        "call", "place", "02072068888", "--agent", "1234", "--reference", "case7", "--no-wait", *OF
    )
    found = await line.json("call", "list", "--reference", "case7", "--number", "020 7206 8888", "--live", *OF)
    assert [each["id"] for each in found] == [placed["id"]]
    assert await line.json("call", "list", "--ended", *OF) == []
    shown = await line.run("call", "show", placed["id"], *OF)
    assert "sip a1b2c3d4e5-1234" in shown.out
    assert "named in the request" in shown.out
    ending = await line.run("call", "hangup", placed["id"], *OF)
    assert (ending.status, ending.err) == (0, "")
    await line.world.settled()
    assert not line.world.engine.live


async def test_one_agent_calls_another(line: Line) -> None:
    placed = await line.json("call", "place", "--agent", "1234", "--to-agent", "4567", "--no-wait", *OF)
    assert "agent 4567" in (await line.run("call", "list", *OF)).out
    assert placed["to"] == {"agentId": "4567"}


UNREGISTERED = "phone acme-1234 is not registered, or no longer answers"
REFUSED = ["outdial: Unable to place call to Agent. Please try again", f"outdial: {UNREGISTERED}"]


@pytest.mark.parametrize("whom", [("--agent", "1234"), ("--group", "030")], ids=["an agent", "a group"])
async def test_a_refusal_is_followed_by_why_the_agent_could_not_be_rung(line: Line, whom: tuple[str, str]) -> None:
    line.world.switch.script[Ring] = LegRefused(Side.AGENT, UNREGISTERED)
    words = ("call", "place", "02072068888", *whom, "--idempotency-key", "k1", *OF)
    for _ in ("once", "and replayed"):
        ran = await line.run(*words)
        assert (ran.status, ran.out, ran.err.splitlines()) == (1, "", REFUSED)
    failed = (await line.json("call", "list", "--ended", *OF))[0]
    shown = (await line.run("call", "show", failed["id"], *OF)).out.splitlines()
    assert any(each.startswith("Detail ") and each.endswith(UNREGISTERED) for each in shown)
    assert any(each.split() == ["Hung", "up", "by", "System"] for each in shown)


async def test_a_call_that_failed_is_told_with_its_cause(line: Line) -> None:
    far_end = FarEnd(line.world, LegAnswered(Side.AGENT), LegEnded(Side.PARTY, 21, 403))
    ran = await line.run("call", "place", "02072068888", "--agent", "1234", *OF)
    await far_end.done
    assert (ran.status, "the other side: failed (trunk " in ran.out) == (1, True)
    assert ran.out.endswith(" forbids the call (SIP 403)).\n")
