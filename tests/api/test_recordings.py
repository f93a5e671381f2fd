"""Recordings over HTTP: found, read, heard in any stretch; each with its own scope, each access on record."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from outdial.api.auth import RECORDINGS_LISTEN, RECORDINGS_READ, SCOPES
from outdial.api.recordings import RecordingUnreadable, RecordUnreadable
from outdial.calls.recording_library import Selection
from outdial.domain.consent import AccountRecording, Consent, Scenario, decide
from outdial.domain.legs import Side
from outdial.domain.recordings import CallRecording, ConsentAct, ConsentTaken, Pause
from outdial.storage.ledger import StoredLedger
from support.api_world import ACCOUNT, BASE, OTHER, OTHERS_SECRET, ApiWorld, bearer
from support.vault import START, TONES, recording_of, tone, wav_of

ID = "94e5928c-7f7e-4645-ad72-61010f906449"
DECISION = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.ONE_PARTY, AccountRecording())
ONE_LEG = "94e5928c-7f7e-4645-ad72-61010f906450"
URL = f"/v6/{ACCOUNT}/recordings"
AUDIO = f"{URL}/{ID}/audio"
WHOLE = {
    side: wav_of(tone(frequency, 500) + tone(0, 400) + tone(frequency, 1_100)) for side, frequency in TONES.items()
}
"""With the silence of the pause."""


async def keep(world: ApiWorld, recording: CallRecording) -> None:
    """What the calls' side would do."""
    keeper = world.kept.keeper
    folder = await keeper.spool(recording)
    for file in recording.files:
        (folder / file.file_name).write_bytes(WHOLE[file.side])
    await keeper.finish(recording)
    await keeper.rested(recording.account, recording.call_id)


def of_account(call_id: str, sides: Any = tuple(Side), **changes: Any) -> CallRecording:
    return replace(recording_of(call_id, sides), account=ACCOUNT, **changes)


@pytest.fixture
async def kept(world: ApiWorld) -> ApiWorld:
    await keep(
        world,
        of_account(
            ID,
            agent_id="1234",
            decision=DECISION.to_dict(),
            pauses=(Pause(START + 500, START + 900, "agent 1234"),),
            consents=(ConsentTaken(START, ConsentAct.GIVEN, Side.PARTY, "dtmf"),),
        ),
    )
    await keep(
        world,
        of_account(
            ONE_LEG, [Side.AGENT], agent_id="4567", number="+442079460999", started_at=START + 1, reference="other"
        ),
    )
    return world


async def entries(world: ApiWorld, account: str = ACCOUNT) -> list[tuple[str, str | None, dict[str, Any]]]:
    found = await StoredLedger(world.database).entries(account, 0, 1_000)
    return [(entry.call_id or "", entry.who, json.loads(entry.data)) for entry in found if "accessed" in entry.kind]


async def test_details_tell_everything_but_where_it_lies(kept: ApiWorld) -> None:
    response = await kept.client.get(f"{URL}/{ID}")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; version=6"
    said = response.json()
    legs = said.pop("legs")
    assert [(leg["leg"], leg["lengthMs"], leg["size"], leg["codec"]) for leg in legs] == [
        ("agent", 2_000, 32_044, "pcm_s16le"),
        ("party", 2_000, 32_044, "pcm_s16le"),
    ]
    assert all(len(leg["sha256"]) == 64 for leg in legs)
    assert said == {
        "id": ID,
        "links": [
            {"href": f"{BASE}{URL}/{ID}", "rel": "_self"},
            {"href": f"{BASE}/v6/{ACCOUNT}/calls/{ID}", "rel": "call"},
            {"href": f"{BASE}{URL}/{ID}/audio", "rel": "audio"},
            {"href": f"{BASE}{URL}/{ID}/peaks", "rel": "peaks"},
        ],
        "callId": ID,
        "agentId": "1234",
        "calledAgentId": None,
        "groups": ["030"],
        "number": "+442079460123",
        "reference": "case 5",
        "status": "Available",
        "startedAt": "2025-11-24T16:00:00.000Z",
        "endedAt": "2025-11-24T16:00:02.000Z",
        "lengthMs": 2_000,
        "cutShort": False,
        "held": False,
        "joinedAt": "2025-11-24T16:00:00.000Z",
        "pauses": [
            {
                "from": "2025-11-24T16:00:00.500Z",
                "to": "2025-11-24T16:00:00.900Z",
                "by": "agent 1234",
                "resumedBy": None,
            }
        ],
        "consents": [
            {"at": "2025-11-24T16:00:00.000Z", "act": "given", "leg": "party", "way": "dtmf", "by": None},
        ],
        "decision": {
            "legs": "agent",
            "legsAfterConsent": "both",
            "rule": "TwoParty: the agent's leg, the other one once its consent is captured",
            "inputs": {
                "scenario": "agent to telephone number",
                "from": "TwoParty",
                "to": "OneParty",
                "account": "none",
                "accountWhenUnknown": "agent",
                "overrides": None,
            },
            "announcement": None,
            "autoResumeSeconds": 0,
            "recordOrDrop": False,
        },
        "holds": [],
        "retainUntil": None,
        "deletedAt": None,
    }


