"""Recordings on the command line."""

import hashlib
import io
import json
from pathlib import Path

import pytest

from outdial.domain.consent import AccountRecording, Consent, Legs, Scenario, decide
from outdial.domain.legs import Side
from outdial.domain.recordings import ConsentAct, ConsentTaken, Pause
from outdial.recordings import steps
from outdial.recordings.erasure import Signer, is_signed
from support.api_world import ACCOUNT, OTHER
from support.command_line import Line
from support.kept_line import ID, IN, SECOND_ID, WHOLE
from support.vault import START, recording_of


async def test_recordings_are_listed_and_shown(kept: Line) -> None:
    assert [found["id"] for found in await kept.json("recordings", "list", *IN)] == [SECOND_ID, ID]
    assert len(await kept.json("recordings", "list", "--number", "020 7946 0123", "--limit", "1", *IN)) == 1
    assert await kept.json("recordings", "list", "--agent", "9", *IN) == []
    table = await kept.run("recordings", "list", *IN)
    assert "2025-11-24 16:00:00" in table.out
    shown = await kept.run("recordings", "show", ID, *IN)
    assert f"2000 ms, SHA-256 {hashlib.sha256(WHOLE[Side.PARTY]).hexdigest()}" in shown.out


async def test_consents_pauses_and_the_decision_are_shown_in_sentences_a_line_each(line: Line) -> None:
    consents = (
        ConsentTaken(START + 500, ConsentAct.GIVEN, Side.PARTY, "dtmf"),
        ConsentTaken(START + 1_600, ConsentAct.WITHDRAWN, Side.PARTY, "api", "agent 1, by client crm"),
    )
    decision = decide(Scenario.AGENT_TO_NUMBER, Consent.TWO_PARTY, Consent.TWO_PARTY, AccountRecording())
    pauses = (Pause(START + 600, START + 1_200, "agent 1", "agent 1"), Pause(START + 1_700))
    await line.world.keep(recording_of(ID, consents=consents, decision=decision.to_dict(), pauses=pauses))

    shown = (await line.run("recordings", "show", ID, *IN)).out

    assert [text.split("  ")[-1].strip() for text in shown.splitlines() if "{" in text] == []
    assert "16:00:00 the other side agreed (key 1)\n" in shown
    assert "16:00:01 the other side withdrew its consent (told by agent 1, by client crm)\n" in shown
    assert "16:00:00 to 16:00:01, paused by agent 1, resumed by agent 1\n" in shown
    assert "16:00:01 to the end\n" in shown
    assert "once the other side has agreed: both legs\n" in shown
    assert max(map(len, shown.splitlines())) < 120


async def test_a_recording_is_downloaded(kept: Line, tmp_path: Path) -> None:
    file = tmp_path / "heard.wav"
    said = await kept.json("recordings", "download", ID, "--leg", "party", "-o", str(file), *IN)

    assert said == {"file": str(file), "size": 32_044}
    assert file.read_bytes() == WHOLE[Side.PARTY]


async def test_the_file_to_download_into_is_named_after_the_recording_too(kept: Line, tmp_path: Path) -> None:
    file = tmp_path / "heard.wav"
    await kept.json("recordings", "download", ID, str(file), "--leg", "party", *IN)
    assert file.read_bytes() == WHOLE[Side.PARTY]
    twice = await kept.run("recordings", "download", ID, str(file), "-o", str(file), *IN)
    assert (twice.status, "say the file once" in twice.err) == (1, True)


