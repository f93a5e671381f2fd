"""What people are shown: tables and lines, and nothing that can't be copied."""

import io
from typing import Any

import pytest
from rich.console import Console

from outdial.cli.told import Told, listed, moment, said, shown

CALL = {"id": "4a7cdbf4-d9bb-40db-b9b5-62894d6dc78c", "note": "word " * 30}


def at_a_terminal(told: Told, width: int = 80) -> list[str]:
    """The lines on a terminal of some width."""
    stream = io.StringIO()
    told.write(Console(file=stream, width=width, highlight=False))
    return stream.getvalue().splitlines()


def test_an_id_is_never_folded() -> None:
    lines = at_a_terminal(listed([CALL], {"Id": "id", "Note": "note"}, "none"))
    assert any(CALL["id"] in line for line in lines)
    assert len(lines) > 3
    assert all(len(line) <= 80 for line in lines)


def test_a_pipe_has_no_width(capsys: pytest.CaptureFixture[str]) -> None:
    listed([CALL], {"Id": "id", "Note": "note"}, "none").tell(as_json=False)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_nothing_found_is_a_sentence_and_for_machines_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = listed([], {"Id": "id"}, "There is none [yet].")
    assert at_a_terminal(nothing) == ["There is none [yet]."]
    nothing.tell(as_json=True)
    assert capsys.readouterr().out == "[]\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (True, "yes"),
        (False, "no"),
        ([], "-"),
        (["a", "b"], "a, b"),
        (0.5, "0.5"),
        (100.0, "100"),
        (0, "0"),
        ({"legs": "none", "rule": None, "on": True}, "legs none, on yes"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
    ],
)
def test_values_are_written_for_people(value: Any, text: str) -> None:
    assert at_a_terminal(shown({"wrapUpSeconds": value})) == [f"wrap up seconds  {text}"]


def test_a_secret_is_said_to_be_shown_once() -> None:
    lines = at_a_terminal(shown({"id": "x", "apiToken": "s3cret"}, secrets={"apiToken": "API token"}))
    assert lines == ["id         x", "API token  s3cret  (not shown again)"]
    assert at_a_terminal(shown({"id": "x", "apiToken": None}, secrets={"apiToken": "API token"})) == ["id  x"]


def test_names_from_elsewhere_are_no_markup() -> None:
    assert at_a_terminal(said("Group [red] is gone.", {})) == ["Group [red] is gone."]


def test_a_moment_is_short() -> None:
    assert (moment("2026-11-24T09:30:00.123Z"), moment(None)) == ("2026-11-24 09:30:00", "")