SEARCHES = {
    "all": ("", [ONE_LEG, ID]),
    "a call": (f"?callId={ID}", [ID]),
    "an agent": ("?agent=4567", [ONE_LEG]),
    "a group": ("?group=030&agent=1234", [ID]),
    "a national number": ("?number=020 7946 0123", [ID]),
    "a reference": ("?reference=case 5", [ID]),
    "from": ("?from=2025-11-24T16:00:00.001Z", [ONE_LEG]),
    "to": ("?to=2025-11-24T17:00:00.001%2B01:00", [ID]),
    "deleted": ("?deleted=true", []),
    "nothing": ("?group=999", []),
}


@pytest.mark.parametrize(("query", "expected"), SEARCHES.values(), ids=SEARCHES)
async def test_a_search_finds(kept: ApiWorld, query: str, expected: list[str]) -> None:
    response = await kept.client.get(URL + query)

    assert response.status_code == 200, response.text
    assert [found["id"] for found in response.json()["recordings"]] == expected
    assert response.json()["next"] is None


async def test_a_search_goes_on_from_page_to_page(kept: ApiWorld) -> None:
    first = (await kept.client.get(f"{URL}?limit=1")).json()
    second = (await kept.client.get(f"{URL}?limit=1&cursor={first['next']}")).json()

    assert [found["id"] for found in first["recordings"] + second["recordings"]] == [ONE_LEG, ID]
    assert second["next"] is None


REFUSED = {
    "?agents=1": "Unknown parameter agents; there are callId, agent, group, number, reference, from, to, deleted, "
    "limit, cursor",
    "?limit=0": "limit must be a whole number from 1 to 200",
    "?limit=x": "limit must be a whole number from 1 to 200",
    "?cursor=x": "cursor must be the next of an earlier page",
    "?from=yesterday": "from must be a date and time with its offset, such as 2026-11-24T09:30:00Z",
    "?deleted=yes": "deleted must be true or false",
    "?agent=": "agent must be 1 to 2000 characters",
    "?number=12": "number must be a telephone number that can be dialled, such as +442079460123",
}


@pytest.mark.parametrize(("query", "message"), REFUSED.items(), ids=REFUSED)
async def test_a_search_that_can_not_be_made_is_refused(world: ApiWorld, query: str, message: str) -> None:
    response = await world.client.get(URL + query)

    assert (response.status_code, response.json()["message"]) == (400, message)


@pytest.mark.parametrize("side", Side)
async def test_a_leg_is_heard_as_it_was_recorded(kept: ApiWorld, side: Side) -> None:
    response = await kept.client.get(f"{AUDIO}?leg={side.value}")

    assert response.status_code == 200
    assert response.content == WHOLE[side]
    assert response.headers["content-type"] == "audio/wav"
    assert response.headers["accept-ranges"] == "bytes"
    assert response.headers["cache-control"] == "private, no-store"
    name = f"2025-11-24T16-00-00Z_1234_{ID}_{side.value}.wav"
    assert response.headers["content-disposition"] == f'inline; filename="{name}"'
    download = await kept.client.get(f"{AUDIO}?leg={side.value}&download=true")
    assert download.headers["content-disposition"] == f'attachment; filename="{name}"'


RANGES: dict[str, Callable[[int], tuple[int, int]]] = {
    "bytes=0-0": lambda size: (0, 1),
    "bytes=0-99": lambda size: (0, 100),
    "bytes=44-": lambda size: (44, size),
    "bytes=1000-1999": lambda size: (1000, 2000),
    "bytes=-100": lambda size: (size - 100, size),
    "bytes=-9999999": lambda size: (0, size),
    "bytes=100-9999999": lambda size: (100, size),
    "Bytes = 5 - 6": lambda size: (5, 7),
}


