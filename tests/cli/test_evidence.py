"""Proof in the hands of others: the ledger in lines, and evidence that is checked with and without Outdial."""

import asyncio
import base64
import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from outdial.api.auth import RECORDINGS_LISTEN, SCOPES
from outdial.domain.legs import Side
from outdial.domain.recordings import ConsentAct, ConsentTaken, Pause
from outdial.recordings.erasure import Signer
from support.api_world import ACCOUNT, bearer
from support.command_line import Line
from support.kept_line import ID, IN, SECOND_ID, WHOLE
from support.vault import START, recording_of

KEY = ("--key", Signer(bytes(32)).public_key)


async def test_the_ledger_is_told_in_a_line_for_each_entry(kept: Line) -> None:
    await kept.json("recordings", "hold", "case 7", "--call", ID, *IN)
    await kept.run("recordings", "download", ID, str(kept.folder / "a.wav"), "--leg", "agent", *IN)

    ran = await kept.run("recordings", "ledger", "--call", ID, *IN)
    lines = ran.out.splitlines()
    assert "2025-11-24 16:00:00" in lines[0]
    assert f"{ID}  decided: recorded is both legs (OneParty: both legs)" in lines[0]
    assert [line.partition(f"{ID}  ")[2].split(",")[0] for line in lines[1:]] == [
        "the agent's leg sealed and kept",
        "the other side's leg sealed and kept",
        "held for case 7",
        "heard: agent",
    ]
    assert lines[-1].endswith("heard: agent, wav, all, by operator operator")
    entries = await kept.json("recordings", "ledger", "--call", ID, *IN)
    assert entries[-1]["details"] == json.loads(entries[-1]["data"])
    assert len(await kept.json("recordings", "ledger", "--limit", "3", *IN)) == 3
    after = await kept.json("recordings", "ledger", "--after", "3", *IN)
    assert after[0]["seq"] == 4


async def evidence(line: Line) -> Path:
    file = line.folder / "evidence.zip"
    said = await line.json("recordings", "evidence", ID, "-o", str(file), *IN)
    assert said["size"] == file.stat().st_size
    return file


async def test_evidence_is_checked_without_the_service_and_that_it_was_made_is_in_it(kept: Line) -> None:
    file = await evidence(kept)
    with zipfile.ZipFile(file) as bundle:
        assert bundle.testzip() is None
        assert {each: bundle.read(f"audio/{each.value}.wav") for each in Side} == WHOLE
        about, last = json.loads(bundle.read("recording.json")), bundle.read("ledger.jsonl").splitlines()[-1]
    assert (about["id"], about["decision"]["rule"]) == (ID, "OneParty: both legs")
    assert json.loads(last)[3:6] == ["recording.accessed", ID, "operator operator"]

    nowhere = ("--data-dir", str(kept.folder / "nothing is served here"))
    ran = await kept.run_("recordings", "verify-evidence", str(file), *KEY, *nowhere)
    assert ran.status == 0, ran
    assert f"recording {ID} of {ACCOUNT}" in ran.out
    assert "Nothing is wrong: 4 entries of its call lead over 7 to the head that was signed." in ran.out
    assert (await kept.run("recordings", "verify-evidence", str(file), *IN)).status == 0
    other = await kept.run_("recordings", "verify-evidence", str(file), "--key", Signer(b"k" * 32).public_key, *nowhere)
    assert (other.status, "the statement is NOT what this key signed" in other.out) == (1, True)


async def test_evidence_of_consents_and_pauses_of_a_ledger_that_tells_of_none_is_not_believed(line: Line) -> None:
    consents = (ConsentTaken(START + 500, ConsentAct.GIVEN, Side.PARTY, "dtmf"),)
    await line.world.keep(recording_of(ID, consents=consents, pauses=(Pause(START + 600, START + 900),)))

    ran = await line.run_("recordings", "verify-evidence", str(await evidence(line)), *KEY)
    assert ran.status == 1
    assert "recording.json has other consents than the ledger" in ran.out
    assert "recording.json has other pauses than the ledger" in ran.out


