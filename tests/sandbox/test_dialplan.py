"""The far end's dialplan is text that Asterisk will obey: what it must say, and what must never get into it."""

from pathlib import Path

import pytest

from outdial.sandbox.behaviours import ANY_OTHER_NUMBER, NUMBERS, REJECTS, Behaviour
from outdial.sandbox.dialplan import Listening, extensions

LISTENING = Listening(Path("/far/heard.log"), Path("/far/heard"), 10)
DEAF = Listening(Path("/far/heard.log"), Path("/far/heard"), 0)


def steps(text: str, extension: str) -> list[str]:
    prefix = f"exten => {extension},"
    return [line.removeprefix(prefix).split(",", 1)[1] for line in text.splitlines() if line.startswith(prefix)]


@pytest.mark.parametrize("behaviour", NUMBERS, ids=lambda behaviour: behaviour.name)
def test_each_number_of_the_drama_range_behaves_as_its_last_digits_say(behaviour: Behaviour) -> None:
    assert tuple(steps(extensions({}, DEAF), f"+44207946{behaviour.name}")[2:]) == behaviour.steps


def test_every_other_number_answers_after_a_second() -> None:
    assert tuple(steps(extensions({}, DEAF), "_+X.")[2:]) == ANY_OTHER_NUMBER.steps


def test_a_phone_behaves_as_it_was_told_even_where_its_number_would_say_otherwise() -> None:
    text = extensions({"a1b2c3d4e5-3002": REJECTS, "+442079460001": REJECTS}, DEAF)
    assert tuple(steps(text, "a1b2c3d4e5-3002")[2:]) == REJECTS.steps
    assert tuple(steps(text, "+442079460001")[2:]) == REJECTS.steps


def test_every_call_is_noted_before_anything_else_and_when_it_ends() -> None:
    first, second = steps(extensions({}, DEAF), "+442079460001")[:2]
    assert first == "Gosub(note,s,1(called,${EXTEN}))"
    assert second == "Set(CHANNEL(hangup_handler_push)=note,s,1(ended))"


def test_everything_from_the_wire_is_encoded_before_it_is_written() -> None:
    text = extensions({}, DEAF)
    assert text.count("PJSIP_HEADER(") == text.count("URIENCODE(${PJSIP_HEADER(") > 0
    assert "System" not in text
    assert "SHELL" not in text


def test_nothing_is_recorded_unless_asked() -> None:
    assert "MixMonitor" not in extensions({}, DEAF)


def test_a_recording_has_an_end() -> None:
    talk = steps(extensions({}, LISTENING), "s")
    start = talk.index("MixMonitor(,r(/far/heard/${UNIQUEID}.wav))")
    assert talk.index("Wait(10)") > start
    assert talk[talk.index("Wait(10)") + 1] == "StopMixMonitor()"