@pytest.mark.parametrize("asked", RANGES)
@pytest.mark.parametrize("kind", ["leg=agent", "leg=mixed", "leg=stereo", "leg=stereo&format=opus"])
async def test_any_stretch_is_the_same_stretch_of_the_whole(kept: ApiWorld, kind: str, asked: str) -> None:
    whole = (await kept.client.get(f"{AUDIO}?{kind}")).content
    response = await kept.client.get(f"{AUDIO}?{kind}", headers={"Range": asked})
    start, stop = RANGES[asked](len(whole))

    assert response.status_code == 206
    assert response.content == whole[start:stop]
    assert response.headers["content-range"] == f"bytes {start}-{stop - 1}/{len(whole)}"
    assert response.headers["content-length"] == str(stop - start)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "bytes=x", "lines=0-1", "bytes=-"])
async def test_what_is_no_single_range_gets_all(kept: ApiWorld, asked: str) -> None:
    response = await kept.client.get(f"{AUDIO}?leg=agent", headers={"Range": asked})

    assert (response.status_code, response.content) == (200, WHOLE[Side.AGENT])


@pytest.mark.parametrize("asked", ["bytes=32044-", "bytes=99999-100000", "bytes=-0"])
async def test_a_range_beyond_the_end_is_told(kept: ApiWorld, asked: str) -> None:
    response = await kept.client.get(f"{AUDIO}?leg=agent", headers={"Range": asked})

    assert response.status_code == 416
    assert response.headers["content-range"] == "bytes */32044"
    assert response.json()["message"] == "The range lies beyond the end of the file"


async def test_a_range_of_another_state_of_the_file_gets_all(kept: ApiWorld) -> None:
    etag = (await kept.client.head(f"{AUDIO}?leg=agent")).headers["etag"]
    asked = {"Range": "bytes=0-9"}

    same = await kept.client.get(f"{AUDIO}?leg=agent", headers={**asked, "If-Range": etag})
    other = await kept.client.get(f"{AUDIO}?leg=agent", headers={**asked, "If-Range": '"another"'})

    assert (same.status_code, other.status_code) == (206, 200)
    assert other.content == WHOLE[Side.AGENT]


async def test_head_tells_the_size_without_the_audio(kept: ApiWorld) -> None:
    response = await kept.client.head(f"{AUDIO}?leg=agent")

    assert (response.status_code, response.headers["content-length"], response.content) == (200, "32044", b"")


async def test_what_is_heard_where_nothing_is_named(kept: ApiWorld) -> None:
    both = await kept.client.get(AUDIO)
    one = await kept.client.get(f"{URL}/{ONE_LEG}/audio")

    assert both.headers["content-disposition"].endswith('_stereo.wav"')
    assert one.headers["content-disposition"].endswith('_agent.wav"')
    assert one.content == WHOLE[Side.AGENT]


@pytest.mark.parametrize("leg", ["party", "mixed", "stereo"])
async def test_a_leg_that_was_not_recorded_is_not_there(kept: ApiWorld, leg: str) -> None:
    for page in ("audio", "peaks"):
        response = await kept.client.get(f"{URL}/{ONE_LEG}/{page}?leg={leg}")
        assert response.status_code == 404
        assert response.json() == {
            "message": f"There is no audio of the party's leg of recording {ONE_LEG}",
            "code": "leg-not-recorded",
        }


async def test_opus_is_an_ogg_file(kept: ApiWorld) -> None:
    response = await kept.client.get(f"{AUDIO}?leg=mixed&format=opus")

    assert response.headers["content-type"] == "audio/ogg; codecs=opus"
    assert response.content[:4] == b"OggS"


async def test_peaks_are_drawn(kept: ApiWorld) -> None:
    said = (await kept.client.get(f"{URL}/{ID}/peaks?leg=agent&perSecond=20")).json()

    assert (said["version"], said["channels"], said["length"], said["samples_per_pixel"]) == (2, 1, 40, 400)
    assert set(said["data"]) == {-32, 0, 31}
    refused = await kept.client.get(f"{URL}/{ID}/peaks?perSecond=1000")
    assert refused.json()["message"] == "perSecond must be a whole number from 1 to 100"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("leg=both", "leg must be one of agent, party, mixed, stereo"),
        ("format=mp3", "format must be one of wav, opus"),
    ],
)
async def test_what_can_not_be_heard_is_refused(kept: ApiWorld, query: str, message: str) -> None:
    response = await kept.client.get(f"{AUDIO}?{query}")

    assert (response.status_code, response.json()["message"]) == (400, message)


PAGES = {
    "": RECORDINGS_READ,
    f"/{ID}": RECORDINGS_READ,
    f"/{ID}/audio": RECORDINGS_LISTEN,
    f"/{ID}/peaks": RECORDINGS_LISTEN,
}


