"""Log lines: their form, the call's id in them, and that no secret gets into one."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from outdial.domain.call import place
from outdial.domain.commands import Ring
from outdial.domain.events import CommandFailed, LegEnded
from outdial.domain.legs import Side
from outdial.domain.plan import CallPlan, Phone, PhoneKind
from outdial.domain.refusals import StoreUnavailable
from outdial.logs import CallLogLines, configure


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, handlers, level = logging.root, logging.root.handlers, logging.root.level
    yield io.StringIO()
    root.handlers = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_each_event_and_command_is_one_line_with_the_call_s_id(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    log = CallLogLines()
    log.event("c1", LegEnded(Side.PARTY, cause=17, sip_code=486))
    log.command("c1", Ring(15))
    told, done = lines(stream)
    assert (told["event"], told["call"], told["side"], told["sip_code"]) == (">> LegEnded", "c1", "party", 486)
    assert (done["event"], done["call"], done["timeout_seconds"]) == ("<< Ring", "c1", 15)


def test_a_failed_command_keeps_the_line_s_own_text(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    CallLogLines().event("c1", CommandFailed("Ring", "no answer"))
    assert lines(stream)[0]["event"] == ">> CommandFailed"
    assert lines(stream)[0]["of_command"] == "Ring"


def test_a_fault_shows_where_it_happened_with_the_call_s_id(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    try:
        raise ZeroDivisionError
    except ZeroDivisionError as error:
        CallLogLines().failed("c1", "store", error)
    (line,) = lines(stream)
    assert line["call"] == "c1"
    assert "ZeroDivisionError" in line["exception"]


def test_a_database_that_is_away_is_told_in_a_word(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    error = StoreUnavailable()
    error.__cause__ = OSError("disk full")
    CallLogLines().failed("c1", "store", error)
    (line,) = lines(stream)
    assert (line["call"], line["doing"], line["error"]) == ("c1", "store", "disk full")
    assert "exception" not in line


def test_a_call_s_beginning_is_told_without_the_number(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    phone = Phone(PhoneKind.NUMBER, "+442079460000", "t")
    call, _ = place("c1", "acc", "main", CallPlan("1", phone, phone, created_at=0, dial_by=1, number="+442079460000"))
    CallLogLines().changed(None, call, 0)
    assert lines(stream)[0]["agent"] == "1"
    assert "7946" not in stream.getvalue()


@pytest.mark.parametrize(
    "members",
    [
        {"password": "hunter2"},
        {"client_secret": "hunter2"},
        {"Authorization": "Bearer hunter2"},
        {"headers": {"authorization": "Bearer hunter2"}},
        {"said": "Authorization: Bearer hunter2"},
        {"said": "sent Basic hunter2=="},
        {"url": "postgresql://user:hunter2@host/name"},
        {"query": "?access_token=hunter2&x=1"},
        {"sip_ha1": "hunter2"},
    ],
)
def test_no_secret_gets_into_a_line(stream: io.StringIO, members: dict[str, Any]) -> None:
    configure("info", "json", stream)
    structlog.get_logger().info("x", **members)
    logging.getLogger("library").warning("%s", members.get("said") or members.get("url") or "")
    assert stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_no_secret_gets_into_an_exception_s_text(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    try:
        raise ConnectionError("postgresql://user:hunter2@host/name")
    except ConnectionError:
        logging.getLogger("library").exception("can't connect")
    assert "ConnectionError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_libraries_write_in_the_same_form(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    logging.getLogger("uvicorn.error").info("started %s", "now")
    (line,) = lines(stream)
    assert (line["event"], line["logger"], line["level"]) == ("started now", "uvicorn.error", "info")


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    configure("warning", "json", stream)
    CallLogLines().command("c1", Ring(15))
    assert not stream.getvalue()


def test_text_is_for_people(stream: io.StringIO) -> None:
    configure("info", "text", stream)
    CallLogLines().command("c1", Ring(15))
    assert "<< Ring" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_what_is_bound_to_a_task_is_in_its_lines(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    with structlog.contextvars.bound_contextvars(call="c9"):
        structlog.get_logger().info("x")
    assert lines(stream)[0]["call"] == "c9"


def test_what_no_utf8_has_is_told_in_ascii(stream: io.StringIO) -> None:
    configure("info", "json", stream)
    structlog.get_logger().info("x", number="+44\ud800")
    assert lines(stream)[0]["number"] == "+44\ud800"
    assert stream.getvalue().isascii()
