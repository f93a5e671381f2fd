"""Announcements on the command line, which reach the service over its API; and how an account's recordings go on."""

import math
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from support.api_world import ACCOUNT, OTHER
from support.command_line import Line

IN = ("-a", ACCOUNT)


@pytest.fixture
def sound(tmp_path: Path) -> str:
    file = tmp_path / "a.flac"
    soundfile.write(file, 0.5 * np.sin(2 * math.pi * 440 * np.arange(96_000) / 48_000), 48_000)
    return str(file)


async def test_an_announcement_is_put_listed_got_and_removed(line: Line, sound: str, tmp_path: Path) -> None:
    assert "greeting lasts 2.0 s." in (await line.run("announcement", "put", "greeting", sound, *IN)).out
    assert {"name": "greeting", "own": True} in await line.json("announcement", "list", *IN)
    assert "built in" in (await line.run("announcement", "list", "-a", OTHER)).out
    await line.json("announcement", "get", "greeting", "-o", str(tmp_path / "b.wav"), *IN)
    assert soundfile.info(tmp_path / "b.wav").duration == 2.0
    changed = await line.json("account", "change", ACCOUNT, "--announcement", "greeting")
    assert changed["recording"]["announcement"] == "greeting"
    used = await line.run("announcement", "remove", "greeting", *IN)
    assert used.err == "outdial: The account's recording settings name this announcement\n"
    changed = await line.json("account", "change", ACCOUNT, "--announcement", "")
    assert changed["recording"]["announcement"] is None
    assert (await line.run("announcement", "remove", "greeting", *IN)).status == 0


async def test_what_is_refused_is_one_line_and_leaves_nothing(line: Line, sound: str, tmp_path: Path) -> None:
    text = tmp_path / "a.txt"
    text.write_text("no sound")
    before = sorted(os.listdir(tmp_path))
    for words, why in (
        (("put", "greeting", sound, "-a", "nosuch"), "outdial: The requested resource does not exist\n"),
        (("put", "greeting", str(text), *IN), "outdial: It is no sound that can be read: Format not recognised\n"),
        (("put", "greeting", "/none.wav", *IN), "outdial: /none.wav: can't be read: No such file or directory\n"),
        (("remove", "greeting", *IN), "outdial: The account has no such announcement of its own\n"),
    ):
        ran = await line.run("announcement", *words)
        assert (ran.status, ran.err) == (1, why)
    assert sorted(os.listdir(tmp_path)) == before


async def test_how_an_accounts_recordings_go_on_is_set_with_the_account(line: Line) -> None:
    words = ("--auto-resume", "30", "--record-or-drop", "--record", "agent")
    changed = (await line.json("account", "change", ACCOUNT, *words))["recording"]
    assert (changed["autoResumeSeconds"], changed["recordOrDrop"], changed["legs"]) == (30, True, "agent")
    changed = (await line.json("account", "change", ACCOUNT, "--record-or-go-on"))["recording"]
    assert (changed["autoResumeSeconds"], changed["recordOrDrop"], changed["legs"]) == (30, False, "agent")