async def test_what_would_be_erased_is_said_before_it_is(kept: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    await kept.json("recordings", "hold", "case 7", "--call", ID, "--to", "2025-11-25T00:00:00Z", *IN)
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    ran = await kept.run("recordings", "erase", "their wish", "--agent", "1", "--from", "2025-11-24T00:00:00Z", *IN)

    assert ran.status == 1
    begun = "2025-11-24 16:00:00 to 2025-11-24 16:00:00 UTC"
    assert ran.err.startswith(
        f"2 recordings, 0.1 minutes, begun {begun}; 1 of them held, and kept therefore.\nErase them"
    )
    assert ran.err.endswith("outdial: nothing was erased\n")
    assert len(await kept.json("recordings", "list", *IN)) == 2
    wrong = await kept.run("recordings", "erase", "why", "--from", "yesterday", "--yes", *IN)
    assert wrong.err.startswith("outdial: --from must be a date and time with its offset")


async def test_what_can_not_be_downloaded_leaves_no_file(kept: Line, tmp_path: Path) -> None:
    file = tmp_path / "heard.wav"
    ran = await kept.run("recordings", "download", SECOND_ID, "--leg", "party", "-o", str(file), *IN)

    assert ran.status == 1
    assert ran.err == f"outdial: There is no audio of the party's leg of recording {SECOND_ID}\n"
    assert list(tmp_path.glob("heard*")) == []


async def test_a_hold_protects_from_an_erasure(kept: Line, tmp_path: Path) -> None:
    assert (await kept.json("recordings", "hold", "case 7", "--call", ID, *IN))["recordings"] == [ID]
    file = tmp_path / "certificate.json"
    ran = await kept.run(
        "recordings", "erase", "their wish", "--reference", "case-5", "--certificate", str(file), "--yes", *IN
    )

    assert ran.status == 1
    assert f"Held, and kept: {ID}." in ran.out
    certificate = json.loads(file.read_text())
    assert [each["recording"] for each in certificate["erased"]] == [SECOND_ID]
    assert is_signed(certificate, Signer(bytes(32)).public_key), "what the API gives is what was signed"
    assert (await kept.json("recordings", "release", "case 7", "--call", ID, *IN))["recordings"] == [ID]
    erased = await kept.json("recordings", "erase", "their wish", "--call", ID, "--yes", *IN)
    assert [each["recording"] for each in erased["erased"]] == [ID]
    assert [found["id"] for found in await kept.json("recordings", "list", "--deleted", *IN)] == [SECOND_ID, ID]


async def test_a_certificate_is_checked_with_the_services_key_or_with_one_that_was_kept(
    kept: Line, tmp_path: Path
) -> None:
    file, key = tmp_path / "certificate.json", (await kept.json("recordings", "signing-key", *IN))["publicKey"]
    await kept.json("recordings", "erase", "their wish", "--call", ID, "--certificate", str(file), "--yes", *IN)
    check = ("recordings", "verify-certificate", str(file))

    assert "is what this key signed: 1 erased, 0 held." in (await kept.run(*check, *IN)).out
    nowhere = ("--data-dir", str(tmp_path / "nothing is served here"))
    assert (await kept.run_(*check, "--key", key, *nowhere)).status == 0
    other = await kept.run_(*check, "--key", Signer(b"k" * 32).public_key, *nowhere)
    assert (other.status, "is NOT what this key signed" in other.out) == (1, True)
    file.write_text(file.read_text().replace("their wish", "our wish"))
    assert (await kept.run(*check, *IN)).status == 1
    assert "no public key" in (await kept.run_(*check, "--key", "AAAA", *nowhere)).err
    file.write_text("no JSON")
    assert "is no certificate" in (await kept.run_(*check, "--key", key, *nowhere)).err


async def test_a_certificate_is_read_again(kept: Line, tmp_path: Path) -> None:
    assert (await kept.run("recordings", "certificate", *IN)).out == "There is none.\n"
    given = await kept.json("recordings", "erase", "their wish", "--call", ID, "--yes", *IN)
    file, certificate = tmp_path / "again.json", given["certificate"]

    ran = await kept.run("recordings", "certificate", certificate, "--output", str(file), *IN)
    assert ran.out == f"1 erased; certificate {certificate}.\n"
    assert json.loads(file.read_text()) == given
    (_, line) = (await kept.run("recordings", "certificate", *IN)).out.splitlines()
    assert line.startswith(certificate)
    assert "their wish" in line
    unknown = await kept.run("recordings", "certificate", SECOND_ID, *IN)
    assert (unknown.status, "no such certificate" in unknown.err) == (1, True)


async def test_a_certificate_of_before_there_were_written_times_is_still_verified(line: Line, tmp_path: Path) -> None:
    file, content = tmp_path / "certificate.json", {"certificate": "c", "at": 1_795_592_711_439, "erased": []}
    file.write_text(json.dumps(Signer(bytes(32)).signed({**content, "held": []})))

    assert (await line.run("recordings", "verify-certificate", str(file), *IN)).status == 0


async def test_a_call_under_way_is_named_and_treated_alike(line: Line) -> None:
    await line.world.change_account(recording=AccountRecording(Legs.BOTH).to_dict())
    call_id = (await line.world.place()).json()["id"]
    by_number = ("--number", "020 7206 8888", *IN)

    assert (
        f"0 held for case 7. Under way, and held too: {call_id}."
        in (await line.run("recordings", "hold", "case 7", *by_number)).out
    )
    ran = await line.run("recordings", "erase", "their wish", "--yes", *by_number)
    assert (ran.status, f"Held, and kept: {call_id}." in ran.out) == (1, True)
    released = await line.json("recordings", "release", "case 7", *by_number)
    assert released == {"matter": "case 7", "recordings": [], "underWay": [call_id], "unreadable": []}
    ran = await line.run("recordings", "erase", "their wish", "--yes", *by_number)
    assert ran.status == 0
    assert f"Under way, and erased once their calls have ended: {call_id}." in ran.out


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("erase", "why", "--call", ID, "--json"), "erasing recordings takes --yes"),
        (
            ("hold", "why"),
            "say which recordings, by one of --call, --number, --reference and --agent, or by --from and --to, or both",
        ),
        (("show", "nothing"), "Recording not found"),
        (("verify", "--against", "/nowhere"), "/nowhere: can't be read: No such file or directory"),
    ],
)
async def test_what_is_refused_is_one_line(kept: Line, words: tuple[str, ...], error: str) -> None:
    ran = await kept.run("recordings", *words, *IN)

    assert (ran.status, ran.err) == (1, f"outdial: {error}\n")


