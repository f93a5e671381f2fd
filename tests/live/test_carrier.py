"""Carriers of our own making: what stands on the wire of a trunk, and what becomes of a call for each final answer.

Every scenario has an account, an agent and a trunk of its own, made over the management API; all are called at once.
"""

import asyncio
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from outdial.sandbox import seed
from support.sandbox_world import Members, World, until, world_of
from support.sipp import Sipp, bye, pause, playing, receive, reply, reply_to_bye

NUMBER, ON_THE_WIRE = "020 7206 8888", "+442072068888"
PRESENTED, PRESENTED_ON_THE_WIRE = "020 7946 0123", "+442079460123"
RING_SECONDS = 3
ELSEWHERE = "Contact: <sip:+442072069999@127.0.0.1:9>\n"

USER, PASSWORD, REALM, NONCE = "outdial-london", "a carrier's secret", "carrier.example", "0123456789abcdef"
CHALLENGE = f'WWW-Authenticate: Digest realm="{REALM}", nonce="{NONCE}", algorithm=MD5\n'

INVITED = (receive("INVITE"), reply(100))
ACKNOWLEDGED = (receive("ACK"),)
FAILS = ("Failure", "Destination")
SCENARIOS: Mapping[str, tuple[Sequence[str], tuple[str, str, str], str]] = {
    "486": ((*INVITED, reply(486), *ACKNOWLEDGED), (*FAILS, "NumberBusy"), "Party"),
    "480": ((*INVITED, reply(180), reply(480), *ACKNOWLEDGED), (*FAILS, "NumberUnobtainable"), "Party"),
    "603": ((*INVITED, reply(180), reply(603), *ACKNOWLEDGED), (*FAILS, "CallRejected"), "Party"),
    "302": ((*INVITED, reply(302, extra=ELSEWHERE), *ACKNOWLEDGED), (*FAILS, "NumberChanged"), "Party"),
    "183, 486": (
        (*INVITED, reply(183, sdp=True), pause(700), reply(486), *ACKNOWLEDGED),
        (*FAILS, "NumberBusy"),
        "Party",
    ),
    "rings for ever": (
        (*INVITED, reply(180), receive("CANCEL"), reply(200), reply(487), *ACKNOWLEDGED),
        (*FAILS, "NoAnswer"),
        "System",
    ),
    "answers, hangs up": (
        (*INVITED, reply(180), reply(200, sdp=True), *ACKNOWLEDGED, pause(700), bye(), '<recv response="200"/>'),
        ("Success", "Destination", "Normal"),
        "Party",
    ),
    "answers, is hung up": (
        (*INVITED, reply(180), reply(200, sdp=True), *ACKNOWLEDGED, receive("BYE"), reply_to_bye()),
        ("Success", "Originator", "Normal"),
        "Api",
    ),
    "hung up while it rings": (
        (*INVITED, reply(180), receive("CANCEL"), reply(200), reply(487), *ACKNOWLEDGED),
        ("Failure", "Originator", "CallFailed"),
        "Api",
    ),
    "wants a password": (
        (*INVITED, reply(401, extra=CHALLENGE), *ACKNOWLEDGED, *INVITED, reply(486), *ACKNOWLEDGED),
        (*FAILS, "NumberBusy"),
        "Party",
    ),
    "wants another password": (
        (*INVITED, reply(401, extra=CHALLENGE), *ACKNOWLEDGED, *INVITED, reply(401, extra=CHALLENGE), *ACKNOWLEDGED),
        (*FAILS, "CallFailed"),
        "System",
    ),
    "403": ((*INVITED, reply(403), *ACKNOWLEDGED), (*FAILS, "CallFailed"), "System"),
    "404": ((*INVITED, reply(404), *ACKNOWLEDGED), (*FAILS, "NumberUnobtainable"), "Party"),
    "488": ((*INVITED, reply(488), *ACKNOWLEDGED), (*FAILS, "CallRejected"), "System"),
    "503": ((*INVITED, reply(503), *ACKNOWLEDGED), (*FAILS, "CallFailed"), "System"),
    "says nothing": ((receive("INVITE"), receive("INVITE", optional=True)), (*FAILS, "NoAnswer"), "System"),
}
"""What the carrier does, the result, and who ended it."""
DETAILS = {
    "wants another password": "trunk t wants a user name and password that it accepts (SIP 401)",
    "403": "trunk t forbids the call (SIP 403)",
    "404": "trunk t says that there is no such number (SIP 404)",
    "488": "trunk t takes none of our codecs (SIP 488)",
    "503": "trunk t can't be reached, or takes no call now (SIP 503)",
    "hung up while it rings": "hung up before it was answered",
    "says nothing": "no ringing was heard from trunk t",
}
"""What is told of a call beside its result, where there is more to say."""