@pytest.mark.parametrize(("page", "scope"), PAGES.items(), ids=PAGES)
async def test_each_page_needs_its_own_scope(kept: ApiWorld, page: str, scope: str) -> None:
    async def status(scopes: frozenset[str]) -> int:
        headers = bearer(kept.token(scopes=scopes))
        return (await kept.client.get(URL + page, headers=headers)).status_code

    assert await status(frozenset(SCOPES) - {scope}) == 403
    assert await status(frozenset({scope})) == 200
    assert (await kept.client.get(URL + page, headers={"Authorization": ""})).status_code == 401


@pytest.mark.parametrize("page", PAGES)
async def test_another_account_gets_nothing_of_it(kept: ApiWorld, page: str) -> None:
    theirs = bearer(kept.token(OTHER, secret=OTHERS_SECRET))

    assert (await kept.client.get(URL + page, headers=theirs)).status_code == 403
    own = await kept.client.get(f"/v6/{OTHER}/recordings{page}", headers=theirs)
    if page:
        assert (own.status_code, own.json()["message"]) == (404, "Recording not found")
    else:
        assert own.json() == {"recordings": [], "next": None}
    assert await entries(kept) == []


@pytest.mark.parametrize("recording", ["x", ID.replace("9", "8"), "../" + ID, "%00"])
async def test_a_recording_that_is_not_there(kept: ApiWorld, recording: str) -> None:
    for page in ("", "/audio", "/peaks"):
        response = await kept.client.get(f"{URL}/{recording}{page}")
        assert response.status_code == 404


async def test_each_access_is_on_record_with_who(kept: ApiWorld) -> None:
    await kept.client.get(f"{URL}/{ID}")
    await kept.client.get(f"{AUDIO}?leg=agent", headers={"Range": "bytes=0-9"})
    await kept.client.get(f"{AUDIO}?format=opus")
    await kept.client.get(f"{URL}/{ID}/peaks")
    await kept.client.get(f"{URL}?agent=1234")

    who = f"account {ACCOUNT}"
    assert await entries(kept) == [
        (ID, who, {"what": "details"}),
        (ID, who, {"what": "audio", "leg": "agent", "format": "wav", "range": "bytes=0-9"}),
        (ID, who, {"what": "audio", "leg": "stereo", "format": "opus", "range": "all"}),
        (ID, who, {"what": "peaks", "leg": "stereo"}),
        ("", who, {"what": "list", "by": ["agent_id"], "found": 1}),
    ]


async def test_damaged_audio_is_never_given_out(kept: ApiWorld, database_file: Path) -> None:
    file = next((database_file.parent / "outdial-recordings").rglob(f"{ONE_LEG}/agent.sealed"))
    file.write_bytes(file.read_bytes()[:-50] + bytes(50))

    response = await kept.client.get(f"{URL}/{ONE_LEG}/audio")

    assert response.status_code == 503
    assert response.json()["code"] == "recording-unreadable"


async def test_a_file_damaged_far_behind_ends_the_answer_there(kept: ApiWorld, database_file: Path) -> None:
    long = of_account("94e5928c-7f7e-4645-ad72-61010f906451", [Side.AGENT], ended_at=START + 2_000)
    folder = await kept.kept.keeper.spool(long)
    (folder / "agent.wav").write_bytes(wav_of(bytes(3_000_000)))
    await kept.kept.keeper.finish(long)
    await kept.kept.keeper.rested(ACCOUNT, long.call_id)
    file = next((database_file.parent / "outdial-recordings").rglob(f"{long.call_id}/agent.sealed"))
    file.write_bytes(file.read_bytes()[:-50] + bytes(50))

    with pytest.raises(Exception, match="chunk 46 of 46 was changed"):
        await kept.client.get(f"{URL}/{long.call_id}/audio")
    beginning = await kept.client.get(f"{URL}/{long.call_id}/audio", headers={"Range": "bytes=0-999999"})
    assert (beginning.status_code, len(beginning.content)) == (206, 1_000_000)


async def test_what_is_deleted_is_found_as_such_and_not_heard(kept: ApiWorld) -> None:
    await kept.kept.library.erase(ACCOUNT, Selection(call_id=ID), "their wish", "client boss")

    assert [found["id"] for found in (await kept.client.get(URL)).json()["recordings"]] == [ONE_LEG]
    gone = (await kept.client.get(f"{URL}?deleted=true")).json()["recordings"]
    assert [(found["id"], found["status"], found["number"]) for found in gone] == [(ID, "Deleted", None)]
    assert (await kept.client.get(AUDIO)).status_code == 404


