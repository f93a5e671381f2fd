"""Log lines: JSON or text, with the call's id, and never a secret. Knows calls and events, no adapter."""

import json
import logging
import re
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, TextIO

import structlog
from pydantic_core import PydanticSerializationError, to_json
from structlog.typing import EventDict, Processor, WrappedLogger

from outdial.domain.call import Call, State
from outdial.domain.commands import Command
from outdial.domain.events import Event
from outdial.domain.refusals import StoreUnavailable

HIDDEN = "…"
_SECRET_NAME = re.compile(r"passw|secret|token|authorization|api_?key|credential|ha1", re.IGNORECASE)
_SECRET_TEXT = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(://[^\s/:@]*):[^\s/@]+@"), rf"\1:{HIDDEN}@"),
    (re.compile(r"(?i)\b([\w-]*(?:passw(?:or)?d|secret|token))=[^\s&;,]+"), rf"\1={HIDDEN}"),
)
_SUSPICIOUS = re.compile(r"[=@]|[Bb][Ee][Aa][Rr]|[Bb][Aa][Ss][Ii]")
"""Whatever the others can match has one of these; most text has none."""


def configure(level: str = "info", form: str = "auto", stream: TextIO | None = None) -> None:
    """Send every log line of this process, ours and the libraries', to one stream in one form."""
    stream = stream or sys.stderr
    text = form == "text" or (form == "auto" and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    first: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    last: Processor = structlog.dev.ConsoleRenderer(colors=stream.isatty()) if text else _json
    structlog.configure(
        processors=[*first, last],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_name_logger, *first],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(number)
    for name in ("uvicorn.access", "aiosqlite", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _json(logger: WrappedLogger, method: str, line: EventDict) -> str:
    try:
        return to_json(line, fallback=str).decode()
    except PydanticSerializationError:
        # Half a surrogate pair: no UTF-8 has it, but ASCII can say it.
        return json.dumps(line, default=str)


def hide_secrets(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    """Blank what is called like a secret, and what looks like one inside other text."""
    for name, value in line.items():
        if _is_secret(name):
            line[name] = HIDDEN
        elif isinstance(value, str):
            line[name] = without_secrets(value)
        elif isinstance(value, dict):
            line[name] = hide_secrets(logger, method, dict(value))
    return line


def without_secrets(text: str) -> str:
    """Text with bearer tokens, passwords in URLs and `secret=…` blanked."""
    if _SUSPICIOUS.search(text):
        for pattern, replacement in _SECRET_TEXT:
            text = pattern.sub(replacement, text)
    return text


@cache
def _is_secret(name: str) -> bool:
    return bool(_SECRET_NAME.search(name))


def _name_logger(logger: WrappedLogger, method: str, line: EventDict) -> EventDict:
    record = line.get("_record")
    if record is not None:
        line["logger"] = record.name
    return line


class CallLogLines:
    """Observes the engine: one line for each thing that happens to a call, and for each thing done for it."""

    def __init__(self) -> None:
        self._log: Callable[..., Any] = structlog.get_logger().bind().info
        self._error: Callable[..., Any] = structlog.get_logger().bind().error

    def changed(self, before: Call | None, after: Call, now: int) -> None:
        """A line where a call begins here, and one where it ends."""
        if before is None:
            self._log("call begins", call=after.id, account=after.account, agent=after.plan.agent_id, state=after.state)
        elif after.state is State.ENDED and before.state is not State.ENDED and after.result:
            self._log("call ended", call=after.id, account=after.account, **_ending(after))

    def event(self, call_id: str, event: Event) -> None:
        """What happened."""
        self._log(f">> {type(event).__name__}", call=call_id, **_told(event))

    def command(self, call_id: str, command: Command) -> None:
        """What is done."""
        self._log(f"<< {type(command).__name__}", call=call_id, **_told(command))

    def failed(self, call_id: str, doing: str, error: Exception) -> None:
        """Our own side failed a call. A database that is away is no fault of the code: where it was is of no use."""
        if isinstance(error, StoreUnavailable):
            self._error("call fault", call=call_id, doing=doing, error=str(error.__cause__ or error))
        else:
            self._error("call fault", call=call_id, doing=doing, exc_info=error)


def _ending(call: Call) -> dict[str, Any]:
    told = _told(call.result) if call.result else {}
    return {**told, "hung_up_by": call.hung_up_by, "seconds": _seconds(call.joined_at, call.ended_at)}


def _seconds(start: int | None, end: int | None) -> float | None:
    return None if start is None or end is None else (end - start) / 1000


def _told(value: Any) -> dict[str, Any]:  # noqa: ANN401 -- any event, command or result: flat frozen dataclasses
    """The members that say something; `event` and `command` would hide the line's own text."""
    names = {"event": "of_event", "command": "of_command"}
    members = ((name, getattr(value, name)) for name in value.__match_args__)
    return {names.get(name, name): member for name, member in members if member is not None}