@pytest.mark.skipif(not shutil.which("openssl") or not shutil.which("sha256sum"), reason="neither is here")
async def test_its_readme_says_how_it_is_checked_without_outdial(kept: Line) -> None:
    folder = kept.folder / "unpacked"
    with zipfile.ZipFile(await evidence(kept)) as bundle:
        bundle.extractall(folder)
    readme = (folder / "README.txt").read_text()
    commands = "\n".join(line[4:] for line in readme.partition("Without it")[2].splitlines() if line.startswith("    "))

    async def follow() -> str:
        shell = await asyncio.create_subprocess_exec(
            "sh", "-c", commands, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        return (await shell.communicate())[0].decode()

    said = await follow()
    assert said.startswith(f"{KEY[1]}\nSignature Verified Successfully\nthe list is right\n"), said
    assert "the ledger leads to the head" in said
    assert "audio/agent.wav: OK" in said
    assert not [word for word in ("WRONG", "broken", "FAILED") if word in said]

    (folder / "ledger.jsonl").write_text((folder / "ledger.jsonl").read_text().replace("OneParty", "TwoParty", 1))
    said = await follow()
    assert "the chain is broken at: " in said
    assert "ledger.jsonl: FAILED" in said


def rewritten(file: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    with zipfile.ZipFile(file) as bundle:
        content = {name: bundle.read(name) for name in bundle.namelist()}
    change(content)
    with zipfile.ZipFile(file, "w") as bundle:
        for name, data in content.items():
            bundle.writestr(name, data)


def another_voice(content: dict[str, bytes]) -> None:
    content["audio/agent.wav"] = content["audio/party.wav"]


def no_entry(content: dict[str, bytes]) -> None:
    lines = content["ledger.jsonl"].splitlines(keepends=True)
    content["ledger.jsonl"] = b"".join(lines[:1] + lines[2:])


def no_end(content: dict[str, bytes]) -> None:
    content["ledger.jsonl"] = b"".join(content["ledger.jsonl"].splitlines(keepends=True)[:-1])


def a_leg_less(content: dict[str, bytes]) -> None:
    del content["audio/party.wav"]


def a_file_more(content: dict[str, bytes]) -> None:
    content["audio/third.wav"] = b"x"


def another_statement(content: dict[str, bytes]) -> None:
    content["statement.json"] = content["statement.json"].replace(b"operator operator", b"somebody else")


FORGED = {
    another_voice: ["audio/agent.wav was changed", "audio/agent.wav is not what the ledger says was kept"],
    no_entry: ["ledger.jsonl was changed", "the ledger's chain is broken at entry 3"],
    no_end: ["ledger.jsonl was changed", "the ledger does not lead to the head that was signed"],
    a_leg_less: ["audio/party.wav is missing", "audio/party.wav is missing, which the ledger says was kept"],
    a_file_more: ["audio/third.wav does not belong to it"],
    another_statement: ["the statement is NOT what this key signed"],
}


@pytest.mark.parametrize(("change", "faults"), FORGED.items(), ids=lambda each: getattr(each, "__name__", ""))
async def test_forged_evidence_is_found(
    kept: Line, change: Callable[[dict[str, bytes]], None], faults: list[str]
) -> None:
    file = await evidence(kept)
    rewritten(file, change)

    ran = await kept.run_("recordings", "verify-evidence", str(file), *KEY, "--json")
    assert (ran.status, ran.document["faults"]) == (1, faults)


async def test_what_is_no_evidence_is_told_in_one_line(kept: Line) -> None:
    file = kept.folder / "x.zip"
    file.write_bytes(b"x")
    check = ("recordings", "verify-evidence")
    assert (await kept.run_(*check, str(file), *KEY)).err == f"outdial: {file}: is no evidence, or is damaged\n"
    assert "can't be read" in (await kept.run_(*check, str(kept.folder / "none.zip"), *KEY)).err
    short = base64.b64encode(b"short").decode()
    assert "no public key" in (await kept.run_(*check, str(await evidence(kept)), "--key", short)).err
    ran = await kept.run("recordings", "evidence", SECOND_ID[:-1] + "7", *IN)
    assert (ran.status, ran.err) == (1, "outdial: The account has no such recording\n")


async def test_who_may_not_listen_has_no_evidence(kept: Line) -> None:
    deaf = bearer(kept.world.token(scopes=frozenset(SCOPES) - {RECORDINGS_LISTEN}))
    url = f"/manage/accounts/{ACCOUNT}/recordings/{ID}/evidence"
    assert (await kept.world.client.get(url, headers=deaf)).status_code == 403
    assert (await kept.world.client.get(url)).headers["content-type"] == "application/zip"