@dataclass
class Outcome:
    call: Members
    followed: bool
    """Whether the carrier saw what its scenario says, and nothing else."""
    messages: str
    """Everything that stood on the wire."""

    def sent(self, method: str) -> list[str]:
        """The requests of a kind that the carrier was sent. One that is sent again to the letter, as SIP does where
        nobody answers within half a second, is the same."""
        heads = dict.fromkeys(re.split(r"-{10,} ?[0-9-]+ [0-9:.]+\n", self.messages))
        return [head for head in heads if re.search(rf"^{method} sip:", head, re.MULTILINE) and "received" in head]

    @property
    def invite(self) -> str:
        """The latest of them to call somebody."""
        return self.sent("INVITE")[-1].partition("\n\n")[2]


@pytest.fixture(scope="module")
def outcomes(sandbox: Members, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Play every scenario at once, and wait until all of it is over."""

    async def play_all() -> dict[str, Outcome]:
        async with world_of(sandbox) as world:
            folder = tmp_path_factory.mktemp("carriers")
            found = await asyncio.gather(
                *(play(world, folder / str(each), f"carrier{each}", name) for each, name in enumerate(SCENARIOS))
            )
            await until(lambda: is_quiet(world), "no channel is left")
            return dict(zip(SCENARIOS, found, strict=True))

    return asyncio.run(play_all())


async def is_quiet(world: World) -> bool:
    return await world.channels() == set()


async def play(world: World, folder: Path, account: str, name: str) -> Outcome:
    steps, _, hung_up_by = SCENARIOS[name]
    async with playing(folder, steps) as carrier:
        token = await furnish(world, account, carrier)
        placed = await world.place(
            {"agentId": "1", "presentedCLID": PRESENTED}, {"telephoneNumber": NUMBER}, account=account, token=token
        )
        if hung_up_by == "Api":
            await hang_up_when(world, placed.id, "Connected" if "answers" in name else "rings", account, token)
        told = await world.ended(placed.id, account=account, token=token)
        if "says nothing" in name:
            return Outcome(told, True, carrier.messages)
        followed = await carrier.finished()
        free = await world.ask("GET", f"/v6/{account}/agents/1", token=token)
        assert free.body["currentCallGuid"] is None
        return Outcome(told, followed, carrier.messages)


async def hang_up_when(world: World, call_id: str, moment: str, account: str, token: str) -> None:
    async def there() -> bool:
        told = await world.call(call_id, account=account, token=token)
        return told["status"] == moment or (moment == "rings" and told["times"]["partyRinging"] is not None)

    await until(there, moment)
    await world.ask("DELETE", f"/v6/{account}/calls/{call_id}", token=token)


async def furnish(world: World, account: str, carrier: Sipp) -> str:
    """An account with an agent whose phone answers by itself, and this carrier; a token for it."""
    rules = {"partyRingSeconds": RING_SECONDS, "wrapUpSeconds": 0, "anyCallerId": False}
    made = await world.manage("POST", "/accounts", {"key": account, "name": account, "homeCountry": "GB", **rules})
    own = f"/accounts/{account}"
    await world.manage("POST", f"{own}/caller-ids", {"number": PRESENTED, "name": "Sales, <London>"})
    far_end = world.ready["far_end"]
    phone = f"sip:{seed.sip_user('1234')}@{far_end['host']}:{far_end['port']}"
    await world.manage(
        "POST", f"{own}/agents", {"id": "1", "name": "Ann", "phone": {"kind": "address", "address": phone}}
    )
    trunk = {"id": "t", "host": "127.0.0.1", "port": carrier.port, "username": USER, "password": PASSWORD}
    shown = await world.manage("POST", f"{own}/trunks", trunk)
    assert (shown["hasPassword"], "password" in shown) == (True, False)
    return await world.token_of(account, made["apiToken"])


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_ends_as_its_final_answer_says(outcomes: dict[str, Outcome], name: str) -> None:
    _, result, hung_up_by = SCENARIOS[name]
    call = outcomes[name].call
    assert tuple(call["result"].values()) == result
    assert (call["hungUpBy"], call["detail"]) == (hung_up_by, DETAILS.get(name))
    assert (call["times"]["joined"] is not None) == ("answers" in name)


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "says nothing"])
def test_the_carrier_is_sent_what_its_scenario_says_and_nothing_else(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.followed, outcome.messages
    again = name in ("wants a password", "wants another password")
    assert len(outcome.sent("INVITE")) == (2 if again else 1), "a number is dialled once"
    cancelled = name in ("rings for ever", "hung up while it rings")
    assert len(outcome.sent("CANCEL")) == (1 if cancelled else 0)
    assert len(outcome.sent("BYE")) == (1 if name == "answers, is hung up" else 0)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_number_and_the_caller_id_stand_on_the_wire(outcomes: dict[str, Outcome], name: str) -> None:
    invite = outcomes[name].invite
    assert re.search(rf"^INVITE sip:\{ON_THE_WIRE}@127\.0\.0\.1:", invite)
    shown = f'"Sales, London" <sip:{PRESENTED_ON_THE_WIRE}@'
    assert re.search(rf"^From: {re.escape(shown)}", invite, re.MULTILINE)
    assert re.search(rf"^P-Asserted-Identity: {re.escape(shown)}", invite, re.MULTILINE)
    assert not re.search(r"^Privacy:", invite, re.MULTILINE)


def test_a_redirection_is_not_followed(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["302"]
    assert "+442072069999" in outcome.messages, "the carrier named another number"
    assert "442072069999" not in str(outcome.call)


def test_early_media_then_busy_was_no_answer(outcomes: dict[str, Outcome]) -> None:
    times = outcomes["183, 486"].call["times"]
    assert (times["partyAnswered"], times["joined"]) == (None, None)


def test_a_carrier_that_asks_for_a_password_is_given_it_as_a_digest(outcomes: dict[str, Outcome]) -> None:
    outcome = outcomes["wants a password"]
    assert PASSWORD not in outcome.messages
    line = re.search(r"^Authorization: Digest (.*)$", outcome.invite, re.MULTILINE)
    assert line is not None
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', line[1]))
    assert (given["username"], given["realm"], given["nonce"]) == (USER, REALM, NONCE)
    first, second = md5(f"{USER}:{REALM}:{PASSWORD}"), md5(f"INVITE:{given['uri']}")
    assert given["response"] == md5(f"{first}:{NONCE}:{second}")


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


async def test_a_carrier_that_moves_is_called_where_it_is_now(world: World, tmp_path: Path) -> None:
    steps = (*INVITED, reply(486), *ACKNOWLEDGED)
    async with playing(tmp_path / "before", steps) as before, playing(tmp_path / "after", steps) as after:
        token = await furnish(world, "moves", before)
        for carrier in (before, after):
            await world.manage("PATCH", "/accounts/moves/trunks/t", {"port": carrier.port})
            placed = await world.place({"agentId": "1"}, {"telephoneNumber": NUMBER}, account="moves", token=token)
            told = await world.ended(placed.id, account="moves", token=token)
            assert told["result"]["reason"] == "NumberBusy"
            assert await carrier.finished()