async def link_of(world: ApiWorld, **headers: str) -> str:
    response = await world.client.post(f"{URL}/{ID}/links", headers=headers)
    assert response.status_code == 201, response.text
    said = response.json()
    assert said["href"].startswith(f"{BASE}{AUDIO}?ticket=")
    return str(said["href"])


NO_TOKEN = {"Authorization": ""}


async def test_a_link_opens_one_recording_to_a_player_without_a_token(kept: ApiWorld) -> None:
    href = await link_of(kept)
    response = await kept.client.get(f"{href}&leg=agent", headers={**NO_TOKEN, "Range": "bytes=0-99"})

    assert (response.status_code, response.content) == (206, WHOLE[Side.AGENT][:100])
    assert (await entries(kept))[-1][1] == f"account {ACCOUNT}, by a link"


async def test_a_link_opens_nothing_else(kept: ApiWorld) -> None:
    ticket = (await link_of(kept)).split("ticket=")[1]

    for page in (
        f"{URL}/{ONE_LEG}/audio",
        f"{URL}/{ID}",
        f"{URL}/{ID}/peaks",
        URL,
        f"/v6/{OTHER}/recordings/{ID}/audio",
    ):
        response = await kept.client.get(f"{page}?ticket={ticket}", headers=NO_TOKEN)
        assert response.status_code == 401, page


async def test_a_link_is_good_for_an_hour(kept: ApiWorld) -> None:
    href = await link_of(kept)
    kept.time.pass_(3_599)
    assert (await kept.client.get(href, headers=NO_TOKEN)).status_code == 200
    kept.time.pass_(1)
    assert (await kept.client.get(href, headers=NO_TOKEN)).status_code == 401


async def test_a_link_is_void_with_the_secret_of_whoever_made_it(kept: ApiWorld) -> None:
    href = await link_of(kept)
    await kept.change_account(api_token_hash="another")

    assert (await kept.client.get(href, headers=NO_TOKEN)).status_code == 401


@pytest.mark.parametrize("ticket", ["", "x", "AAAA", "é", "A" * 2_000, "=" * 5])
async def test_what_is_no_ticket_opens_nothing(kept: ApiWorld, ticket: str) -> None:
    response = await kept.client.get(AUDIO, params={"ticket": ticket}, headers=NO_TOKEN)

    assert response.status_code == 401


async def test_no_bit_of_a_ticket_can_be_changed(kept: ApiWorld) -> None:
    href = await link_of(kept)
    for place in range(len(f"{BASE}{AUDIO}?ticket="), len(href) - 1, 7):
        changed = href[:place] + ("A" if href[place] != "A" else "B") + href[place + 1 :]
        assert (await kept.client.get(changed, headers=NO_TOKEN)).status_code == 401


async def test_a_link_takes_the_scope_to_listen(kept: ApiWorld) -> None:
    headers = bearer(kept.token(scopes=frozenset(SCOPES) - {RECORDINGS_LISTEN}))
    assert (await kept.client.post(f"{URL}/{ID}/links", headers=headers)).status_code == 403
    assert (await kept.client.post(f"{URL}/{ID.replace('9', '8')}/links")).status_code == 404


async def test_a_record_that_can_not_be_read_is_refused_and_all_others_are_found(kept: ApiWorld) -> None:
    await kept.database.write(lambda c: c.exec_driver_sql(f"UPDATE recordings SET data = '{{}}' WHERE id = '{ID}'"))

    for page in (f"{URL}/{ID}", AUDIO, f"{URL}/{ID}/peaks"):
        response = await kept.client.get(page)
        assert (response.status_code, response.json()["message"]) == (503, RecordUnreadable.text)
    assert (await kept.client.post(f"{URL}/{ID}/links")).status_code == 503
    found = (await kept.client.get(URL)).json()
    assert ([each["id"] for each in found["recordings"]], found["unreadable"]) == ([ONE_LEG], [ID])


@pytest.mark.parametrize("leg", ["agent", "stereo", "mixed"])
async def test_what_is_damaged_is_refused_before_an_answer_has_begun(
    kept: ApiWorld, database_file: Path, leg: str
) -> None:
    for path in (database_file.parent / "outdial-recordings").rglob(f"{ID}/*.sealed"):
        path.write_bytes(path.read_bytes()[:-200] + bytes(200))

    response = await kept.client.get(f"{AUDIO}?leg={leg}")

    assert (response.status_code, response.json()["message"]) == (503, RecordingUnreadable.text)