async def test_a_verification_finds_nothing_and_later_something(kept: Line, tmp_path: Path) -> None:
    before = await kept.run("recordings", "verify", "--json")
    assert before.status == 0
    assert before.document["findings"] == []
    assert [(each["account"], each["unproved"]) for each in before.document["verified"]] == [(ACCOUNT, 0)]
    heads = tmp_path / "heads.json"
    heads.write_text(before.out)
    assert "Nothing is wrong." in (await kept.run("recordings", "verify", "--against", str(heads), *IN)).out

    sealed = next(tmp_path.rglob(f"{ID}/agent.sealed"))
    sealed.unlink()
    ran = await kept.run("recordings", "verify")

    assert ran.status == 1
    name = f"{ACCOUNT}/2025/11/24/{ID}/agent.sealed"
    assert f"{ACCOUNT}: local disk: {name}: the file is missing (missing-file)" in ran.out
    assert "Wrong: 1." in ran.out
    assert (await kept.run("recordings", "verify", "-a", OTHER)).status == 0


async def test_a_damaged_record_is_named_by_whatever_passes_it_by(kept: Line) -> None:
    await kept.world.database.write(
        lambda c: c.exec_driver_sql(f"UPDATE recordings SET data = '{{}}' WHERE id = '{ID}'")
    )
    left = f"Left as they are, as their records can't be read: {ID}."

    listed = await kept.run("recordings", "list", *IN)
    assert (SECOND_ID in listed.out, listed.err) == (True, f"Not shown, as their records can't be read: {ID}.\n")
    shown = await kept.run("recordings", "show", ID, *IN)
    assert (shown.status, shown.err) == (1, "outdial: The recording's record can't be read at present\n")
    for words in (("hold", "case 7"), ("release", "case 7"), ("erase", "their wish", "--yes")):
        ran = await kept.run("recordings", *words, "--call", ID, *IN)
        assert (ran.status, left in ran.out) == (1, True)
    verified = await kept.run("recordings", "verify", *IN)
    assert (verified.status, "(unreadable-record)" in verified.out) == (1, True)


async def test_how_many_recordings_are_of_a_version_without_hashes_is_said(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "proved", lambda change, _: change)
    await line.world.keep(recording_of(ID, [Side.AGENT]))

    ran = await line.run("recordings", "verify")

    assert ran.status == 0
    assert "1 of the recordings are of an older version" in ran.out


async def test_a_ledger_that_was_rewritten_is_found_by_an_older_head(kept: Line, tmp_path: Path) -> None:
    heads = tmp_path / "heads.json"
    heads.write_text(json.dumps({"verified": [{"account": ACCOUNT, "head": {"seq": 2, "hash": "0" * 64}}]}))

    ran = await kept.run("recordings", "verify", "--against", str(heads))

    assert ran.status == 1
    assert "ledger entry 2: the entry is not the one that an earlier verification saw" in ran.out
