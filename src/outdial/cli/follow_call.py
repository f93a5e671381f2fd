"""Watches a call until it has ended, and says each step on standard error as it happens."""

import asyncio
import time
from contextlib import nullcontext
from typing import Any

from rich.console import Console

from outdial.cli.api import Api
from outdial.cli.told import Item, Told, said

_EVERY_SECONDS = 0.25
_STEPS = {
    "RingingOriginator": "agent {agent} rings",
    "RingingDestination": "{whom} rings",
    "Connected": "joined",
    "Ending": "ending",
}
_REASONS = {
    "NumberBusy": "busy",
    "NoAnswer": "no answer",
    "NumberUnobtainable": "unobtainable",
    "NumberChanged": "number changed",
    "CallRejected": "rejected",
    "CallFailed": "failed",
}


async def follow(api: Api, path: str, placed: Item) -> Told:
    """The call once it has ended; the status is 1 where the two sides were never joined."""
    names = {"agent": placed["from"]["agentId"], "whom": _whom(placed["to"])}
    begun, seen, console = time.monotonic(), "", Console(stderr=True, highlight=False)
    spinner = console.status("") if console.is_terminal and not api.quiet else nullcontext()
    with spinner as status:
        while True:
            call = await api.ask("GET", path)
            if call["result"] is not None:
                break
            if call["status"] != seen:
                seen = call["status"]
                step = _STEPS.get(seen, seen).format(**names)
                _say(console, api, time.monotonic() - begun, step)
                if status is not None:
                    status.update(step)
            await asyncio.sleep(_EVERY_SECONDS)
    ending = told_ending(call["result"])
    _say(console, api, time.monotonic() - begun, ending)
    joined = call["result"]["code"] == "Success"
    why = f" ({call['detail']})" if call["detail"] else ""
    sentence = f"Call {call['id']} has ended: {ending}{why}."
    return said(sentence, call, status=0 if joined else 1)


def told_ending(result: dict[str, Any]) -> str:
    """How a call ended, in few words."""
    if result["code"] == "Success":
        return "both sides were joined"
    side = "the agent's side" if result["party"] == "Originator" else "the other side"
    return f"{side}: {_REASONS.get(result['reason'], result['reason'])}"


def _whom(to: Item) -> str:
    return str(to.get("telephoneNumber") or f"agent {to.get('agentId')}")


def _say(console: Console, api: Api, seconds: float, step: str) -> None:
    if not api.quiet:
        console.print(f"{seconds:6.1f} s  {step}", markup=False)
